#![allow(clippy::unwrap_used)]

use std::fs;

use tempfile::TempDir;

use super::*;

const OLD: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
const NEW: &str = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359";
const PLAIN: &str = "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB";
const OLD_FILE: &str =
    "UTC--2020-01-31T09-00-00.000000000Z--5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
const NEW_FILE: &str =
    "UTC--2024-12-31T09-00-00.000000000Z--fb6916095ca1df60bb79ce92ce3ea74c37c5d359";

/// A home with two wallets in a keystore folder `keys`, and a working directory.
struct Place {
    folder: TempDir,
    options: WalletOptions,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("keys");
        fs::create_dir_all(folder.path().join("cwd")).unwrap();
        fs::create_dir(&keys).unwrap();
        fs::write(keys.join(OLD_FILE), keystore_json(OLD)).unwrap();
        fs::write(keys.join(NEW_FILE), keystore_json(NEW)).unwrap();
        let options = WalletOptions {
            keystore_dir: KeystoreDir::Path(keys),
            ..WalletOptions::default()
        };
        Self { folder, options }
    }

    fn write(&self, name: &str, content: &str) {
        fs::write(self.folder.path().join(name), content).unwrap();
    }

    fn locate(&self) -> Result<Located, LocateError> {
        locate(
            &self.options,
            Some(self.folder.path()),
            &self.folder.path().join("cwd"),
        )
    }

    fn found(&self) -> (String, String) {
        let located = self.locate().unwrap();
        (located.address.to_string(), located.origin.to_string())
    }
}

fn keystore_json(address: &str) -> String {
    format!(
        r#"{{"address":"{}","Crypto":{{}},"version":3}}"#,
        address[2..].to_lowercase()
    )
}

#[test]
fn the_newest_wallet_of_the_keystore_is_found() {
    let place = Place::new();
    place.write("keys/a--2030--not-an-address", "");
    let (address, origin) = place.found();
    assert_eq!(address, NEW);
    assert!(origin.starts_with("keystore file ") && origin.contains(NEW_FILE));
}

#[test]
fn a_plain_wallet_in_the_working_directory_goes_before_the_keystore() {
    let place = Place::new();
    place.write(
        "cwd/wallet.json",
        &format!(r#"{{"privateKey":"0x01","publicKey":"0x04","address":"{PLAIN}"}}"#),
    );
    let (address, origin) = place.found();
    assert_eq!(address, PLAIN);
    assert!(origin.contains("wallet.json"));
}

#[test]
fn an_address_goes_before_files_and_needs_none() {
    let mut place = Place::new();
    place.write("cwd/wallet.json", "broken");
    place.options.wallet_address = Some(OLD.parse().unwrap());
    assert_eq!(
        place.found(),
        (OLD.to_owned(), "the given address".to_owned())
    );
    place.options = WalletOptions {
        keystore_dir: KeystoreDir::Global,
        ..place.options
    };
    assert!(locate(&place.options, None, Path::new("/nonexistent")).is_ok());
}

#[test]
fn a_file_goes_before_everything() {
    let mut place = Place::new();
    place.write("cwd/wallet.json", "broken");
    place.options.wallet_file = Some(OLD_FILE.into());
    assert_eq!(place.found().0, OLD);
    place.write("other.json", &keystore_json(NEW));
    place.options.wallet_file = Some(place.folder.path().join("other.json"));
    assert_eq!(place.found().0, NEW);
    place.options.wallet_file = Some("missing".into());
    assert!(matches!(place.locate(), Err(LocateError::Named { .. })));
}

#[test]
fn a_given_address_counts_where_the_file_tells_none_and_must_not_contradict_it() {
    let mut place = Place::new();
    place.write("silent", r#"{"crypto":{},"version":3}"#);
    let silent = place.folder.path().join("silent");
    place.options.wallet_file = Some(silent);
    assert!(matches!(place.locate(), Err(LocateError::NoAddress { .. })));
    place.options.wallet_address = Some(PLAIN.parse().unwrap());
    assert_eq!(place.found().0, PLAIN);
    assert_eq!(signs(&place).unwrap(), "silent");

    place.options.wallet_file = Some(OLD_FILE.into());
    assert!(matches!(place.locate(), Err(LocateError::NotThatOf { .. })));
    place.options.wallet_address = Some(OLD.parse().unwrap());
    assert_eq!(place.found().0, OLD);
}

#[test]
fn files_of_iapp_are_found_by_address_and_alone() {
    let mut place = Place::new();
    let iapp = format!("{PLAIN}.json");
    place.write(&format!("keys/{iapp}"), &keystore_json(PLAIN));
    assert_eq!(place.found().0, NEW, "one with a date is newer");
    place.options.wallet_address = Some(PLAIN.parse().unwrap());
    assert_eq!(signs(&place).unwrap(), iapp);
    place.options.wallet_address = None;
    for dated in [OLD_FILE, NEW_FILE] {
        fs::remove_file(place.folder.path().join("keys").join(dated)).unwrap();
    }
    assert_eq!(place.found().0, PLAIN);
    place.write(&format!("keys/{OLD}.json"), &keystore_json(OLD));
    let error = place.locate().unwrap_err();
    assert!(matches!(&error, LocateError::Several { there, .. } if there.len() == 2));
    assert!(error.to_string().contains(OLD), "{error}");
}

#[test]
fn a_plain_wallet_without_an_address_has_that_of_its_key() {
    let place = Place::new();
    let key = format!("0x{:064}", 1);
    place.write("cwd/wallet.json", &format!(r#"{{"privateKey":"{key}"}}"#));
    assert_eq!(
        place.found().0,
        "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
    );
}

#[test]
fn the_keystore_is_global_local_or_a_path() {
    assert_eq!(
        KeystoreDir::from(PathBuf::from("global")),
        KeystoreDir::Global
    );
    assert_eq!(
        KeystoreDir::from(PathBuf::from("local")),
        KeystoreDir::Local
    );
    assert_eq!(
        KeystoreDir::from(PathBuf::from("./local")),
        KeystoreDir::Path("./local".into())
    );
    let mut place = Place::new();
    place.options.keystore_dir = KeystoreDir::Path("../keys".into());
    assert_eq!(place.found().0, NEW);
    place.write(&format!("cwd/{OLD_FILE}"), &keystore_json(OLD));
    place.options.keystore_dir = KeystoreDir::Local;
    assert_eq!(place.found().0, OLD);
    place.options.keystore_dir = KeystoreDir::Global;
    assert!(matches!(
        locate(&place.options, None, Path::new("/nonexistent")),
        Err(LocateError::NoHome)
    ));
}

#[test]
fn without_any_wallet_there_is_no_address() {
    let mut place = Place::new();
    for keystore in ["missing", "."] {
        place.options.keystore_dir = KeystoreDir::Path(keystore.into());
        let error = place.locate().unwrap_err();
        assert!(matches!(error, LocateError::NotFound { .. }));
    }
}

#[test]
fn name_and_content_must_agree() {
    let place = Place::new();
    place.write(&format!("keys/{NEW_FILE}"), &keystore_json(OLD));
    assert!(matches!(place.locate(), Err(LocateError::Disagree { .. })));
    place.write(&format!("keys/{NEW_FILE}"), r#"{"crypto":{},"version":3}"#);
    assert_eq!(place.found().0, NEW);
}

#[test]
fn an_unusable_wallet_json_is_not_passed_over() {
    let place = Place::new();
    place.write("cwd/wallet.json", r#"{"privateKey":"0x01"}"#);
    assert!(matches!(place.locate(), Err(LocateError::NoAddress { .. })));
    place.write(
        "cwd/wallet.json",
        r#"{"address":"0x0000000000000000000000000000000000000000"}"#,
    );
    assert!(matches!(
        place.locate(),
        Err(LocateError::Address {
            source: AddressError::Zero,
            ..
        })
    ));
}

#[test]
fn broken_wallets_are_refused_without_showing_them() {
    let place = Place::new();
    for content in [
        r#""0xsecret""#,
        r#"{"privateKey":"0xsecret","address":"0xsecret"}"#,
        "{\n\"privateKey\":0xsecret",
        r#"{"address":["0xsecret"]}"#,
    ] {
        place.write("cwd/wallet.json", content);
        let error = place.locate().unwrap_err();
        assert!(
            !format!("{error} {error:?}").contains("secret"),
            "{error:?}"
        );
    }
}

#[test]
fn the_zero_address_is_refused() {
    let mut place = Place::new();
    place.options.wallet_address = Some(Address::from([0; 20]));
    assert!(matches!(
        place.locate(),
        Err(LocateError::Given(AddressError::Zero))
    ));
}

#[test]
fn a_key_in_the_environment_goes_before_what_just_lies_there() {
    let mut place = Place::new();
    place.write("cwd/wallet.json", "broken");
    place.options.environment = Some(PLAIN.parse().unwrap());
    assert_eq!(
        place.found(),
        (
            PLAIN.to_owned(),
            "the private key in the environment".to_owned()
        )
    );
    place.options.wallet_file = Some(OLD_FILE.into());
    assert_eq!(place.found().0, OLD);
}

/// The name of the file that signs.
fn signs(place: &Place) -> Result<String, LocateError> {
    let located = place.locate().unwrap();
    let cwd = place.folder.path().join("cwd");
    let file = file_of(&located, &place.options, Some(place.folder.path()), &cwd)?;
    Ok(file.file_name().unwrap().to_str().unwrap().to_owned())
}

#[test]
fn the_file_that_signs_is_the_one_that_the_address_came_from() {
    let mut place = Place::new();
    assert_eq!(signs(&place).unwrap(), NEW_FILE);
    place.write("cwd/wallet.json", &format!(r#"{{"address":"{PLAIN}"}}"#));
    assert_eq!(signs(&place).unwrap(), "wallet.json");
    place.options.wallet_file = Some(OLD_FILE.into());
    assert_eq!(signs(&place).unwrap(), OLD_FILE);
}

#[test]
fn for_an_address_the_newest_file_of_it_signs() {
    let mut place = Place::new();
    place.options.wallet_address = Some(OLD.parse().unwrap());
    assert_eq!(signs(&place).unwrap(), OLD_FILE);
    let newer = OLD_FILE.replace("2020", "2021").to_lowercase() + ".json";
    place.write(&format!("keys/{newer}"), &keystore_json(OLD));
    assert_eq!(signs(&place).unwrap(), newer);

    place.options.wallet_address = Some(PLAIN.parse().unwrap());
    place.write("cwd/wallet.json", &format!(r#"{{"address":"{OLD}"}}"#));
    let text = signs(&place).unwrap_err().to_string();
    let sdk = format!("No wallet file matching address {PLAIN} found in ");
    assert!(text.starts_with(&sdk), "{text}");
    place.write("cwd/wallet.json", &format!(r#"{{"address":"{PLAIN}"}}"#));
    assert_eq!(signs(&place).unwrap(), "wallet.json");
}

#[test]
fn every_file_is_listed_with_its_address_or_what_is_wrong_with_it() {
    let place = Place::new();
    place.write("cwd/wallet.json", "broken");
    place.write("keys/other", "");
    let cwd = place.folder.path().join("cwd");
    let files = every_file(&place.options, None, &cwd).unwrap();
    let shown: Vec<_> = files
        .iter()
        .map(|file| {
            let name = file.path.file_name().unwrap().to_str().unwrap();
            (name, file.address.as_ref().ok().map(Address::to_string))
        })
        .collect();
    let expected = [
        ("wallet.json", None),
        (NEW_FILE, Some(NEW.to_owned())),
        (OLD_FILE, Some(OLD.to_owned())),
    ];
    assert_eq!(shown, expected);
}
