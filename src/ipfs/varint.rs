//! Unsigned numbers of variable length, as in protobuf and all over IPFS.

/// The most bytes of one: 63 bits, as the format of CIDs has it.
const LONGEST: usize = 9;

/// A number that does not end, is too long, or could be shorter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadVarint {
    /// There is too little of it yet.
    Cut,
    Wrong,
}

/// Reads the number that `bytes` begin with. Returns it, and its length.
pub(super) fn read(bytes: &[u8]) -> Result<(u64, usize), BadVarint> {
    let mut number = 0;
    for (at, &byte) in bytes.iter().enumerate().take(LONGEST) {
        number |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            // Another spelling of the same number would be another name for the same thing.
            let is_shortest = byte != 0 || at == 0;
            return if is_shortest {
                Ok((number, at + 1))
            } else {
                Err(BadVarint::Wrong)
            };
        }
    }
    Err(if bytes.len() < LONGEST {
        BadVarint::Cut
    } else {
        BadVarint::Wrong
    })
}

/// Appends `number` to `out`.
pub(super) fn write(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_are_written() {
        for number in [
            0,
            1,
            127,
            128,
            300,
            262_144,
            u64::from(u32::MAX),
            (1 << 63) - 1,
        ] {
            let mut bytes = Vec::new();
            write(number, &mut bytes);
            let len = bytes.len();
            bytes.push(0xff);
            assert_eq!(read(&bytes), Ok((number, len)));
            assert_eq!(read(&bytes[..len - 1]), Err(BadVarint::Cut));
        }
    }

    #[test]
    fn a_second_spelling_and_an_endless_one_are_wrong() {
        assert_eq!(read(&[0x80, 0]), Err(BadVarint::Wrong));
        assert_eq!(read(&[0xff; 9]), Err(BadVarint::Wrong));
        assert_eq!(read(&[0xff; 8]), Err(BadVarint::Cut));
    }
}
