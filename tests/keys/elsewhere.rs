//! A key whose files are in another folder: the way to it is told, not the way to a second key.

use crate::support::publish::{OTHER, push};
use crate::support::sms::Sms;
use crate::support::*;

fn encrypt<'t>(work: &'t Work<'t>, address: &str) -> Cmd {
    work.write("result.txt", "hi");
    work.cmd([
        "result",
        "encrypt",
        "result.txt",
        "--wallet-address",
        address,
    ])
}

/// The command that a hint names for adopting a key, word by word.
fn adopting(run: &Run) -> Vec<String> {
    let said = run.err();
    assert!(!said.contains("generate-encryption-keypair"), "{said}");
    let (_, rest) = said.split_once("`iexec-hsm key adopt ").expect(&said);
    let words = rest.split('`').next().unwrap().split_whitespace();
    let words: Vec<String> = words.map(|it| it.trim_matches('\'').to_owned()).collect();
    [vec!["key".to_owned(), "adopt".to_owned()], words].concat()
}

#[test]
fn outside_of_its_folder_a_key_on_the_token_is_adopted_by_the_command_that_is_told() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let failed = encrypt(&work, ADDRESS).run().fails(15);
    assert!(
        failed.err().contains("iexec result key 7e5f4552"),
        "{}",
        failed.err()
    );
    assert!(
        failed.err().contains("--beneficiary-keystoredir"),
        "{}",
        failed.err()
    );
    let words = adopting(&failed);
    // No PIN was needed to say so.
    let sms = Sms::start();
    let pushed = push(&work, &sms).run().fails(15);
    assert_eq!(adopting(&pushed), words);
    assert_eq!(sms.methods(), "");
    work.run(&words).ok();
    encrypt(&work, ADDRESS).run().ok();
    push(&work, &sms).run().ok();
}

#[test]
fn keys_of_others_are_pointed_to_and_no_key_is_told_to_be_made() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let said = encrypt(&work, OTHER).run().fails(15).err();
    assert!(said.contains("`iexec-hsm key list`"), "{said}");
    let token = Token::new();
    let empty = Work::new(&token);
    let said = encrypt(&empty, ADDRESS).run().fails(15).err();
    assert!(said.contains("generate-encryption-keypair`"), "{said}");
    let nowhere = Work::without_token();
    let said = encrypt(&nowhere, ADDRESS)
        .arg("--module=/nowhere.so")
        .run()
        .fails(15)
        .err();
    assert!(said.contains("generate-encryption-keypair`"), "{said}");
}
