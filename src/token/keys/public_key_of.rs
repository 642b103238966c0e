//! The public key of a private RSA key: tokens show it in one place or another.

use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass};
use cryptoki_sys::CK_OBJECT_HANDLE;
use rsa::pkcs8::der::asn1::AnyRef;
use rsa::pkcs8::der::{self, Decode as _, Reader as _, SliceReader, Tag, TagNumber};

use crate::envelope::PublicKey;
use crate::token::keys::attributes::bytes;
use crate::token::keys::result_key::EXPONENT;
use crate::token::{Session, Uri};

impl Session {
    /// Remembers a public key that is not on the token: that of the private keys with this `id`,
    /// or of all where that is not known, of which the token shows none itself.
    pub fn know(&mut self, id: Option<Vec<u8>>, public: PublicKey) {
        self.known.push((id, public));
    }

    /// Remembers a public key that was recorded for the private key at `uri`, if that can be on this token.
    pub fn know_recorded(&mut self, uri: &Uri, public: &PublicKey) {
        if let Some(id) = &uri.id
            && self.token().is_recorded_as(uri)
        {
            self.know(Some(id.clone()), public.clone());
        }
    }

    /// Finds the public key of a private key with `id`: in the private object itself, which cannot be
    /// another's; else in the public object or the certificate that is paired by `id`; else the one
    /// that was made known. A modulus alone will do, as nearly all keys have the same exponent;
    /// before it is published the key proves that it decrypts.
    pub(in crate::token) fn public_key_of(
        &self,
        private: CK_OBJECT_HANDLE,
        id: &[u8],
    ) -> Option<PublicKey> {
        if let Some(own) = self.components(private) {
            return Some(own);
        }
        let modulus = bytes(&self.raw, private, AttributeType::Modulus);
        let own = modulus.and_then(|it| PublicKey::from_components(&it, &EXPONENT).ok());
        let fits = |it: &PublicKey| own.as_ref().is_none_or(|own| own.modulus() == it.modulus());
        let paired = [self.in_public_objects(id), self.in_certificates(id)];
        for mut found in paired {
            found.retain(&fits);
            found.dedup();
            match found.as_slice() {
                [] => {}
                [only] => return Some(only.clone()),
                // Of two keys with one id nobody can tell.
                _ => return own,
            }
        }
        let mut known = self.known.iter();
        let known = known.find(|(of, it)| of.as_deref().is_none_or(|of| of == id) && fits(it));
        known.map(|(_, public)| public.clone()).or(own)
    }

    fn in_public_objects(&self, id: &[u8]) -> Vec<PublicKey> {
        if id.is_empty() {
            return Vec::new();
        }
        let template = [
            Attribute::Class(ObjectClass::PUBLIC_KEY),
            Attribute::KeyType(KeyType::RSA),
            Attribute::Id(id.to_vec()),
        ];
        let found = self.found(&template).into_iter();
        found.filter_map(|it| self.components(it)).collect()
    }

    fn found(&self, template: &[Attribute]) -> Vec<CK_OBJECT_HANDLE> {
        let found = self.raw.find(template);
        let found = found.inspect_err(|error| self.raw.keep_unheard(*error));
        found.unwrap_or_default()
    }

    fn in_certificates(&self, id: &[u8]) -> Vec<PublicKey> {
        if id.is_empty() {
            return Vec::new();
        }
        let template = [
            Attribute::Class(ObjectClass::CERTIFICATE),
            Attribute::Id(id.to_vec()),
        ];
        let found = self.found(&template).into_iter();
        found
            .filter_map(|it| bytes(&self.raw, it, AttributeType::Value))
            .filter_map(|it| PublicKey::from_spki_der(spki(&it).ok()?).ok())
            .collect()
    }
}

/// The public key of an X.509 certificate, in DER: after version, serial, algorithm, issuer,
/// validity and subject.
fn spki(certificate: &[u8]) -> der::Result<&[u8]> {
    const VERSION: Tag = Tag::ContextSpecific {
        constructed: true,
        number: TagNumber::N0,
    };
    let certificate = AnyRef::decode(&mut SliceReader::new(certificate)?)?;
    let signed = AnyRef::decode(&mut SliceReader::new(certificate.value())?)?;
    let mut fields = SliceReader::new(signed.value())?;
    let before = if fields.peek_tag()? == VERSION { 6 } else { 5 };
    for _ in 0..before {
        fields.tlv_bytes()?;
    }
    fields.tlv_bytes()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// `30 LEN` and so on: elements of few bytes, and a key that is marked.
    fn certificate(version: bool) -> Vec<u8> {
        let mut signed = Vec::new();
        if version {
            signed.extend([0xa0, 3, 2, 1, 2]);
        }
        signed.extend([2, 1, 7, 0x30, 0, 0x30, 0, 0x30, 0, 0x30, 0]);
        signed.extend([0x30, 3, 1, 2, 3, 0xa3, 0]);
        let len = u8::try_from(signed.len()).unwrap_or_default();
        let signed = [&[0x30, len], signed.as_slice()].concat();
        let len = u8::try_from(signed.len()).unwrap_or_default();
        [&[0x30, len], signed.as_slice()].concat()
    }

    #[test]
    fn the_key_of_a_certificate_is_found_with_and_without_a_version() {
        for version in [true, false] {
            let whole = certificate(version);
            assert_eq!(spki(&whole).unwrap(), [0x30, 3, 1, 2, 3]);
            // What is cut short leads nowhere, and never past its end.
            for len in 0..whole.len() - 7 {
                assert!(spki(&whole[..len]).is_err());
            }
        }
        assert!(spki(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0]).is_err());
        assert!(spki(&[0x30, 0x80, 0, 0]).is_err());
    }
}
