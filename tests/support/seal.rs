//! The enclave's side, played by the `openssl` command: what it seals and what it opens owes nothing to our code.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tempfile::{NamedTempFile, TempDir};

use super::{Entry, Zip, hex};

/// A sealed result: the two entries that make an archive of it.
#[derive(Clone)]
pub struct Sealed {
    pub key_name: &'static str,
    pub key: Vec<u8>,
    pub body_name: &'static str,
    pub body: Vec<u8>,
}

impl Sealed {
    /// Today's form: RSA PKCS#1 v1.5 of 32 bytes, AES-256-CBC behind its IV.
    pub fn current(public_pem: &str, plain: &[u8]) -> Self {
        let key = random::<32>();
        Self {
            key_name: "aes-key.rsa",
            key: openssl::rsa_wrap(public_pem, &key),
            body_name: "iexec_out.zip.aes",
            body: openssl::cbc_body(&key, plain),
        }
    }

    /// The form before 2025: base64 over all, AES-128-ECB.
    pub fn legacy_ecb(public_pem: &str, plain: &[u8]) -> Self {
        let key = random::<16>();
        let wrapped = openssl::rsa_wrap(public_pem, BASE64_STANDARD.encode(key).as_bytes());
        let body = openssl::aes("aes-128-ecb", &key, &[], plain, &[]);
        Self {
            key_name: "aes-key.rsa",
            key: BASE64_STANDARD.encode(wrapped).into(),
            body_name: "iexec_out.zip.aes",
            body: BASE64_STANDARD.encode(body).into(),
        }
    }

    /// The form of 2019 and 2020: RSA-OAEP, AES-CBC with a key as long as RSA's allows.
    pub fn guide_2019(public_pem: &str, plain: &[u8]) -> Self {
        let key = match openssl::modulus_len(public_pem) {
            256 => random::<16>().to_vec(),
            _ => random::<32>().to_vec(),
        };
        Self {
            key_name: "iexec_out/encrypted_key",
            key: openssl::rsa_wrap_oaep(public_pem, &key),
            body_name: "iexec_out/result.zip.aes",
            body: openssl::cbc_body(&key, plain),
        }
    }

    /// Today's form under the names that the guide gives.
    pub fn guide_today(public_pem: &str, plain: &[u8]) -> Self {
        Self {
            key_name: "iexec_out/aes-key.rsa",
            body_name: "iexec_out/result.zip.aes",
            ..Self::current(public_pem, plain)
        }
    }

    pub fn key_entry(&self) -> Entry {
        Entry::new(self.key_name, &self.key)
    }

    pub fn body_entry(&self) -> Entry {
        Entry::new(self.body_name, &self.body)
    }

    /// The archive as it is usually packed.
    pub fn archive(&self) -> Vec<u8> {
        Zip::of([self.body_entry(), self.key_entry()]).bytes()
    }

    /// The archive as the Java post-compute packs it.
    pub fn java_archive(&self) -> Vec<u8> {
        let body = Entry::java(self.body_name, &self.body);
        Zip::of([body, Entry::java(self.key_name, &self.key)]).bytes()
    }
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}

/// What the `openssl` and `unzip` commands do.
pub mod openssl {
    use super::*;

    /// A fresh RSA key, as the private and the public PEM.
    pub fn rsa_key(bits: u32) -> (String, String) {
        let bits = format!("rsa_keygen_bits:{bits}");
        let private = openssl(&["genpkey", "-algorithm", "RSA", "-pkeyopt", &bits], &[]);
        let public = openssl(&["pkey", "-pubout"], &private);
        (
            String::from_utf8(private).unwrap(),
            String::from_utf8(public).unwrap(),
        )
    }

    /// RSA PKCS#1 v1.5 encryption of anything short enough.
    pub fn rsa_wrap(public_pem: &str, secret: &[u8]) -> Vec<u8> {
        pkeyutl(
            &["-encrypt", "-pubin"],
            public_pem,
            "rsa_padding_mode:pkcs1",
            secret,
        )
    }

    /// RSA-OAEP encryption with SHA-1.
    pub fn rsa_wrap_oaep(public_pem: &str, secret: &[u8]) -> Vec<u8> {
        pkeyutl(
            &["-encrypt", "-pubin"],
            public_pem,
            "rsa_padding_mode:oaep",
            secret,
        )
    }

    /// RSA encryption of a block that is padded, well or badly, already: as long as the modulus.
    pub fn rsa_raw(public_pem: &str, block: &[u8]) -> Vec<u8> {
        pkeyutl(
            &["-encrypt", "-pubin"],
            public_pem,
            "rsa_padding_mode:none",
            block,
        )
    }

    /// The other way of `rsa_wrap`.
    pub fn rsa_unwrap(private_pem: &str, wrapped: &[u8]) -> Vec<u8> {
        pkeyutl(
            &["-decrypt"],
            private_pem,
            "rsa_padding_mode:pkcs1",
            wrapped,
        )
    }

    /// The other way of `rsa_wrap_oaep`.
    pub fn rsa_unwrap_oaep(private_pem: &str, wrapped: &[u8]) -> Vec<u8> {
        pkeyutl(&["-decrypt"], private_pem, "rsa_padding_mode:oaep", wrapped)
    }

    /// A random IV and AES-CBC behind it.
    pub fn cbc_body(key: &[u8], plain: &[u8]) -> Vec<u8> {
        cbc_body_with(key, plain, &[])
    }

    /// As `cbc_body`, for a plaintext that is padded, well or badly, already.
    pub fn cbc_body_unpadded(key: &[u8], blocks: &[u8]) -> Vec<u8> {
        cbc_body_with(key, blocks, &["-nopad"])
    }

    fn cbc_body_with(key: &[u8], plain: &[u8], options: &[&str]) -> Vec<u8> {
        let iv = random::<16>();
        let cipher = format!("aes-{}-cbc", key.len() * 8);
        [iv.to_vec(), aes(&cipher, key, &iv, plain, options)].concat()
    }

    /// `openssl enc`, with `-d` among the options to decrypt.
    pub fn aes(cipher: &str, key: &[u8], iv: &[u8], input: &[u8], options: &[&str]) -> Vec<u8> {
        let cipher = format!("-{cipher}");
        let (key, iv) = (hex(key), hex(iv));
        let mut args = vec!["enc", &cipher, "-K", &key];
        if !iv.is_empty() {
            args.extend(["-iv", &iv]);
        }
        args.extend(options);
        openssl(&args, input)
    }

    /// The plain result in an archive of today's form: `unzip`, `openssl pkeyutl` and `openssl enc`, nothing else.
    pub fn open_current(private_pem: &str, archive: &[u8]) -> Vec<u8> {
        let key = rsa_unwrap(private_pem, &unzip(archive, "aes-key.rsa"));
        let body = unzip(archive, "iexec_out.zip.aes");
        let (iv, body) = body.split_at(16);
        aes("aes-256-cbc", &key, iv, body, &["-d"])
    }

    /// As `open_current`, for the form before 2025.
    pub fn open_legacy_ecb(private_pem: &str, archive: &[u8]) -> Vec<u8> {
        let entry = |name| BASE64_STANDARD.decode(unzip(archive, name)).unwrap();
        let key = rsa_unwrap(private_pem, &entry("aes-key.rsa"));
        let key = BASE64_STANDARD.decode(key).unwrap();
        aes(
            "aes-128-ecb",
            &key,
            &[],
            &entry("iexec_out.zip.aes"),
            &["-d"],
        )
    }

    /// As `open_current`, for the form of 2019 and 2020.
    pub fn open_guide_2019(private_pem: &str, archive: &[u8]) -> Vec<u8> {
        let key = rsa_unwrap_oaep(private_pem, &unzip(archive, "iexec_out/encrypted_key"));
        let body = unzip(archive, "iexec_out/result.zip.aes");
        let (iv, body) = body.split_at(16);
        let cipher = format!("aes-{}-cbc", key.len() * 8);
        aes(&cipher, &key, iv, body, &["-d"])
    }

    /// One file of an archive, as `unzip` gets it out.
    pub fn unzip(archive: &[u8], name: &str) -> Vec<u8> {
        let file = NamedTempFile::with_suffix(".zip").unwrap();
        fs::write(file.path(), archive).unwrap();
        run(
            Command::new("unzip").arg("-p").arg(file.path()).arg(name),
            &[],
        )
    }

    /// The names in an archive, in its order, as `unzip` lists them.
    pub fn names(archive: &[u8]) -> Vec<String> {
        let file = NamedTempFile::with_suffix(".zip").unwrap();
        fs::write(file.path(), archive).unwrap();
        let mut command = Command::new("unzip");
        command.env("LC_ALL", "C.UTF-8").arg("-Z1").arg(file.path());
        let listed = String::from_utf8(run(&mut command, &[])).unwrap();
        listed.lines().map(str::to_owned).collect()
    }

    /// Insists that `unzip -t` finds nothing wrong with an archive.
    pub fn unzip_accepts(archive: &[u8]) {
        let file = NamedTempFile::with_suffix(".zip").unwrap();
        fs::write(file.path(), archive).unwrap();
        let printed = run(Command::new("unzip").arg("-tq").arg(file.path()), &[]);
        let printed = String::from_utf8(printed).unwrap();
        assert!(printed.starts_with("No errors detected"), "{printed}");
    }

    /// How many bytes a wrapped key has.
    pub fn modulus_len(public_pem: &str) -> usize {
        rsa_wrap(public_pem, b"x").len()
    }

    fn pkeyutl(args: &[&str], key_pem: &str, padding: &str, input: &[u8]) -> Vec<u8> {
        let mut key = NamedTempFile::new().unwrap();
        key.write_all(key_pem.as_bytes()).unwrap();
        let path = key.path().to_str().unwrap();
        let options = ["-inkey", path, "-pkeyopt", padding];
        openssl(&[&["pkeyutl"], args, &options].concat(), input)
    }

    /// What `openssl` prints, given `input`; it must succeed.
    pub fn openssl(args: &[&str], input: &[u8]) -> Vec<u8> {
        run(Command::new("openssl").args(args), input)
    }

    fn run(command: &mut Command, input: &[u8]) -> Vec<u8> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}; softhsm/test.sh installs it"));
        let mut stdin = child.stdin.take().unwrap();
        let output = thread::scope(|scope| {
            // A command that wants no input may be gone before it is written.
            scope.spawn(move || stdin.write_all(input));
            child.wait_with_output().unwrap()
        });
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command:?} failed: {errors}");
        output.stdout
    }
}
