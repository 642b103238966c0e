#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;

use tempfile::TempDir;

use super::super::eip191::eip191_digest;
use super::*;

const ONE: &str = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";
const KEY: &str = "0x0000000000000000000000000000000000000000000000000000000000000001";
const OTHER: &str = "0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF";

/// As iExec's SDK writes it: made by ethers 6, the password being "correct horse".
const SDK: &str = r#"{"address":"7e5f4552091a69125d5dfcb7b8c2659029395bdf","id":"febba565-ce6a-4b68-83be-da834791361e","version":3,"Crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"fb28f2e72513ac7950c6c216cb9bb382"},"ciphertext":"5d1103187783224b5a55ec7cda5d89b65fb87002e8d1945371b27269bccc2c7c","kdf":"scrypt","kdfparams":{"salt":"4406a254a3e250795ef509bbb3225e9243624c1fb24084c39fa6a3818f33abdf","n":131072,"dklen":32,"p":1,"r":8},"mac":"f7839b12154f5ff4c08fb4a7a61b4886e037dade3e5061438f1e9172702f34ab"}}"#;

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    fn read(&self, name: &str, content: &str) -> Result<WalletFile, WalletFileError> {
        read(&self.write(name, content)).map(|(file, exposed)| {
            assert_eq!(exposed, None);
            file
        })
    }
}

fn unlocked(file: WalletFile, password: &str) -> SoftwareWallet {
    match file {
        WalletFile::Plain(_) => panic!("not encrypted"),
        WalletFile::Encrypted(keystore) => keystore.unlock(password.as_bytes()).unwrap(),
    }
}

#[test]
fn the_sdks_keystore_signs() {
    let name = "UTC--2026-01-02T03-04-05.678000000Z--7E5F4552091A69125d5DfCb7b8C2659029395Bdf";
    let file = Folder::new().read(name, SDK).unwrap();
    let mut wallet = unlocked(file, "correct horse");
    assert_eq!(wallet.address().to_string(), ONE);
    let signature = wallet.sign_message32(&[7; 32]).unwrap();
    let signer = signature.recover(&eip191_digest(&[7; 32]));
    assert_eq!(signer, Ok(wallet.address()));
}

#[test]
fn both_spellings_of_crypto_are_read() {
    let folder = Folder::new();
    let small = SDK.replace("Crypto", "crypto");
    for text in [SDK, &small] {
        let file = folder.read("wallet", text).unwrap();
        assert!(matches!(file, WalletFile::Encrypted(it) if it.address() == ONE.parse().ok()));
    }
    let crypto = &SDK[SDK.find("Crypto\":").unwrap() + 8..SDK.len() - 1];
    for other in ["null", crypto] {
        let both = SDK.replace(r#""version""#, &format!(r#""crypto":{other},"version""#));
        assert!(folder.read("wallet", &both).is_ok(), "{both}");
    }
    let both = SDK.replace(r#""version""#, r#""crypto":{},"version""#);
    let error = folder.read("wallet", &both).unwrap_err();
    assert!(error.to_string().contains("`crypto`"), "{error}");
}

#[test]
fn in_a_plain_wallet_only_the_private_key_signs() {
    let folder = Folder::new();
    for content in [
        format!(r#"{{"privateKey":"{KEY}"}}"#),
        format!(r#"{{"privateKey":"{KEY}","publicKey":"0x04ff","address":"{ONE}"}}"#),
    ] {
        let WalletFile::Plain(wallet) = folder.read("wallet.json", &content).unwrap() else {
            panic!("it is plain");
        };
        assert_eq!(wallet.address().to_string(), ONE);
    }
}

#[test]
fn addresses_that_disagree_are_refused() {
    let folder = Folder::new();
    let name = format!("UTC--2026--{}", &OTHER[2..]);
    let plain = |address: &str| format!(r#"{{"privateKey":"{KEY}","address":"{address}"}}"#);
    let only_key = format!(r#"{{"privateKey":"{KEY}"}}"#);
    for (name, content) in [
        ("wallet.json", plain(OTHER).as_str()),
        (&name, &plain(ONE)),
        (&name, &only_key),
        (&name, SDK),
    ] {
        let error = folder.read(name, content).unwrap_err();
        assert!(matches!(error, WalletFileError::Disagree { .. }), "{error}");
        assert!(error.to_string().contains(ONE) && error.to_string().contains(OTHER));
    }
}

#[test]
fn the_name_says_whose_an_encrypted_wallet_is_when_its_content_does_not() {
    let silent = SDK.replace(
        r#""address":"7e5f4552091a69125d5dfcb7b8c2659029395bdf","#,
        "",
    );
    let name = format!("UTC--2026--{}", &OTHER[2..]);
    let file = Folder::new().read(&name, &silent).unwrap();
    let WalletFile::Encrypted(keystore) = file else {
        panic!("it is encrypted");
    };
    let error = keystore.unlock(b"correct horse").unwrap_err();
    assert!(matches!(error, KeystoreError::Disagree { .. }), "{error}");
}

#[test]
fn what_cannot_sign_is_refused_without_showing_it() {
    let folder = Folder::new();
    let secret = "secretsecret";
    for content in [
        format!(r#"{{"address":"{ONE}","publicKey":"{secret}"}}"#),
        format!(r#"{{"privateKey":"{secret}"}}"#),
        format!(r#"{{"privateKey":["{secret}"]}}"#),
        format!(r#"{{"privateKey":"{KEY}","address":"{secret}"}}"#),
        format!(r#"{{"version":3,"crypto":{{"cipher":"{secret}"}}}}"#),
        SDK.replace(":3,", &format!(r#":"{secret}","#)),
        format!("{secret} {{"),
    ] {
        let error = folder.read("wallet.json", &content).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(secret), "{error:?}");
    }
    assert!(matches!(
        read(&folder.0.path().join("none")),
        Err(WalletFileError::Read { .. })
    ));
}

#[test]
fn a_file_that_all_can_read_is_reported() {
    let folder = Folder::new();
    let path = folder.write("wallet.json", &format!(r#"{{"privateKey":"{KEY}"}}"#));
    for (mode, reported) in [(0o600, false), (0o640, false), (0o644, true), (0o604, true)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let (_, exposed) = read(&path).unwrap();
        assert_eq!(exposed.is_some(), reported, "{mode:o}");
        if let Some(exposed) = exposed {
            assert!(exposed.to_string().contains(&format!("(mode {mode:03o})")));
        }
    }
}
