//! The ledger: one line for each call, in the order in which they return.
//!
//! ```text
//! C_Initialize arguments=0x2:configdir=/some%20where -> CKR_OK
//! C_Login session=1 user=1 pin=#4f1c22d0 pin_len=4 -> CKR_OK
//! C_Decrypt session=1 input=set input_len=256 output=set output_len=[256] -> CKR_OK
//! C_GetAttributeValue session=1 object=2 template=0x120 count=1 -> CKR_OK
//! ```
//!
//! Of buffers it shows whether they are there, of templates the attribute types, of PINs the class:
//! equal PINs have equal ones. A call that does not return is written down as `-> hangs` or
//! `-> aborts`.

use std::fs::OpenOptions;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Write as _;
use std::path::Path;

/// The class of `pin` in a ledger with this `salt`.
pub fn pin_class(salt: &[u8], pin: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    (salt, pin).hash(&mut hasher);
    format!("#{:08x}", hasher.finish() as u32)
}

/// Adds a line to the ledger in `folder`.
pub(crate) fn write(folder: &Path, line: &str) {
    let path = folder.join("ledger");
    let written = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        // In one piece, as other processes may write, too.
        .and_then(|mut file| file.write_all(format!("{line}\n").as_bytes()));
    written.expect("the ledger can be written");
}
