//! The message that the owner of a secret signs to publish it.
//!
//! The message names no chain, no service and no time: whoever holds the signature can publish the same
//! value again, on every Secret Management Service.

use sha3::{Digest as _, Keccak256};

use crate::wallet::address::Address;

/// The name under which an enclave looks for the key that it encrypts a result with.
pub const RESULT_KEY_NAME: &str = "iexec-result-encryption-public-key";

/// Hashed in front of everything that is signed for a Secret Management Service.
const DOMAIN: &str = "IEXEC_SMS_DOMAIN";

/// A secret to publish for its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Web2Challenge<'a> {
    /// The owner, whose wallet signs.
    pub owner: Address,
    /// The secret's name, in the spelling that is sent.
    pub name: &'a str,
    /// The secret's value, exactly as it is sent.
    pub value: &'a str,
}

impl Web2Challenge<'_> {
    /// The message to sign, with the prefix of [`crate::wallet::eip191`]: the hash of the domain's
    /// hash, the owner, the name's hash and the value's hash.
    pub fn challenge(&self) -> [u8; 32] {
        let hash = Keccak256::new()
            .chain_update(keccak256(DOMAIN))
            .chain_update(self.owner.as_bytes())
            .chain_update(keccak256(self.name))
            .chain_update(keccak256(self.value));
        hash.finalize().into()
    }

    /// The parts of the message, in their order, with the names that the service gives them.
    pub fn fields(&self) -> [(&'static str, String); 4] {
        [
            ("domain", DOMAIN.to_owned()),
            ("ownerAddress", self.owner.to_string()),
            ("secretName", self.name.to_owned()),
            ("secretValue", self.value.to_owned()),
        ]
    }
}

fn keccak256(text: &str) -> [u8; 32] {
    Keccak256::digest(text.as_bytes()).into()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::wallet::eip191::eip191_digest;

    const OWNER: &str = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";
    const VALUE: &str = "dGVzdC1yc2EtcHVibGljLWtleQ==";

    fn hex(bytes: [u8; 32]) -> String {
        let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
        format!("0x{}", digits.collect::<String>())
    }

    fn challenge<'a>(name: &'a str, value: &'a str) -> Web2Challenge<'a> {
        let owner = OWNER.parse().unwrap();
        Web2Challenge { owner, name, value }
    }

    #[test]
    fn the_parts_are_those_of_the_sdk() {
        for (text, hash) in [
            (
                DOMAIN,
                "0x0a26923d45a019b77e856d0001681f98ab9707ec15b2b98048cc91eed00b6793",
            ),
            (
                RESULT_KEY_NAME,
                "0x27e407618d1f7284fafad3815d771a5d966fefb0a67806fd77a270821ee16e75",
            ),
            (
                VALUE,
                "0x52283c65a410c9f3b3d1a10cca37791c715995ae26ed9e4a4fb2451ed1bedab9",
            ),
        ] {
            assert_eq!(hex(keccak256(text)), hash, "{text}");
        }
    }

    #[test]
    fn the_message_and_its_digest_are_those_of_the_sdk() {
        let challenge = challenge(RESULT_KEY_NAME, VALUE).challenge();
        assert_eq!(
            hex(challenge),
            "0x782535bbdb97367002987e0aedf02813a27c5cc280758a22156e015bc01c0402"
        );
        assert_eq!(
            hex(eip191_digest(&challenge)),
            "0x8d667ebe6dbb71014c621f936637228be1aa5daee76fd0c146c9dee1200a94a7"
        );
    }

    #[test]
    fn other_secrets_have_other_messages() {
        let challenge = challenge("iexec-result-dropbox-token", "sl.token-value").challenge();
        assert_eq!(
            hex(challenge),
            "0x09ce3b98036714f801c91b88c8a145a1e60673e69a75c6e9e6f49a949a81b5af"
        );
    }

    #[test]
    fn the_fields_are_what_is_hashed() {
        let fields = challenge(RESULT_KEY_NAME, VALUE).fields();
        let texts = fields.each_ref().map(|(name, text)| (*name, text.as_str()));
        let expected = [
            ("domain", "IEXEC_SMS_DOMAIN"),
            ("ownerAddress", OWNER),
            ("secretName", RESULT_KEY_NAME),
            ("secretValue", VALUE),
        ];
        assert_eq!(texts, expected);
    }
}
