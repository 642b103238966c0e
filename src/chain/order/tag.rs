use std::fmt;
use std::ops::{BitAnd, BitOr, Not};
use std::str::FromStr;

use alloy_primitives::B256;
use serde::{Deserialize, Serialize};

use crate::chain::tee_framework::TeeFramework;
use crate::text::hex;

/// The bits that have a name, with it.
const NAMES: [(u8, &str); 5] = [
    (0, "tee"),
    (1, "scone"),
    (2, "gramine"),
    (3, "tdx"),
    (8, "gpu"),
];

/// The bits that name a framework.
const FRAMEWORKS: [(Tag, TeeFramework); 3] = [
    (Tag::SCONE, TeeFramework::Scone),
    (Tag::GRAMINE, TeeFramework::Gramine),
    (Tag::TDX, TeeFramework::Tdx),
];

/// What is asked of workers, bit by bit. Shown as the names of its bits; the orders have it as `0x` and 64 hexadecimal digits.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tag([u8; 32]);

/// Why a text is no tag, or a tag asks for what nobody has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TagError {
    /// A word that is no bit's.
    #[error("not a valid tag. Unknown tag {0:?}; there are tee, scone, gramine, tdx and gpu")]
    Unknown(String),
    /// `0x` and something else than 64 digits.
    #[error("not a valid bytes32 hexstring: a tag in digits is `0x` and 64 of them")]
    Digits,
    /// A framework without the bit for the enclave.
    #[error("'{0}' tag must be used with 'tee' tag")]
    WithoutTee(TeeFramework),
    /// The bit for the enclave without a framework.
    #[error("'tee' tag must be used with a tee framework ('scone'|'gramine'|'tdx')")]
    WithoutFramework,
    /// More than one framework.
    #[error("tee framework tags are exclusive ('scone'|'gramine'|'tdx')")]
    Several,
    /// A framework that the chain does not have.
    #[error("Unsupported TEE framework tag ('{framework}'): the chain {chain} has {}", listed(.there))]
    Unsupported {
        /// The framework.
        framework: TeeFramework,
        /// The chain's number or name.
        chain: String,
        /// Those that it has.
        there: Vec<TeeFramework>,
    },
}

impl Tag {
    /// Nothing.
    pub const NONE: Self = Self([0; 32]);
    /// An enclave.
    pub const TEE: Self = Self::bit(0);
    /// One of Scone.
    pub const SCONE: Self = Self::bit(1);
    /// One of Gramine.
    pub const GRAMINE: Self = Self::bit(2);
    /// One of Intel TDX.
    pub const TDX: Self = Self::bit(3);
    /// A graphics processor.
    pub const GPU: Self = Self::bit(8);

    /// The bit with this number.
    const fn bit(number: usize) -> Self {
        let mut bytes = [0; 32];
        bytes[31 - number / 8] = 1 << (number % 8);
        Self(bytes)
    }

    /// The bits for an enclave of this framework.
    pub fn enclave(framework: TeeFramework) -> Self {
        let mut bits = FRAMEWORKS.iter().filter(|(_, it)| *it == framework);
        bits.next().map_or(Self::TEE, |(bit, _)| Self::TEE | *bit)
    }

    /// Whether all of these bits are in it.
    pub fn has(self, bits: Self) -> bool {
        self & bits == bits
    }

    /// Whether nothing is in it.
    pub fn is_none(self) -> bool {
        self == Self::NONE
    }

    /// These bits without those of `others`.
    pub fn without(self, others: Self) -> Self {
        self & !others
    }

    /// Those of the bits that are about the enclave.
    pub fn of_enclave(self) -> Self {
        self & (Self::TEE | frameworks())
    }

    /// All bits but those that name a framework: what counts of a dataset, which need not know it.
    pub fn without_framework(self) -> Self {
        self.without(frameworks())
    }

    /// The framework, if it names one; the first if it names several.
    pub fn framework(self) -> Option<TeeFramework> {
        let mut named = FRAMEWORKS.iter().filter(|(bit, _)| self.has(*bit));
        named.next().map(|(_, framework)| *framework)
    }

    /// Holds its bits for the enclave against each other, as the SDK does. `agnostic` says whether `tee` may be alone, as in
    /// the orders of datasets and requesters.
    ///
    /// # Errors
    /// When they contradict each other.
    pub fn check(self, agnostic: bool) -> Result<(), TagError> {
        let named = FRAMEWORKS.iter().filter(|(bit, _)| self.has(*bit)).count();
        match (self.has(Self::TEE), named, self.framework()) {
            (false, _, Some(framework)) => Err(TagError::WithoutTee(framework)),
            (true, 0, _) if !agnostic => Err(TagError::WithoutFramework),
            (true, 2.., _) => Err(TagError::Several),
            _ => Ok(()),
        }
    }

    /// Holds its framework against those that a chain has.
    ///
    /// # Errors
    /// When the chain has it not.
    pub fn check_framework(self, chain: String, there: &[TeeFramework]) -> Result<(), TagError> {
        match self.framework() {
            Some(framework) if !there.contains(&framework) => Err(TagError::Unsupported {
                framework,
                chain,
                there: there.to_vec(),
            }),
            _ => Ok(()),
        }
    }

    /// `0x` and 64 digits.
    pub fn to_hex(self) -> String {
        format!("0x{}", hex::hex(&self.0))
    }

    pub(super) fn word(self) -> B256 {
        self.0.into()
    }

    fn bits(self) -> impl Iterator<Item = u8> {
        (0..=255).filter(move |bit| self.has(Self::bit(usize::from(*bit))))
    }
}

fn frameworks() -> Tag {
    FRAMEWORKS
        .iter()
        .fold(Tag::NONE, |all, (bit, _)| all | *bit)
}

impl BitOr for Tag {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at] | other.0[at]))
    }
}

impl BitAnd for Tag {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at] & other.0[at]))
    }
}

impl Not for Tag {
    type Output = Self;

    fn not(self) -> Self {
        Self(self.0.map(|byte| !byte))
    }
}

impl From<[u8; 32]> for Tag {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl From<Tag> for String {
    fn from(tag: Tag) -> Self {
        tag.to_hex()
    }
}

impl TryFrom<String> for Tag {
    type Error = TagError;

    /// Reads digits alone, which all orders have.
    fn try_from(text: String) -> Result<Self, TagError> {
        let digits = text.strip_prefix("0x");
        let bytes = digits.and_then(|it| hex::array(it.as_bytes()));
        bytes.map(Self).ok_or(TagError::Digits)
    }
}

/// Reads what the option of the SDK takes: names with commas between them, or digits.
impl FromStr for Tag {
    type Err = TagError;

    fn from_str(text: &str) -> Result<Self, TagError> {
        let lower = text.to_lowercase();
        if lower.starts_with("0x") {
            return lower.try_into();
        }
        let named = |name: &str| match NAMES.iter().find(|(_, known)| *known == name) {
            Some((bit, _)) => Ok(Self::bit(usize::from(*bit))),
            None if name.is_empty() => Ok(Self::NONE),
            None => Err(TagError::Unknown(name.chars().take(40).collect())),
        };
        let mut names = text.split(',').map(str::trim);
        names.try_fold(Self::NONE, |all, name| Ok(all | named(name)?))
    }
}

/// The names of its bits with commas between them; the number of a bit that has none.
impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |bit| match NAMES.iter().find(|(known, _)| *known == bit) {
            Some((_, name)) => (*name).to_owned(),
            None => format!("bit {bit}"),
        };
        let names: Vec<String> = self.bits().map(name).collect();
        match names.is_empty() {
            true => f.write_str("none"),
            false => f.write_str(&names.join(",")),
        }
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tag({self})")
    }
}

fn listed(frameworks: &[TeeFramework]) -> String {
    let names: Vec<&str> = frameworks.iter().map(|it| it.name()).collect();
    match names.is_empty() {
        true => "none".to_owned(),
        false => names.join(" and "),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn tag(text: &str) -> Tag {
        text.parse().unwrap()
    }

    #[test]
    fn names_and_digits_are_the_same_bits() {
        for (names, last) in [
            ("tee,scone", "03"),
            ("tee,gramine", "05"),
            ("tee,tdx", "09"),
            ("gpu", "0100"),
            ("tdx,tee,gpu", "0109"),
            ("", "00"),
        ] {
            let digits = format!("0x{last:0>64}");
            assert_eq!(tag(names), tag(&digits), "{names}");
            assert_eq!(tag(names).to_hex(), digits);
        }
        assert_eq!(tag("tdx,tee,gpu").to_string(), "tee,tdx,gpu");
        assert_eq!(Tag::bit(200).to_string(), "bit 200");
        assert_eq!(Tag::NONE.to_string(), "none");
        let words = TagError::Unknown("sgx".into());
        assert_eq!("tee,sgx".parse::<Tag>(), Err(words));
        for digits in ["0x", "0x1", &format!("0x{}", "0g".repeat(32))] {
            assert_eq!(digits.parse::<Tag>(), Err(TagError::Digits));
        }
    }

    #[test]
    fn bits_that_contradict_each_other_are_refused() {
        use TeeFramework::{Scone, Tdx};
        for (text, agnostic, expected) in [
            ("", false, Ok(())),
            ("gpu", false, Ok(())),
            ("tee,scone", false, Ok(())),
            ("tee", true, Ok(())),
            ("tee", false, Err(TagError::WithoutFramework)),
            ("scone", true, Err(TagError::WithoutTee(Scone))),
            ("tdx", false, Err(TagError::WithoutTee(Tdx))),
            ("tee,scone,tdx", true, Err(TagError::Several)),
        ] {
            assert_eq!(tag(text).check(agnostic), expected, "{text}");
        }
    }

    #[test]
    fn a_framework_of_another_generation_is_refused() {
        let check = |text, there: &[_]| tag(text).check_framework("42161".into(), there);
        let today = [TeeFramework::Tdx];
        assert_eq!(check("tee,tdx", &today), Ok(()));
        assert_eq!(check("tee", &today), Ok(()));
        let error = check("tee,scone", &today).unwrap_err();
        assert_eq!(
            error.to_string(),
            "Unsupported TEE framework tag ('scone'): the chain 42161 has tdx"
        );
        let old = [TeeFramework::Scone, TeeFramework::Gramine];
        assert!(check("tee,tdx", &old).is_err());
        assert!(check("tee,scone", &[]).is_err());
    }

    #[test]
    fn sets_are_added_and_taken_away() {
        let all = tag("tee,scone,gpu");
        assert_eq!(all.without_framework(), tag("tee,gpu"));
        assert_eq!(all.of_enclave(), tag("tee,scone"));
        assert_eq!(tag("gpu") | tag("tee"), tag("tee,gpu"));
        assert!(all.has(tag("tee,gpu")) && !all.has(tag("tdx")));
        assert_eq!(Tag::enclave(TeeFramework::Tdx), tag("tee,tdx"));
        assert_eq!(all.framework(), Some(TeeFramework::Scone));
        assert_eq!(tag("gpu").framework(), None);
    }
}
