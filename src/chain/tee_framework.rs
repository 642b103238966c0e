use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A way to run an application in a trusted execution environment. Its name is that of the SDK.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum TeeFramework {
    /// Intel SGX by Scone; what the SDK takes where nothing else is said.
    #[default]
    Scone,
    /// Intel SGX by Gramine.
    Gramine,
    /// Intel TDX.
    Tdx,
}

impl TeeFramework {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Self; 3] = [Self::Scone, Self::Gramine, Self::Tdx];

    /// The name in options and in `chain.json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scone => "scone",
            Self::Gramine => "gramine",
            Self::Tdx => "tdx",
        }
    }
}

impl fmt::Display for TeeFramework {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Reads the name in any letter case, because an SMS answers with it in capitals.
impl FromStr for TeeFramework {
    type Err = TeeFrameworkError;

    fn from_str(text: &str) -> Result<Self, TeeFrameworkError> {
        let named = |framework: &Self| text.eq_ignore_ascii_case(framework.name());
        Self::ALL
            .into_iter()
            .find(named)
            .ok_or(TeeFrameworkError::Framework)
    }
}

/// For which frameworks a key is published or looked up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameworkChoice {
    /// The chain's default, which is `scone` where the chain has none.
    #[default]
    ChainDefault,
    /// This one.
    One(TeeFramework),
    /// Every framework that the chain has an SMS for.
    All,
}

/// Reads the option's value: `all`, or a framework's name.
impl FromStr for FrameworkChoice {
    type Err = TeeFrameworkError;

    fn from_str(text: &str) -> Result<Self, TeeFrameworkError> {
        if text.eq_ignore_ascii_case("all") {
            return Ok(Self::All);
        }
        let one = text.parse().map(Self::One);
        one.map_err(|_| TeeFrameworkError::Choice)
    }
}

/// Why a text names no framework.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TeeFrameworkError {
    /// The text is none of the names.
    #[error("not a TEE framework; choose scone, gramine or tdx")]
    Framework,
    /// The text is none of the names, and not `all`.
    #[error("not a TEE framework; choose scone, gramine, tdx or all")]
    Choice,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_shown() {
        for framework in TeeFramework::ALL {
            let name = framework.to_string();
            assert_eq!(name.parse(), Ok(framework));
            assert_eq!(name.to_uppercase().parse(), Ok(framework));
            assert_eq!(name.parse(), Ok(FrameworkChoice::One(framework)));
        }
        assert_eq!("all".parse(), Ok(FrameworkChoice::All));
    }

    #[test]
    fn other_names_are_refused() {
        for other in ["", "sgx", "scone ", "all"] {
            let read: Result<TeeFramework, _> = other.parse();
            assert_eq!(read, Err(TeeFrameworkError::Framework), "{other}");
        }
        let read: Result<FrameworkChoice, _> = "sgx".parse();
        assert_eq!(read, Err(TeeFrameworkError::Choice));
    }
}
