//! Wallet files: what they may cost to open is bounded, and no message shows what they hold.
#![no_main]

use iexec_hsm::fuzzing::wallet_file;
use iexec_hsm::wallet::wallet_file::WalletFile;
use iexec_hsm::wallet::sign::Wallet as _;
use libfuzzer_sys::fuzz_target;
use properties::check_message;
use serde_json::Value;

/// What is worth opening here: more takes too long to fuzz.
const CHEAP: u64 = 4096;

fuzz_target!(|text: &[u8]| {
    let file = match wallet_file(text) {
        Ok(file) => file,
        Err(error) => return check_refusal(text, &error.to_string()),
    };
    let keystore = match file {
        WalletFile::Encrypted(keystore) => keystore,
        WalletFile::Plain(wallet) => {
            assert!(!format!("{wallet:?}").contains("0x0000"));
            check_message(wallet.address());
            return;
        }
        _ => return,
    };
    // Serde takes lists for objects, too, and skips what is no text.
    let Some(cost) = cost(text) else { return };
    assert!(cost.memory <= 1 << 30 && cost.rounds <= 10_000_000);
    if cost.memory > 128 * CHEAP || cost.rounds > CHEAP {
        return;
    }
    // The password of the seeds.
    match keystore.unlock("pa\u{308}ss\u{fb01}".as_bytes()) {
        Ok(wallet) => assert!(keystore.address().is_none_or(|it| it == wallet.address())),
        Err(error) => check_refusal(text, &error.to_string()),
    }
});

/// No message holds any of the values that may be secret.
fn check_refusal(text: &[u8], message: &str) {
    check_message(message);
    let Ok(value) = serde_json::from_slice::<Value>(text) else {
        return;
    };
    let crypto = value.get("crypto").or_else(|| value.get("Crypto"));
    let secrets = [
        value.get("privateKey"),
        crypto.and_then(|it| it.get("ciphertext")),
        crypto.and_then(|it| it.get("mac")),
    ];
    for secret in secrets.into_iter().flatten().filter_map(Value::as_str) {
        let is_key = secret.len() >= 64 && secret.bytes().all(|it| it.is_ascii_hexdigit());
        assert!(!is_key || !message.contains(secret), "{message}");
    }
}

struct Cost {
    memory: u64,
    rounds: u64,
}

/// By another reading of the same text.
fn cost(text: &[u8]) -> Option<Cost> {
    let value: Value = serde_json::from_slice(text).ok()?;
    let crypto = value.get("crypto").or_else(|| value.get("Crypto"))?;
    let number = |name: &str| crypto.get("kdfparams")?.get(name)?.as_u64();
    match crypto.get("kdf")?.as_str()? {
        "scrypt" => Some(Cost {
            memory: number("n")?
                .checked_mul(number("r")?)?
                .checked_mul(number("p")?)?
                .checked_mul(128)?,
            rounds: 0,
        }),
        "pbkdf2" => Some(Cost {
            memory: 0,
            rounds: number("c")?,
        }),
        _ => None,
    }
}
