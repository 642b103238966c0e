//! p11-kit's proxy, the first module that is looked for, shows and drives the tokens behind it. It gives each caller of
//! its entry point an instance of its own, with sessions and logins of its own.

mod support;

use std::path::{Path, PathBuf};

use support::*;

/// The proxy, where it is and stands for SoftHSM2, too.
fn proxy() -> Option<PathBuf> {
    let folders = [
        "/usr/lib/x86_64-linux-gnu",
        "/usr/lib/aarch64-linux-gnu",
        "/usr/lib64",
    ];
    let found = folders.map(|folder| Path::new(folder).join("p11-kit-proxy.so"));
    let proxy = found.into_iter().find(|path| path.exists());
    if proxy.is_none() || !Path::new("/usr/share/p11-kit/modules/softhsm2.module").exists() {
        println!("skipped: p11-kit's proxy is not here, or SoftHSM2 is not registered with it");
        return None;
    }
    proxy
}

#[test]
fn a_key_is_made_and_an_archive_opened_through_the_proxy() {
    let Some(proxy) = proxy() else { return };
    let token = Token::new();
    let work = Work::new(&token);
    let through = |args: &[&str]| {
        work.cmd(args)
            .pin()
            .env("IEXEC_HSM_MODULE", &proxy)
            .run()
            .ok()
    };

    let listed = through(&["token", "list", "--raw"]).raw();
    let labels = listed["tokens"].as_array().unwrap();
    assert!(
        labels.iter().any(|it| it["label"] == *token.label),
        "{listed}"
    );

    let token_option = format!("--token={}", token.label);
    let address = format!("--wallet-address={ADDRESS}");
    let generate = [
        "result",
        "generate-keys",
        "--bits",
        "2048",
        &token_option,
        &address,
    ];
    through(&generate);
    let public = work.path(format!(".secrets/beneficiary/{ADDRESS}_key.pub"));
    let plain = plain_zip(&[("result.txt", b"through the proxy")]);
    let archive = Sealed::current(&std::fs::read_to_string(public).unwrap(), &plain).archive();
    work.write("encryptedResults.zip", archive);
    through(&["result", "decrypt"]);
    assert_eq!(work.read("results.zip"), plain);
}
