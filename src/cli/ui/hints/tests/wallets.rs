//! Files of a beneficiary, and wallets.

use super::*;

#[test]
fn hints_of_files_of_a_beneficiary() {
    use KeyFileError as Error;
    const MAKE: &str = "generate-encryption-keypair";
    let missing = || FileError::Missing { path: path() };
    let (path, source) = (path(), full());
    says(file(&missing()), MAKE);
    says(file(&missing()), "--beneficiary-keystoredir");
    says(file(&FileError::Read { path, source }), "its permissions");
    let (path, source) = (self::path(), full());
    says(file(&FileError::Write { path, source }), "");
    says(key_file(&missing().into()), MAKE);
    says(public_key_file(&missing().into()), MAKE);
    says(backup(&missing().into()), MAKE);

    let path = self::path;
    const IMPORT: &str = "`iexec-hsm result import-encryption-key /keys/0x_key`";
    let uri_error = |source| Error::Uri {
        path: path(),
        source,
    };
    for (error, words) in [
        (Error::SoftwareKey { path: path() }, IMPORT),
        (Error::WouldDestroySoftwareKey { path: path() }, IMPORT),
        (Error::NotAReference { path: path() }, "key list"),
        (Error::SaysHow { path: path() }, "--key"),
        (uri_error(UriError::PinValue), "--pin-file"),
        (uri_error(UriError::Type), ""),
        (Error::WouldReplaceUnknown { path: path() }, ""),
    ] {
        says(key_file(&error), words);
    }
    let key = |source| PublicKeyFileError::Key {
        path: path(),
        source,
    };
    says(
        public_key_file(&key(PublicKeyError::Damaged("no DER"))),
        "key export",
    );
    let other = BackupError::NotASoftwareKey { path: path() };
    says(backup(&other), "");
}

#[test]
fn hints_of_looking_for_a_wallet() {
    use LocateError as Error;
    let none = Error::NotFound {
        wallet_json: path(),
        keystore: path(),
    };
    let none_for = Error::NoFileFor {
        address: address_of(1),
        keystore: path(),
    };
    let unreadable = Error::Read {
        path: path(),
        source: full(),
    };
    let disagree = Error::Disagree {
        path: path(),
        named: address_of(1),
        inside: address_of(2),
    };
    let no_address = Error::Address {
        path: path(),
        source: AddressError::NotHexadecimal,
    };
    let not_that_of = Error::NotThatOf {
        path: path(),
        inside: address_of(1),
        given: address_of(2),
    };
    let several = Error::Several {
        keystore: path(),
        there: vec![address_of(1), address_of(2)],
    };
    let named = Error::Named {
        path: path(),
        source: full(),
    };
    for (error, words) in [
        (none, "--wallet-file"),
        (none_for, "--keystoredir"),
        (Error::NoHome, "Set HOME"),
        (unreadable, "permissions"),
        (Error::Content(broken_json()), "--wallet-file"),
        (not_that_of, "Leave one of the two out"),
        (several, "--wallet-address"),
        (named, "--keystoredir"),
        (Error::NoAddress { path: path() }, "--wallet-address"),
        (disagree, "--wallet-address"),
        (no_address, ""),
        (Error::Given(AddressError::Zero), ""),
    ] {
        says(locate(&error), words);
    }
}

#[test]
fn hints_of_a_wallet_file() {
    use WalletFileError as Error;
    let disagree = Error::Disagree {
        path: path(),
        named: address_of(1),
        held: address_of(2),
    };
    let unreadable = Error::Read {
        path: path(),
        source: full(),
    };
    let no_address = Error::Address {
        path: path(),
        source: AddressError::NotHexadecimal,
    };
    let keystore = Error::Keystore {
        path: path(),
        source: KeystoreError::Version,
    };
    let private_key = Error::PrivateKey {
        path: path(),
        source: PrivateKeyError::NotHexadecimal,
    };
    for (error, words) in [
        (Error::Content(broken_json()), "--wallet-file"),
        (Error::NoKey { path: path() }, "--wallet-file"),
        (disagree, "Do not use it"),
        (unreadable, "its permissions"),
        (no_address, ""),
        (keystore, ""),
        (private_key, ""),
    ] {
        says(wallet_file(&error), words);
    }
}

#[test]
fn the_source_of_an_address_has_its_name_here() {
    assert_eq!(origin(&AddressOrigin::Given), "--wallet-address");
    let variable = origin(&AddressOrigin::Environment);
    assert_eq!(variable, "IEXEC_HSM_WALLET_KEY");
    let plain = origin(&AddressOrigin::WalletJson(path()));
    assert_eq!(plain, r#"wallet file "/keys/0x_key""#);
}
