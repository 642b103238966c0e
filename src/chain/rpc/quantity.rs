use alloy_primitives::U256;
use serde_json::Value;

/// A number in the form of JSON-RPC: `0x`, and hexadecimal digits alone.
pub(crate) fn quantity(value: &Value) -> Option<U256> {
    let digits = value.as_str()?.strip_prefix("0x")?;
    let is_number = !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_hexdigit());
    // The library takes an empty text, and `_` between digits.
    U256::from_str_radix(digits, 16).ok().filter(|_| is_number)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_no_number_is_none() {
        for (text, number) in [("0x0", 0), ("0xff", 255), ("0x0A", 10)] {
            assert_eq!(quantity(&json!(text)), Some(U256::from(number)));
        }
        let max = format!("0x{}", "f".repeat(64));
        assert_eq!(quantity(&json!(max)), Some(U256::MAX));
        let texts = ["", "0x", "0x_", "0x1_0", "0x+1", "0x-1", "0x 1", "1", "0xg"];
        for text in texts.map(str::to_owned).into_iter().chain([max + "f"]) {
            assert_eq!(quantity(&json!(text)), None, "{text}");
        }
        assert_eq!(quantity(&json!(1)), None);
    }
}
