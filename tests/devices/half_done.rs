//! Work on a token that stops half-way: the message says in what state the token is, and how to go on.

use crate::support::*;

const GENERATE: [&str; 5] = [
    "result",
    "generate-keys",
    "--bits=2048",
    "--wallet-address",
    ADDRESS,
];

fn has_key(token: &Token) -> bool {
    token.objects().contains("Private Key Object")
}

/// The quoted PKCS#11 URI in a text.
fn uri(text: &str) -> String {
    let quoted = text.split('\'').find(|it| it.starts_with("pkcs11:"));
    quoted
        .unwrap_or_else(|| panic!("no URI: {text}"))
        .to_owned()
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
        assert!(said.contains("its previous content is deleted"), "{said}");
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

#[test]
fn a_key_that_is_made_and_not_found_again_is_named_with_what_to_do() {
    for (rule, code) in [
        ("C_Finalize 1 return CKR_GENERAL_ERROR", 11),
        ("C_Initialize 2 return CKR_DEVICE_ERROR", 10),
        ("C_Initialize 2 remove", 10),
        ("C_OpenSession 2- return CKR_DEVICE_ERROR", 11),
        ("C_Login 2 return CKR_DEVICE_ERROR", 11),
        ("C_Login 2 return CKR_PIN_INCORRECT", 12),
        ("C_Login 2 remove", 11),
    ] {
        let token = Token::new();
        let work = Work::new(&token);
        let faulty = Faulty::before(&token).rule(rule);
        let run = faulty.drive(work.cmd(GENERATE).pin()).run().fails(code);
        let said = run.err();
        assert!(
            said.contains("the new key is left on the token"),
            "{rule}: {said}"
        );
        assert!(has_key(&token));
        assert!(!work.exists(".secrets"), "nothing names it yet");
        // As it says: both ways out work with the URI that it shows.
        assert!(
            said.contains("key adopt") && said.contains("key delete"),
            "{said}"
        );
        let uri = uri(&said);
        let adopt = ["key", "adopt", &uri, "--wallet-address", ADDRESS];
        work.run(adopt).ok();
        let label = "iexec result key 7e5f4552";
        work.run(["key", "delete", &uri, "--confirm-label", label])
            .ok();
        assert!(!has_key(&token));
    }
}

#[test]
fn a_key_that_fails_its_trial_is_removed_and_the_message_says_so() {
    for (rule, code, words) in [
        ("attribute CKA_SENSITIVE 00", 16, "sensitive"),
        (
            "C_Decrypt * return CKR_DEVICE_ERROR",
            16,
            "does not decrypt",
        ),
        ("C_Decrypt * answer 32", 16, "does not decrypt"),
        ("always-authenticate 9876", 12, "refused the PIN"),
    ] {
        let token = Token::new();
        let work = Work::new(&token);
        let faulty = Faulty::before(&token).rule(rule);
        let run = faulty.drive(work.cmd(GENERATE).pin()).run().fails(code);
        assert!(run.err().contains(words), "{}", run.err());
        assert!(run.err().contains("removed again"), "{rule}: {}", run.err());
        assert!(!has_key(&token), "{rule}");
    }
}

#[test]
fn a_key_that_can_neither_be_used_nor_removed_is_named_with_its_fault() {
    for (rule, code, words) in [
        ("attribute CKA_SENSITIVE 00", 16, "sensitive"),
        ("attribute CKA_PUBLIC_EXPONENT 03", 16, "exponent"),
        (
            "C_Decrypt * return CKR_DEVICE_ERROR",
            16,
            "does not decrypt",
        ),
    ] {
        let token = Token::new();
        let work = Work::new(&token);
        let faulty = Faulty::before(&token).rule(rule);
        let faulty = faulty.rule("C_DestroyObject * return CKR_ACTION_PROHIBITED");
        let run = faulty.drive(work.cmd(GENERATE).pin()).run().fails(code);
        let said = run.err();
        assert!(said.contains(words), "{said}");
        assert!(said.contains("the new key is left on the token"), "{said}");
        assert!(said.contains("ActionProhibited"), "{said}");
        assert!(!said.contains("removed again"), "{said}");
        assert!(said.contains("key delete"), "{said}");
        assert!(has_key(&token));
        // It is no key to be taken over.
        assert!(!said.contains("key adopt"), "{said}");
        let label = "iexec result key 7e5f4552";
        work.run(["key", "delete", &uri(&said), "--confirm-label", label])
            .ok();
    }
}

#[test]
fn a_key_that_is_imported_and_not_found_again_is_named_too() {
    let token = Token::new();
    let work = Work::new(&token);
    let (private, _) = openssl::rsa_key(2048);
    work.write("old.pem", private);
    let faulty = Faulty::before(&token).rule("C_Login 2 return CKR_DEVICE_ERROR");
    let import = [
        "result",
        "import-encryption-key",
        "old.pem",
        "--wallet-address",
        ADDRESS,
    ];
    let run = faulty.drive(work.cmd(import).pin()).run().fails(11);
    assert!(
        run.err().contains("the new key is left on the token"),
        "{}",
        run.err()
    );
    let adopt = [
        "key",
        "adopt",
        &uri(&run.err()),
        "--allow-imported",
        "--wallet-address",
        ADDRESS,
    ];
    work.run(adopt).ok();
}

#[test]
fn a_wallet_that_is_made_and_not_found_again_is_named() {
    if without_wallets() {
        return;
    }
    for (rule, code) in [
        ("C_Initialize 2 return CKR_DEVICE_ERROR", 10),
        ("C_Login 2 return CKR_DEVICE_ERROR", 11),
        ("C_Login 2 return CKR_PIN_INCORRECT", 12),
    ] {
        let token = Token::new();
        let work = Work::new(&token);
        let faulty = Faulty::before(&token).rule(rule);
        let run = faulty.drive(work.cmd(["wallet", "create"]).pin()).run();
        let said = run.fails(code).err();
        for words in [
            "the new key is left on the token",
            "Delete pkcs11:token=test",
        ] {
            assert!(said.contains(words), "{rule}: {said}");
        }
        assert!(has_key(&token));
    }
}

#[test]
fn a_wallet_that_fails_its_trial_is_removed_and_the_message_says_so() {
    if without_wallets() {
        return;
    }
    for (rule, words) in [
        ("attribute CKA_SENSITIVE 00", "sensitive"),
        ("C_Sign * return CKR_DEVICE_ERROR", "does not sign"),
        ("C_SignInit * return CKR_MECHANISM_INVALID", "does not sign"),
        ("hide CKO_PUBLIC_KEY", "no whole key pair"),
    ] {
        let token = Token::new();
        let work = Work::new(&token);
        let faulty = Faulty::before(&token).rule(rule);
        let run = faulty.drive(work.cmd(["wallet", "create"]).pin()).run();
        let said = run.fails(16).err();
        assert!(said.contains(words), "{rule}: {said}");
        assert!(said.contains("removed again"), "{rule}: {said}");
        assert!(!has_key(&token), "{rule}");
    }
}

#[test]
fn a_wallet_that_can_neither_be_used_nor_removed_is_named_with_its_fault() {
    if without_wallets() {
        return;
    }
    let undestroyed = "C_DestroyObject * return CKR_ACTION_PROHIBITED";
    for (rules, fault) in [
        (["attribute CKA_SENSITIVE 00", undestroyed], "sensitive"),
        (["hide CKO_PRIVATE_KEY", ""], "no whole key pair"),
    ] {
        let token = Token::new();
        let work = Work::new(&token);
        let faulty = rules.iter().fold(Faulty::before(&token), Faulty::rule);
        let run = faulty.drive(work.cmd(["wallet", "create"]).pin()).run();
        let said = run.fails(16).err();
        for words in [fault, "must not be used", "Delete pkcs11:token=test"] {
            assert!(said.contains(words), "{said}");
        }
        assert!(!said.contains("removed again"), "{said}");
        assert!(has_key(&token));
    }
}
