//! Opens an encrypted result with the keys of a running, unlocked agent; no PIN is needed:
//!
//! ```text
//! cargo run --example open_with_agent -- SOCKET ARCHIVE OUTPUT
//! ```

use std::error::Error;
use std::path::Path;

use iexec_hsm::agent::client::{AgentClient, AgentKeys};
use iexec_hsm::archive::{Archive, Limits};
use iexec_hsm::decrypt::{Options, Target, decrypt};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [socket, archive, output] = arguments.as_slice() else {
        return Err("usage: open_with_agent SOCKET ARCHIVE OUTPUT".into());
    };
    println!(
        "{}",
        open(Path::new(socket), Path::new(archive), Path::new(output))?
    );
    Ok(())
}

/// Opens `archive` into the file `output`, and returns the URI of the key that opened it.
///
/// # Errors
/// Whatever is wrong, `output` is as it was. A locked agent tells of no key.
pub fn open(socket: &Path, archive: &Path, output: &Path) -> Result<String, Box<dyn Error>> {
    let archive = Archive::open(archive, &Limits::default())?;

    let mut client = AgentClient::connect(socket)?;
    let present = client.keys()?.keys;
    let mut keys = AgentKeys::new(client, present);

    let target = Target::File {
        path: output,
        force: false,
    };
    let report = decrypt(&archive, &mut keys, target, &Options::default(), &|_| {})?;
    Ok(report.key.uri)
}
