//! Amounts of money as people write them.

use alloy_primitives::U256;

/// Decimal places of an RLC: it is so many nRLC.
const RLC_PLACES: usize = 9;
/// Decimal places of a chain's own coin: it is so many wei.
const COIN_PLACES: usize = 18;

/// Why a text is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AmountError {
    /// Something else than digits and a point.
    #[error("an amount is a number such as 100 or, in RLC, 1.5")]
    NotANumber,
    /// Something else than RLC or nRLC behind the number.
    #[error("the unit of an amount is RLC or nRLC")]
    Unit,
    /// An nRLC has no parts, and an RLC has 9 decimal places.
    #[error("there is nothing smaller than 1 nRLC, or 0.000000001 RLC")]
    TooFine,
    /// More than there can be.
    #[error("there is less RLC than that")]
    TooLarge,
    /// Nothing.
    #[error("the amount must be more than 0")]
    Zero,
}

/// The units that amounts of RLC are given in, as the SDK has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unit {
    /// The smallest part.
    #[default]
    NanoRlc,
    /// A billion of it.
    Rlc,
}

/// The nRLC of an amount that somebody wrote, which is more than nothing. It is in `unit`, unless it names one: `1.5 RLC`.
///
/// # Errors
/// When it is no amount, or none that there can be.
pub fn parse_rlc(text: &str, unit: Unit) -> Result<U256, AmountError> {
    match parse_rlc_or_none(text, unit)? {
        U256::ZERO => Err(AmountError::Zero),
        amount => Ok(amount),
    }
}

/// The nRLC of an amount that somebody wrote, which may be nothing. It is in `unit`, unless it names one: `1.5 RLC`.
///
/// # Errors
/// When it is no amount, or none that there can be.
pub fn parse_rlc_or_none(text: &str, unit: Unit) -> Result<U256, AmountError> {
    let (text, unit) = match text.split_once(' ') {
        None => (text, unit),
        Some((number, "RLC")) => (number, Unit::Rlc),
        Some((number, "nRLC")) => (number, Unit::NanoRlc),
        Some(_) => return Err(AmountError::Unit),
    };
    let places = match unit {
        Unit::NanoRlc => 0,
        Unit::Rlc => RLC_PLACES,
    };
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |text: &str| text.bytes().all(|it| it.is_ascii_digit());
    if !is_number(whole) || !is_number(part) || whole.is_empty() || text.ends_with('.') {
        return Err(AmountError::NotANumber);
    }
    let part = part.trim_end_matches('0');
    if part.len() > places {
        return Err(AmountError::TooFine);
    }
    let digits = format!("{whole}{part:0<places$}");
    let amount = U256::from_str_radix(&digits, 10).map_err(|_| AmountError::TooLarge)?;
    match amount {
        // There are 87 million RLC in all.
        amount if amount > U256::from(u64::MAX) => Err(AmountError::TooLarge),
        amount => Ok(amount),
    }
}

/// An amount in RLC, such as `1.5 RLC`.
pub fn rlc(nrlc: U256) -> String {
    format!("{} RLC", decimal(nrlc, RLC_PLACES))
}

/// An amount of a chain's own coin, such as `0.00012`.
pub fn coins(wei: U256) -> String {
    decimal(wei, COIN_PLACES)
}

fn decimal(number: U256, places: usize) -> String {
    let digits = format!(
        "{number:0>width$}",
        number = number.to_string(),
        width = places + 1
    );
    let (whole, part) = digits.split_at(digits.len() - places);
    match part.trim_end_matches('0') {
        "" => whole.to_owned(),
        part => format!("{whole}.{part}"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_in_both_units() {
        let read = |text, unit| parse_rlc(text, unit).map(|it| it.to_string());
        for (text, unit, nrlc) in [
            ("1", Unit::NanoRlc, "1"),
            ("007", Unit::NanoRlc, "7"),
            ("5.0", Unit::NanoRlc, "5"),
            ("1", Unit::Rlc, "1000000000"),
            ("1.5", Unit::Rlc, "1500000000"),
            ("0.000000001", Unit::Rlc, "1"),
            ("0.0000000010", Unit::Rlc, "1"),
            ("1.5 RLC", Unit::NanoRlc, "1500000000"),
            ("7 nRLC", Unit::Rlc, "7"),
        ] {
            assert_eq!(read(text, unit).as_deref(), Ok(nrlc), "{text}");
        }
        for (text, unit, error) in [
            ("0", Unit::Rlc, AmountError::Zero),
            ("0.0000000001", Unit::Rlc, AmountError::TooFine),
            ("1.5", Unit::NanoRlc, AmountError::TooFine),
            ("", Unit::Rlc, AmountError::NotANumber),
            (".5", Unit::Rlc, AmountError::NotANumber),
            ("1.", Unit::Rlc, AmountError::NotANumber),
            ("-1", Unit::Rlc, AmountError::NotANumber),
            ("1e9", Unit::Rlc, AmountError::NotANumber),
            ("0x10", Unit::NanoRlc, AmountError::NotANumber),
            ("1.5 nRLC", Unit::Rlc, AmountError::TooFine),
            ("1 ETH", Unit::Rlc, AmountError::Unit),
            ("1 RLC RLC", Unit::Rlc, AmountError::Unit),
            ("1 ", Unit::Rlc, AmountError::Unit),
            (" RLC", Unit::Rlc, AmountError::NotANumber),
            ("18446744073709551616", Unit::NanoRlc, AmountError::TooLarge),
            (&"9".repeat(100), Unit::Rlc, AmountError::TooLarge),
        ] {
            assert_eq!(read(text, unit), Err(error), "{text}");
        }
    }

    #[test]
    fn amounts_are_shown_without_zeros_that_say_nothing() {
        for (nrlc, text) in [
            (0, "0 RLC"),
            (1, "0.000000001 RLC"),
            (1_500_000_000, "1.5 RLC"),
            (10_000_000_000_u64, "10 RLC"),
        ] {
            assert_eq!(rlc(U256::from(nrlc)), text);
        }
        assert_eq!(coins(U256::from(120_000_000_000_000_u64)), "0.00012");
    }
}
