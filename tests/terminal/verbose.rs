//! What `--verbose` tells, where, and where not.

use crate::support::*;

#[test]
fn verbose_names_the_module_and_the_token_on_stderr_and_leaves_stdout_as_it_is() {
    let token = Token::new();
    let work = Work::new(&token);
    let plain = work.run(["key", "list"]).ok();
    let verbose = work.run(["key", "list", "-v"]).ok();
    assert_eq!(verbose.out(), plain.out());
    let said = verbose.err();
    let module = format!("module {}", token.module.display());
    assert!(said.lines().any(|line| line == module), "{said}");
    let token = format!("token pkcs11:token={};", token.label);
    assert!(said.lines().any(|line| line.starts_with(&token)), "{said}");
    assert!(said.ends_with(&plain.err()), "{said}");
}

#[test]
fn verbose_says_nothing_where_json_was_asked_for() {
    let token = Token::new();
    let work = Work::new(&token);
    let run = work.run(["key", "list", "-v", "--raw"]).ok();
    assert_eq!(run.raw()["ok"], true);
}

#[test]
fn verbose_names_what_computes_aes() {
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write(
        "encryptedResults.zip",
        keyed.archive(&plain_zip(&[("a", b"b")])),
    );
    let run = work.run(["result", "decrypt", "-v"]).ok();
    let backend = iexec_hsm::envelope::AesBackend::in_use().as_str();
    let line = format!("AES by {backend}");
    assert!(run.err().lines().any(|it| it == line), "{}", run.err());
}
