use super::cipher::BLOCK;

/// Length of the plaintext in `last`, the decrypted end of a body, without its PKCS#7 padding;
/// `None` when the padding is not one.
pub(super) fn unpadded_len(last: &[u8]) -> Option<usize> {
    let pad = *last.last()?;
    let count = usize::from(pad);
    if !(1..=BLOCK).contains(&count) || last.len() < count {
        return None;
    }
    let len = last.len() - count;
    last[len..].iter().all(|&byte| byte == pad).then_some(len)
}

/// Appends PKCS#7 padding up to the next whole block.
pub(super) fn pad(last: &mut Vec<u8>) {
    let count = BLOCK - last.len() % BLOCK;
    // 1..=BLOCK, so it fits a byte.
    last.resize(last.len() + count, count as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_round_trips() {
        for len in 0..50 {
            let mut block = vec![0xAA; len];
            pad(&mut block);
            assert_eq!(block.len() % BLOCK, 0);
            assert!(block.len() > len);
            assert_eq!(unpadded_len(&block), Some(len));
        }
    }

    #[test]
    fn refuses_what_is_no_padding() {
        let mut mixed = vec![5; 16];
        mixed[12] = 4;
        assert_eq!(unpadded_len(&mixed), None, "unequal bytes");
        assert_eq!(unpadded_len(&[0; 16]), None, "zero");
        assert_eq!(unpadded_len(&[17; 32]), None, "more than a block");
        assert_eq!(unpadded_len(&[]), None, "nothing");
        assert_eq!(unpadded_len(&[9; 8]), None, "longer than what is there");
    }
}
