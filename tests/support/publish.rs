//! What publishing needs: a folder with a result key, wallets that sign, and the one command line.

use std::path::{Path, PathBuf};

use aes::Aes128;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit as _, StreamCipher as _};
use sha3::{Digest as _, Keccak256};

use super::sms::{Sms, Wallet};
use super::{ADDRESS, Cmd, Run, Token, Work, hex};

/// The private key of [`ADDRESS`].
pub const WALLET_KEY: &str = "0000000000000000000000000000000000000000000000000000000000000001";
/// The address of the private key 2.
pub const OTHER: &str = "0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF";
pub const SECRET: &str = "iexec-result-encryption-public-key";
pub const PASSWORD: &str = "correct horse battery staple";

/// A folder with a result key of [`ADDRESS`] on the token.
pub fn with_key(token: &Token) -> Work<'_> {
    let work = Work::new(token);
    work.run([
        "result",
        "generate-keys",
        "--bits",
        "2048",
        "--wallet-address",
        ADDRESS,
    ])
    .ok();
    work
}

/// A push to `sms` with the PIN at hand; nothing signs yet.
pub fn push_unsigned(work: &Work, sms: &Sms) -> Cmd {
    work.cmd(["result", "push-encryption-key"])
        .pin()
        .env("IEXEC_HSM_SMS_URL", sms.url())
}

/// A push to `sms` with the PIN and the wallet's key at hand.
pub fn push(work: &Work, sms: &Sms) -> Cmd {
    push_unsigned(work, sms).env("IEXEC_HSM_WALLET_KEY", WALLET_KEY)
}

/// The public key file of [`ADDRESS`].
pub fn public_file() -> String {
    format!(".secrets/beneficiary/{ADDRESS}_key.pub")
}

/// What is published for the key of a folder.
pub fn value(work: &Work) -> String {
    STANDARD.encode(work.read(public_file()))
}

/// The signature that publishes it.
pub fn authorization(work: &Work) -> String {
    Wallet::new(1).authorize(ADDRESS, SECRET, &value(work))
}

/// What is stored for [`ADDRESS`].
pub fn stored(sms: &Sms) -> Option<String> {
    sms.stored(ADDRESS, SECRET)
}

/// Asserts that no piece of the signature, and neither password nor private key, was printed.
#[track_caller]
pub fn no_secret(run: &Run, authorization: &str) {
    let said = format!("{}{}", run.out(), run.err()).to_lowercase();
    let authorization = authorization.to_lowercase();
    for piece in authorization.as_bytes().windows(16) {
        let piece = std::str::from_utf8(piece).unwrap();
        assert!(!said.contains(piece), "{piece} in {said}");
    }
    for secret in [WALLET_KEY, PASSWORD] {
        assert!(!said.contains(secret), "{said}");
    }
}

/// An encrypted wallet with the private key 1, under [`PASSWORD`], as cheap as it can be.
pub fn keystore(named: Option<&str>) -> String {
    keystore_with("hmac-sha256", named)
}

/// The same with a hash of that name: SHA-256 or SHA-512.
pub fn keystore_with(prf: &str, named: Option<&str>) -> String {
    let (salt, iv) = ([3; 32], [4; 16]);
    let mut derived = [0; 32];
    let derive = match prf {
        "hmac-sha512" => pbkdf2::pbkdf2_hmac::<sha2::Sha512>,
        _ => pbkdf2::pbkdf2_hmac::<sha2::Sha256>,
    };
    derive(PASSWORD.as_bytes(), &salt, 1, &mut derived);
    let mut ciphertext = [0; 32];
    ciphertext[31] = 1;
    Ctr128BE::<Aes128>::new_from_slices(&derived[..16], &iv)
        .unwrap()
        .apply_keystream(&mut ciphertext);
    let mac = Keccak256::digest([&derived[16..], &ciphertext].concat());
    let address = named.map(|address| format!(r#""address":"{}","#, address[2..].to_lowercase()));
    format!(
        r#"{{{}"version":3,"crypto":{{"cipher":"aes-128-ctr","cipherparams":{{"iv":"{}"}},"ciphertext":"{}","kdf":"pbkdf2","kdfparams":{{"dklen":32,"salt":"{}","c":1,"prf":"{prf}"}},"mac":"{}"}}}}"#,
        address.unwrap_or_default(),
        hex(&iv),
        hex(&ciphertext),
        hex(&salt),
        hex(&mac),
    )
}

/// Puts a wallet into the keystore of the home folder, readable by its owner alone.
pub fn in_keystore(work: &Work, date: &str, address: &str, content: &str) -> PathBuf {
    let name = format!("UTC--{date}T00-00-00.000000000Z--{}", &address[2..]);
    private_file(&work.home().join(".ethereum/keystore").join(name), content)
}

/// A file that only its owner may read.
pub fn private_file(path: &Path, content: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    path.to_owned()
}
