//! Wallets on a token, through the library: made, found and used as any other wallet is.

use std::path::PathBuf;
use std::sync::Arc;

use iexec_hsm::token::{
    Module, Pin, PinError, PinRequest, PinSource, PinUse, Session, TokenError, TokenInfo, Uri,
    create_wallet,
};
use iexec_hsm::wallet::eip191::eip191_digest;
use iexec_hsm::wallet::on_token::{TokenWallet, choose};
use iexec_hsm::wallet::sign::{Wallet, WalletError};

use crate::support::{Token, test_alone, without_wallets};

/// Names the module to a test that runs in a process of its own.
const INSIDE: &str = "IEXEC_HSM_TEST_INSIDE";

/// Runs `body` with a fresh token, furnished by `prepare`: in a new process, since SoftHSM2 is told
/// by the environment where its tokens are.
fn with_token(test: &str, prepare: impl FnOnce(&Token), body: impl FnOnce(Arc<Module>)) {
    if without_wallets() {
        return;
    }
    if let Some(module) = std::env::var_os(INSIDE) {
        return body(Module::load(PathBuf::from(module)).unwrap());
    }
    let token = Token::new();
    prepare(&token);
    let output = test_alone(module_path!(), test)
        .envs(token.env())
        .env(INSIDE, &token.module)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}\n{errors}"
    );
}

/// Gives the PIN and counts what it was asked for.
#[derive(Default)]
struct Pins {
    logins: usize,
    uses: usize,
}

impl PinSource for Pins {
    fn pin(&mut self, request: &PinRequest<'_>) -> Result<Pin, PinError> {
        match request.purpose {
            PinUse::KeyUse(_) => self.uses += 1,
            _ => self.logins += 1,
        }
        Ok(Pin::new(b"1234".to_vec().into()))
    }

    fn allow_final_try(&mut self, _: &TokenInfo) -> bool {
        false
    }
}

fn token(module: &Module) -> TokenInfo {
    module.token(None).unwrap()
}

/// Fifty hashes: half of a token's signatures have a high `s`.
fn assert_signs(wallet: &mut dyn Wallet) {
    for byte in 0..50 {
        let digest = [byte; 32];
        let signature = wallet.sign_digest(&digest).unwrap();
        assert!(signature.s()[0] < 0x80, "the s is low");
        // What is read back is checked for a low s and for v.
        assert_eq!(signature.to_string().parse(), Ok(signature.clone()));
        assert_eq!(signature.recover(&digest), Ok(wallet.address()));
    }
    let signature = wallet.sign_message32(&[7; 32]).unwrap();
    let signer = signature.recover(&eip191_digest(&[7; 32]));
    assert_eq!(signer, Ok(wallet.address()));
}

#[test]
fn a_wallet_made_on_the_token_signs_and_stays_there() {
    with_token(
        "a_wallet_made_on_the_token_signs_and_stays_there",
        |_| {},
        |module| {
            let token = token(&module);
            let mut pins = Pins::default();
            let (session, key) =
                create_wallet(&module, &token, "iexec wallet", None, &mut pins).unwrap();
            assert_eq!((key.id.len(), key.label.as_str()), (2, "iexec wallet"));
            let facts = session.wallet_facts(&key);
            assert!(facts.stays_on_token());
            assert_eq!(facts.local, Some(true));
            let found = choose(&token, session.wallet_keys().unwrap(), None).unwrap();
            assert_eq!(found.address(), key.address());
            assert!(session.result_keys().unwrap().is_empty());
            assert_signs(&mut TokenWallet::new(session, key, &mut pins));
            assert_eq!((pins.logins, pins.uses), (1, 0));
        },
    );
}

#[test]
fn a_wallet_is_named_by_its_uri() {
    with_token(
        "a_wallet_is_named_by_its_uri",
        |_| {},
        |module| {
            let mut pins = Pins::default();
            let token = token(&module);
            let mut make = |id: &[u8]| {
                let made = create_wallet(&module, &token, "wallet", Some(id), &mut pins);
                made.map(|(_, key)| key)
            };
            let (one, two) = (make(b"\0\x01").unwrap(), make(b"\0\x02").unwrap());
            assert!(matches!(
                make(b"\0\x02"),
                Err(TokenError::NotSupported { .. })
            ));

            // Before a login the public keys are there, by which a wallet can be listed.
            let session = Session::open(&module, &token).unwrap();
            let keys = session.wallet_keys().unwrap();
            assert!(keys.len() == 2 && keys.iter().all(|key| !key.has_private()));
            let chosen = |uri: &Uri| choose(&token, keys.clone(), Some(uri));
            for key in [&one, &two] {
                let found = chosen(&key.uri(&token)).unwrap();
                assert_eq!(found.address(), key.address());
            }
            let by_label: Uri = "pkcs11:object=wallet".parse().unwrap();
            assert!(
                matches!(chosen(&by_label), Err(WalletError::Ambiguous(uris)) if uris.len() == 2)
            );
            let other: Uri = "pkcs11:object=other".parse().unwrap();
            assert!(matches!(
                chosen(&other),
                Err(WalletError::NotOnToken { present, .. }) if present.len() == 2
            ));
            let mut locked =
                TokenWallet::new(session, chosen(&one.uri(&token)).unwrap(), &mut pins);
            assert!(matches!(
                locked.sign_digest(&[1; 32]),
                Err(WalletError::Token(TokenError::NotSupported { .. }))
            ));
        },
    );
}

#[test]
fn wallets_made_by_other_tools_are_found_and_other_keys_are_none() {
    with_token(
        "wallets_made_by_other_tools_are_found_and_other_keys_are_none",
        |token| {
            let make = |kind: &str, id: &str| {
                let args = ["--keypairgen", "--key-type", kind, "--id", id];
                token.pkcs11_tool(&args);
            };
            make("EC:secp256k1", "0a0b");
            make("EC:prime256v1", "0a0c");
            make("rsa:2048", "0a0d");
        },
        |module| {
            let mut pins = Pins::default();
            let session = Session::open_user(&module, &token(&module), &mut pins).unwrap();
            let keys = session.wallet_keys().unwrap();
            assert_eq!(keys.len(), 1);
            assert_eq!(keys[0].id, b"\x0a\x0b");
            let key = keys[0].clone();
            assert_signs(&mut TokenWallet::new(session, key, &mut pins));
        },
    );
}

#[test]
fn a_wallet_that_demands_the_pin_each_time_gets_it_each_time() {
    with_token(
        "a_wallet_that_demands_the_pin_each_time_gets_it_each_time",
        |token| {
            let key = ["--key-type", "EC:secp256k1", "--id", "01", "--always-auth"];
            token.pkcs11_tool(&[&["--keypairgen"], key.as_slice()].concat());
        },
        |module| {
            let mut pins = Pins::default();
            let session = Session::open_user(&module, &token(&module), &mut pins).unwrap();
            let key = session.wallet_keys().unwrap().remove(0);
            assert!(key.always_authenticate);
            assert_signs(&mut TokenWallet::new(session, key, &mut pins));
            assert_eq!((pins.logins, pins.uses), (1, 51));
        },
    );
}

#[test]
fn halves_that_do_not_belong_together_sign_nothing() {
    with_token(
        "halves_that_do_not_belong_together_sign_nothing",
        |token| {
            let tool = |args: &[&str]| token.pkcs11_tool(args);
            let pair = ["--keypairgen", "--key-type", "EC:secp256k1", "--id"];
            tool(&[&pair[..], &["01"]].concat());
            tool(&[&pair[..], &["02"]].concat());
            tool(&["--delete-object", "--type", "pubkey", "--id", "01"]);
            tool(&["--delete-object", "--type", "privkey", "--id", "02"]);
            tool(&["--set-id", "01", "--type", "pubkey", "--id", "02"]);
        },
        |module| {
            let mut pins = Pins::default();
            let session = Session::open_user(&module, &token(&module), &mut pins).unwrap();
            let key = session.wallet_keys().unwrap().remove(0);
            let address = key.address();
            let mut wallet = TokenWallet::new(session, key, &mut pins);
            assert!(matches!(
                wallet.sign_digest(&[1; 32]),
                Err(WalletError::Foreign(named)) if named == address
            ));
        },
    );
}
