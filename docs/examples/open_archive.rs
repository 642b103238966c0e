//! Opens an encrypted result with the result keys of a token:
//!
//! ```text
//! cargo run --example open_archive -- MODULE TOKEN-LABEL PIN-FILE ARCHIVE OUTPUT
//! ```

use std::error::Error;
use std::path::Path;

use iexec_hsm::archive::{Archive, Limits};
use iexec_hsm::decrypt::{Options, Target, decrypt};
use iexec_hsm::token::{Module, Pin, TokenKeys, Uri};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [module, label, pin_file, archive, output] = arguments.as_slice() else {
        return Err("usage: open_archive MODULE TOKEN-LABEL PIN-FILE ARCHIVE OUTPUT".into());
    };
    println!("{}", open(module, label, pin_file, archive, output)?);
    Ok(())
}

/// Opens `archive` into the file `output`, and returns the URI of the key that opened it.
///
/// # Errors
/// Whatever is wrong, `output` is as it was.
pub fn open(
    module: &str,
    label: &str,
    pin_file: &str,
    archive: &str,
    output: &str,
) -> Result<String, Box<dyn Error>> {
    // First, because a PIN is not needed to see that a file is no archive.
    let archive = Archive::open(archive, &Limits::default())?;

    let module = Module::load(module)?;
    let token = module.token(Some(&Uri::for_label(label)))?;
    let mut pin = Pin::from_file(pin_file)?;
    let mut keys = TokenKeys::log_in(&module, &token, &mut pin)?;

    let path = Path::new(output);
    let target = Target::File { path, force: false };
    let report = decrypt(&archive, &mut keys, target, &Options::default(), &|_| {})?;
    Ok(report.key.uri)
}
