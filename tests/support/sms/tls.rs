use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tempfile::TempDir;

use super::Request;

/// Puts TLS before an SMS, with a certificate that nobody knows.
pub struct TlsFront {
    address: SocketAddr,
    folder: TempDir,
}

impl TlsFront {
    pub fn of(sms: SocketAddr) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = Arc::new(config(&folder));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        // It ends with the process: a test that needs it has one of its own.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let server = ServerConnection::new(config.clone()).unwrap();
                let _ = pass_on(StreamOwned::new(server, stream.unwrap()), sms);
            }
        });
        Self { address, folder }
    }

    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate, for those who shall know it.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }
}

fn pass_on(
    mut from: StreamOwned<ServerConnection, TcpStream>,
    sms: SocketAddr,
) -> std::io::Result<()> {
    let Some(request) = Request::read(&mut from) else {
        return Ok(());
    };
    let mut to = TcpStream::connect(sms)?;
    to.write_all(&request.bytes)?;
    let mut answer = Vec::new();
    to.read_to_end(&mut answer)?;
    from.write_all(&answer)?;
    from.conn.send_close_notify();
    from.flush()
}

fn config(folder: &TempDir) -> ServerConfig {
    let made = Command::new("openssl")
        .args("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2".split(' '))
        .args("-keyout key.pem -out cert.pem -subj /CN=iexec-hsm-test".split(' '))
        .args(["-addext", "subjectAltName=DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .current_dir(folder)
        .stderr(Stdio::null())
        .status();
    assert!(made.unwrap().success());
    let certificate = CertificateDer::from_pem_file(folder.path().join("cert.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(folder.path().join("key.pem")).unwrap();
    ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap()
}
