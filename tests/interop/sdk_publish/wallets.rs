//! Of several wallets both sides choose the same.

use std::fs;

use super::side::{Side, chain, last_target, write_chains, write_plain_wallet};

use crate::support::sms::Sms;
use crate::support::{ADDRESS, Sdk, Work};

const OLDER: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
const NEWER: &str = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359";
const LOCAL: &str = "0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF";

/// Two wallets in the keystore, one in the folder `keys`, and nobody's password.
fn furnish(work: &Work<'_>) {
    let keystore = work.home().join(".ethereum/keystore");
    fs::create_dir_all(&keystore).unwrap();
    for (date, address) in [("2024-05-01", NEWER), ("2023-05-01", OLDER)] {
        fs::write(keystore.join(name(date, address)), content(address)).unwrap();
    }
    let path = format!("keys/{}", name("2020-01-01", LOCAL));
    work.write(path, content(LOCAL));
}

fn name(date: &str, address: &str) -> String {
    format!("UTC--{date}T00-00-00.000000000Z--{}", &address[2..])
}

fn content(address: &str) -> String {
    let digits = address[2..].to_lowercase();
    format!(r#"{{"address":"{digits}","id":"x","version":3,"Crypto":{{}}}}"#)
}

/// Both sides ask the same for this owner.
fn both_ask_for(work: &Work<'_>, sdk: &Sdk, options: &[&str], owner: &str) {
    let sms = Sms::start();
    write_chains(work, [("default", chain(&sms))]);
    for side in [Side::Sdk(sdk), Side::Ours] {
        assert!(!side.check(work, options));
        let name = "iexec-result-encryption-public-key";
        let target = format!("/secrets/web2?ownerAddress={owner}&secretName={name}");
        assert_eq!(last_target(&sms), target);
    }
    assert_eq!(sms.methods(), "HEAD HEAD");
}

#[test]
fn of_several_keystore_files_both_choose_the_same() {
    let Some(sdk) = Sdk::find(Sdk::V9) else {
        return;
    };
    let work = Work::without_token();
    furnish(&work);
    both_ask_for(&work, &sdk, &[], NEWER);
    let older = name("2023-05-01", OLDER);
    both_ask_for(&work, &sdk, &["--wallet-file", &older], OLDER);
    let digits = OLDER[2..].to_lowercase();
    both_ask_for(&work, &sdk, &["--wallet-address", &digits], OLDER);
    both_ask_for(&work, &sdk, &["--keystoredir", "keys"], LOCAL);
}

#[test]
fn a_plain_wallet_wins_over_the_keystore_and_not_over_options() {
    let Some(sdk) = Sdk::find(Sdk::V9) else {
        return;
    };
    let work = Work::without_token();
    furnish(&work);
    write_plain_wallet(&work);
    both_ask_for(&work, &sdk, &[], ADDRESS);
    both_ask_for(&work, &sdk, &["--keystoredir", "keys"], ADDRESS);
    both_ask_for(&work, &sdk, &["--wallet-address", OLDER], OLDER);
    let older = name("2023-05-01", OLDER);
    both_ask_for(&work, &sdk, &["--wallet-file", &older], OLDER);
}
