//! Work on a token that stops half-way: the message says in what state the token is, and how to go on.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use support::*;

fn has_key(token: &Token) -> bool {
    token.objects().contains("Private Key Object")
}

#[test]
fn a_token_that_is_initialised_but_for_its_pin_is_called_so() {
    for (rule, code) in [
        ("C_InitPIN 1 return CKR_PIN_INVALID", 12),
        ("C_InitPIN 1 return CKR_PIN_LEN_RANGE", 12),
        ("C_InitPIN 1 return CKR_FUNCTION_FAILED", 11),
        ("C_Login 1 return CKR_PIN_INCORRECT", 12),
        ("C_Login 1 return CKR_DEVICE_ERROR", 11),
        ("C_OpenSession 1 return CKR_DEVICE_ERROR", 11),
        ("C_Initialize 2 return CKR_DEVICE_ERROR", 10),
        ("C_Finalize 1 then CKR_GENERAL_ERROR", 11),
        ("C_InitPIN 1 remove", 11),
    ] {
        let token = Token::labelled("before");
        let work = Work::new(&token);
        let faulty = Faulty::before(&token).rule(rule);
        let init = |label: &str, old: &str| {
            let cmd = work.cmd(["token", "init", "--token-label", label, "--force"]);
            let cmd = cmd.arg("--token").arg(old).arg("--confirm-label").arg(old);
            cmd.pin().env("IEXEC_HSM_SO_PIN", &token.so_pin)
        };
        let run = faulty.drive(init("fresh", "before")).run().fails(code);
        let said = run.err();
        assert!(
            said.contains("\"fresh\" is initialised, but its PIN is not set"),
            "{rule}: {said}"
        );
        assert!(said.contains("what was on it is gone"), "{said}");
        assert!(!said.contains("was not initialised"), "{said}");
        assert!(!said.contains("is as it was"), "{said}");
        assert!(said.contains("iexec-hsm token init"), "{said}");
        // As it says.
        init("again", "fresh").run().ok();
        work.run(["key", "list", "--token", "again"]).ok();
    }
}

#[test]
fn a_token_that_was_not_initialised_is_as_it_was() {
    let token = Token::labelled("before");
    token.pkcs11_tool(&["--keypairgen", "--key-type", "rsa:2048", "--id", "01"]);
    let work = Work::new(&token);
    let faulty = Faulty::before(&token).rule("C_InitToken 1 return CKR_SESSION_EXISTS");
    let init = work.cmd([
        "token",
        "init",
        "--token-label",
        "fresh",
        "--force",
        "--token=before",
    ]);
    let init = init.arg("--confirm-label=before").pin();
    let run = faulty
        .drive(init.env("IEXEC_HSM_SO_PIN", &token.so_pin))
        .run();
    let run = run.fails(16);
    assert!(run.err().contains("was not initialised"), "{}", run.err());
    assert!(has_key(&token));
}
