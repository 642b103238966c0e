#![allow(clippy::unwrap_used)]

use std::io;

use super::*;
use crate::archive::{Archive, Limits};

/// A holder that writes down what it is asked.
#[derive(Default)]
struct Asked(Vec<&'static str>);

fn name() -> KeyName {
    KeyName {
        uri: "pkcs11:id=%01".into(),
        label: "a key".into(),
    }
}

impl Unwrap for Asked {
    type Error = io::Error;

    fn candidates(&mut self, modulus_len: usize) -> io::Result<Vec<KeyName>> {
        assert_eq!(modulus_len, 512);
        self.0.push("candidates");
        Ok(vec![name(), name()])
    }

    fn unwrap(
        &mut self,
        key: &KeyName,
        wrapped: &WrappedKey,
    ) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
        assert_eq!(*key, name());
        self.0.push("unwrap");
        Ok(Some(Zeroizing::new(wrapped.ciphertext()[..3].to_vec())))
    }

    fn may_repeat(&self, key: &KeyName) -> bool {
        key.label == "a key"
    }

    fn rest(&mut self) {
        self.0.push("rest");
    }

    fn renew(&mut self) -> io::Result<()> {
        self.0.push("renew");
        Ok(())
    }

    fn prove(&mut self, keys: &[KeyName]) -> io::Result<Proof<io::Error>> {
        assert_eq!(keys, [name()]);
        self.0.push("prove");
        Ok(Proof::Works)
    }
}

fn wrapped() -> WrappedKey {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in [("aes-key.rsa", vec![7; 512]), ("iexec_out.zip.aes", vec![])] {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let archive = Archive::open(folder.path(), &Limits::default()).unwrap();
    archive.wrapped_key().clone()
}

/// All that a holder can be asked, once each.
fn ask<U: Unwrap<Error = io::Error>>(mut holder: U) {
    assert_eq!(holder.candidates(512).unwrap(), [name(), name()]);
    let content_key = holder.unwrap(&name(), &wrapped()).unwrap().unwrap();
    assert_eq!(*content_key, [7; 3]);
    assert!(holder.may_repeat(&name()));
    let mut other = name();
    other.label.clear();
    assert!(!holder.may_repeat(&other));
    holder.rest();
    holder.renew().unwrap();
    assert!(matches!(holder.prove(&[name()]).unwrap(), Proof::Works));
}

#[test]
fn a_reference_to_a_holder_is_that_holder() {
    let mut holder = Asked::default();
    ask(&mut holder);
    assert_eq!(holder.0, ["candidates", "unwrap", "rest", "renew", "prove"]);
}

#[test]
fn a_holder_that_says_nothing_of_it_may_be_asked_again() {
    struct Plain;
    impl Unwrap for Plain {
        type Error = io::Error;

        fn candidates(&mut self, _: usize) -> io::Result<Vec<KeyName>> {
            Ok(Vec::new())
        }

        fn unwrap(
            &mut self,
            _: &KeyName,
            _: &WrappedKey,
        ) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
            Ok(None)
        }

        fn prove(&mut self, _: &[KeyName]) -> io::Result<Proof<io::Error>> {
            Ok(Proof::Works)
        }
    }
    assert!(Plain.may_repeat(&name()));
    Plain.rest();
    assert!(Plain.renew().is_ok());
}
