//! A file that is here already, held against its CID.

use std::io::{self, Read};

use super::cid::Cid;
use super::computed::{Computed, Outcome};

/// Bytes that are read at once.
const CHUNK: usize = 256 * 1024;

impl Cid {
    /// Whether it is the one of what `file` reads; none where that cannot be told, since how a file is cut into blocks
    /// is its adder's choice.
    ///
    /// # Errors
    /// Errors of reading.
    pub fn is_of_file(&self, mut file: impl Read) -> io::Result<Option<bool>> {
        let mut computed = Computed::new(*self);
        let mut chunk = vec![0; CHUNK];
        loop {
            match file.read(&mut chunk) {
                Ok(0) => break,
                Ok(count) => computed.update(&chunk[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(match computed.finish() {
            Outcome::Same => Some(true),
            Outcome::Different => Some(false),
            Outcome::CannotTell => None,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_told_by_its_cid() {
        let of = |cid: &str, file: &[u8]| cid.parse::<Cid>().unwrap().is_of_file(file).unwrap();
        let dag_pb = "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o";
        assert_eq!(of(dag_pb, b"hello world\n"), Some(true));
        assert_eq!(of(dag_pb, b"hello world"), None);
        let raw = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e";
        assert_eq!(of(raw, b"hello world"), Some(true));
        assert_eq!(of(raw, b"hello world\n"), Some(false));
    }
}
