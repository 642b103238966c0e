//! Publishes the public key of a result key in a Secret Management Service. The wallet's private
//! key, in hexadecimal, is read from a file:
//!
//! ```text
//! cargo run --example publish_key -- SMS-URL PUBLIC-KEY-FILE WALLET-KEY-FILE
//! ```

use std::error::Error;
use std::fs;

use iexec_hsm::envelope::PublicKey;
use iexec_hsm::http::HttpOptions;
use iexec_hsm::sms::challenge::{RESULT_KEY_NAME, Web2Challenge};
use iexec_hsm::sms::{Authorization, SmsClient, value};
use iexec_hsm::wallet::sign::Wallet as _;
use iexec_hsm::wallet::software::SoftwareWallet;
use zeroize::Zeroizing;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [sms, public_key, wallet_key] = arguments.as_slice() else {
        return Err("usage: publish_key SMS-URL PUBLIC-KEY-FILE WALLET-KEY-FILE".into());
    };
    let wallet_key = Zeroizing::new(fs::read_to_string(wallet_key)?);
    let public_key = fs::read_to_string(public_key)?;
    println!("{}", publish(sms, &public_key, wallet_key.trim())?);
    Ok(())
}

/// Publishes `public_key`, a PEM, and returns the address that it is published for.
///
/// # Errors
/// When a key is published already, or the service does not take this one.
pub fn publish(sms: &str, public_key: &str, wallet_key: &str) -> Result<String, Box<dyn Error>> {
    let value = value::value(&PublicKey::from_pem(public_key)?)?;
    let mut wallet = SoftwareWallet::from_text(wallet_key.as_bytes())?;
    let challenge = Web2Challenge {
        owner: wallet.address(),
        name: RESULT_KEY_NAME,
        value: &value,
    };
    let signature = wallet.sign_message32(&challenge.challenge())?;
    let authorization = Authorization::new(signature.to_text())?;

    let client = SmsClient::new(sms, HttpOptions::default())?;
    let secret = client.prepare(wallet.address(), RESULT_KEY_NAME, false)?;
    secret.push(&value, &authorization)?;
    Ok(wallet.address().to_string())
}
