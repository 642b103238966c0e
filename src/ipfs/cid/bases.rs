//! The two spellings of bytes that CIDs are written in.

const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// The bytes that are spelled as `text`; the first character that is no digit where there is one.
pub(super) fn from_base58(text: &str) -> Result<Vec<u8>, char> {
    // The last byte of the number first.
    let mut bytes: Vec<u8> = Vec::new();
    for char in text.chars() {
        let mut carry = value(char, BASE58)?;
        for byte in &mut bytes {
            carry += u32::from(*byte) * 58;
            *byte = carry as u8;
            carry >>= 8;
        }
        if carry > 0 {
            bytes.push(carry as u8);
        }
    }
    let zeros = text.bytes().take_while(|&byte| byte == BASE58[0]).count();
    bytes.extend(vec![0; zeros]);
    bytes.reverse();
    Ok(bytes)
}

/// The spelling of `bytes`.
pub(super) fn to_base58(bytes: &[u8]) -> String {
    let mut digits: Vec<u8> = Vec::new();
    for &byte in bytes {
        let mut carry = u32::from(byte);
        for digit in &mut digits {
            carry += u32::from(*digit) << 8;
            *digit = (carry % 58) as u8;
            carry /= 58;
        }
        while carry > 0 {
            digits.push((carry % 58) as u8);
            carry /= 58;
        }
    }
    let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
    digits.extend(vec![0; zeros]);
    let digits = digits.iter().rev();
    digits
        .map(|&digit| char::from(BASE58[usize::from(digit)]))
        .collect()
}

/// The bytes that are spelled as `text`; the first character that is no digit where there is one. A last digit
/// that says more than there is room for counts as none.
pub(super) fn from_base32(text: &str) -> Result<Vec<u8>, char> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0u32, 0);
    for char in text.chars() {
        bits = bits << 5 | value(char, BASE32)?;
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    match text.chars().last() {
        Some(last) if count >= 5 || bits != 0 => Err(last),
        _ => Ok(bytes),
    }
}

/// The spelling of `bytes`.
pub(super) fn to_base32(bytes: &[u8]) -> String {
    let mut text = String::new();
    let (mut bits, mut count) = (0u32, 0);
    let digit = |bits: u32| char::from(BASE32[(bits & 31) as usize]);
    for &byte in bytes {
        bits = (bits & 31) << 8 | u32::from(byte);
        count += 8;
        while count >= 5 {
            count -= 5;
            text.push(digit(bits >> count));
        }
    }
    if count > 0 {
        text.push(digit(bits << (5 - count)));
    }
    text
}

fn value(char: char, digits: &[u8]) -> Result<u32, char> {
    let at = digits.iter().position(|&digit| char::from(digit) == char);
    at.map(|at| at as u32).ok_or(char)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_base58_hold() {
        for (bytes, text) in [
            (&b"Hello World!"[..], "2NEpo7TZRRrLZSi2U"),
            (b"\0\0\x28\x7f\xb4\xcd", "11233QC4"),
            (b"", ""),
        ] {
            assert_eq!(to_base58(bytes), text);
            assert_eq!(from_base58(text).unwrap(), bytes);
        }
        assert_eq!(from_base58("Qm0"), Err('0'));
    }

    #[test]
    fn the_vectors_of_base32_hold() {
        for (bytes, text) in [
            ("", ""),
            ("f", "my"),
            ("fo", "mzxq"),
            ("foobar", "mzxw6ytboi"),
        ] {
            assert_eq!(to_base32(bytes.as_bytes()), text);
            assert_eq!(from_base32(text).unwrap(), bytes.as_bytes());
        }
        assert_eq!(from_base32("m1"), Err('1'));
        // Bits that are left over, and a digit too many.
        assert_eq!(from_base32("mz"), Err('z'));
        assert_eq!(from_base32("mya"), Err('a'));
    }
}
