//! p11-kit's proxy, the first module that is looked for, shows and drives the tokens behind it. It gives each caller of
//! its entry point an instance of its own, with sessions and logins of its own.

use crate::support::*;

#[test]
fn a_key_is_made_and_an_archive_opened_through_the_proxy() {
    if Kind::P11KitProxy.module().is_none() {
        println!("skipped: p11-kit's proxy is not here, or SoftHSM2 is not registered with it");
        return;
    }
    let token = Token::of(Kind::P11KitProxy);
    let work = Work::new(&token);
    let through = |args: &[&str]| work.run(args).ok();

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
