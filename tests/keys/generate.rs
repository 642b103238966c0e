//! `result generate-encryption-keypair`: what is made on the token, and what is written beside it.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::support::faulty::{Call, Ledger};
use crate::support::*;

const KEY: &str = ".secrets/beneficiary/0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf_key";
const PUB: &str = ".secrets/beneficiary/0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf_key.pub";

/// Attribute types, as a ledger shows them: `CKA_ID`, `CKA_LABEL`, `CKA_EXTRACTABLE`.
const ID: &str = "0x102";
const LABEL: &str = "0x3";
const EXTRACTABLE: &str = "0x162";

/// The command, with the PIN and the address at hand.
fn generate(work: &Work, args: &[&str]) -> Cmd {
    let all = ["result", "generate-encryption-keypair"];
    let cmd = work.cmd(all.iter().chain(args)).pin();
    cmd.env("IEXEC_HSM_WALLET_ADDRESS", ADDRESS)
}

fn small(work: &Work) -> Value {
    generate(work, &["--bits", "2048", "--raw"])
        .run()
        .ok()
        .raw()
}

/// The result keys on the token, as JSON.
fn keys(work: &Work) -> Vec<Value> {
    let run = work.run(["key", "list", "--raw"]).ok();
    run.raw()["keys"].as_array().unwrap().clone()
}

fn no_key(token: &Token) {
    let objects = token.objects();
    assert!(!objects.contains("Key Object"), "{objects}");
}

/// What stands behind a name in what pkcs11-tool prints of the private key.
fn of_private(objects: &str, name: &str) -> String {
    let private = objects.split("Private Key Object").nth(1).unwrap();
    let line = private
        .lines()
        .find(|line| line.trim_start().starts_with(&format!("{name}:")));
    let line = line.unwrap_or_else(|| panic!("{name} in {objects}"));
    line.split_once(':').unwrap().1.trim().to_owned()
}

#[test]
fn the_key_has_4096_bits_unless_another_size_is_asked_for() {
    let token = Token::new();
    let work = Work::new(&token);
    let made = generate(&work, &["--raw"]).run().ok().raw();
    assert_eq!(made["bits"], 4096);
    assert_eq!(work.read(PUB).len(), 800);
    for bits in [2048, 3072] {
        let made = generate(&work, &["--raw", "--bits", &bits.to_string()]);
        assert_eq!(made.run().ok().raw()["bits"], bits);
        let pem = String::from_utf8(work.read(PUB)).unwrap();
        assert_eq!(openssl::modulus_len(&pem), bits / 8);
    }
    for bits in ["1024", "2047", "8192", "many"] {
        generate(&work, &["--bits", bits]).run().fails(2);
    }
    let sizes: Vec<_> = keys(&work).iter().map(|key| key["bits"].clone()).collect();
    assert_eq!(sizes.len(), 3, "{sizes:?}");
}

#[test]
fn without_a_size_it_is_the_largest_that_the_token_makes() {
    let token = Token::new();
    let work = Work::new(&token);
    // Some tell the range in bytes, and some tell none.
    for (range, bits) in [
        ("1024 3072", 3072),
        ("2048 2048", 2048),
        ("256 384", 3072),
        ("512 16384", 4096),
        ("0 0", 4096),
    ] {
        let faulty = Faulty::before(&token);
        let faulty = faulty.rule(format!("mechanism CKM_RSA_PKCS_KEY_PAIR_GEN sizes {range}"));
        let made = faulty.drive(generate(&work, &["--raw"])).run().ok().raw();
        assert_eq!(made["bits"], bits, "{range}");
    }
}

#[test]
fn a_token_that_makes_no_such_key_is_named_with_the_other_way() {
    let token = Token::new();
    let work = Work::new(&token);
    for (rule, args) in [
        ("hidden", &["--raw"][..]),
        ("hidden", &["--raw", "--bits=2048"]),
        ("sizes 8192 16384", &["--raw"]),
        ("sizes 1025 1999", &["--raw"]),
    ] {
        let rule = format!("mechanism CKM_RSA_PKCS_KEY_PAIR_GEN {rule}");
        let faulty = Faulty::before(&token).rule(&rule);
        let error = faulty
            .drive(generate(&work, args))
            .run()
            .fails(16)
            .raw_error();
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("iexec-hsm key adopt"), "{message}");
        assert_eq!(faulty.ledger().count("C_Login"), 0, "{rule}");
    }
    let rule = "mechanism CKM_RSA_PKCS_KEY_PAIR_GEN sizes 2048 2048";
    let faulty = Faulty::before(&token).rule(rule);
    let run = faulty.drive(generate(&work, &["--bits=4096"])).run();
    assert!(run.err().contains("--bits"), "{}", run.err());
    run.fails(16);
    no_key(&token);
}

#[test]
fn the_private_key_can_only_decrypt_and_never_leaves_the_token() {
    let token = Token::new();
    let work = Work::new(&token);
    let made = small(&work);
    let objects = token.objects();
    assert_eq!(of_private(&objects, "Usage"), "decrypt");
    let access = of_private(&objects, "Access");
    let mut access: Vec<_> = access.split(", ").collect();
    access.sort_unstable();
    let wanted = [
        "always sensitive",
        "local",
        "never extractable",
        "sensitive",
    ];
    assert_eq!(access, wanted);
    let id = of_private(&objects, "ID");
    assert_eq!(id.split_whitespace().next().unwrap().len(), 4, "{id}");
    assert_eq!(of_private(&objects, "label"), "iexec result key 7e5f4552");

    let told = &made["facts"];
    assert_eq!(told["origin"], "made on the token");
    for (fact, value) in [
        ("sensitive", true),
        ("extractable", false),
        ("local", true),
        ("alwaysSensitive", true),
        ("neverExtractable", true),
    ] {
        assert_eq!(told[fact], value, "{fact} in {made}");
    }
    // Private: it is not there for whoever has not logged in.
    let mut command = std::process::Command::new("pkcs11-tool");
    command.envs(token.env());
    command.arg("--module").arg(&token.module);
    let seen = command.args(["--token-label", "test", "--list-objects"]);
    let seen = String::from_utf8(seen.output().unwrap().stdout).unwrap();
    assert!(seen.contains("Public Key Object"), "{seen}");
    assert!(!seen.contains("Private Key Object"), "{seen}");
}

#[test]
fn the_public_key_file_is_what_openssl_would_write() {
    let token = Token::new();
    let work = Work::new(&token);
    small(&work);
    let id = of_private(&token.objects(), "ID");
    let der = work.path("public.der");
    token.pkcs11_tool(&[
        "--read-object",
        "--type",
        "pubkey",
        "--id",
        id.split_whitespace().next().unwrap(),
        "--output-file",
        der.to_str().unwrap(),
    ]);
    let output = std::process::Command::new("openssl")
        .args(["pkey", "-pubin", "-inform", "DER", "-in"])
        .arg(&der)
        .output()
        .unwrap();
    assert!(output.status.success());
    let pem = work.read(PUB);
    assert!(pem == output.stdout, "byte for byte");
    let text = String::from_utf8(pem).unwrap();
    let body: Vec<_> = text.lines().collect();
    let (last, full) = body[1..body.len() - 1].split_last().unwrap();
    assert!(full.iter().all(|line| line.len() == 64) && last.len() <= 64);
    assert!(!text.contains('\r') && text.ends_with("-----END PUBLIC KEY-----\n"));
    let mode = |name| fs::metadata(work.path(name)).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode(PUB), mode(KEY)), (0o644, 0o644));
    assert_eq!(mode(".secrets/beneficiary"), 0o700);
}

#[test]
fn the_key_file_names_the_key_and_holds_no_secret() {
    let token = Token::new();
    let work = Work::new(&token);
    let made = small(&work);
    let text = String::from_utf8(work.read(KEY)).unwrap();
    let (_, block) = text
        .split_once("-----BEGIN IEXEC-HSM KEY REFERENCE-----\n")
        .unwrap();
    let (encoded, rest) = block
        .split_once("\n-----END IEXEC-HSM KEY REFERENCE-----\n")
        .unwrap();
    assert_eq!(rest, "");
    let encoded = encoded.replace('\n', "");
    let uri = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, encoded).unwrap();
    let uri = String::from_utf8(uri).unwrap();
    assert_eq!(uri, made["key"].as_str().unwrap());
    assert!(uri.contains("serial=") && uri.contains("id=%"), "{uri}");
    for absent in [
        "pin",
        "module",
        "softhsm2.so",
        "?",
        &token.pin,
        "PRIVATE KEY",
    ] {
        assert!(!uri.contains(absent), "{absent} in {uri}");
        assert!(
            !text.contains(absent) || absent == "pin",
            "{absent} in {text}"
        );
    }
}

#[test]
fn it_is_told_in_the_words_and_the_json_of_the_sdk() {
    let token = Token::new();
    let work = Work::new(&token);
    let run = generate(&work, &["--bits", "2048"]).run().ok();
    let folder = work.path(".secrets/beneficiary");
    let sentence = format!(
        "Encryption keypair \"{ADDRESS}_key\" and \"{ADDRESS}_key.pub\" generated in \"{}\"",
        folder.display()
    );
    assert_eq!(run.out(), "");
    for words in [
        sentence.as_str(),
        &format!("Generate encryption keypair for wallet address {ADDRESS}"),
        "made on the token, sensitive, not extractable, always sensitive, never extractable",
    ] {
        assert!(run.err().contains(words), "{words} in {}", run.err());
    }
    let alias = work.cmd(["result", "generate-keys", "--bits=2048", "--raw"]);
    let made = alias
        .pin()
        .env("IEXEC_HSM_WALLET_ADDRESS", ADDRESS)
        .run()
        .ok()
        .raw();
    assert_eq!(made["ok"], true);
    assert_eq!(made["secretPath"], folder.display().to_string());
    assert_eq!(made["privateKeyFile"], format!("{ADDRESS}_key"));
    assert_eq!(made["publicKeyFile"], format!("{ADDRESS}_key.pub"));
}

#[test]
fn a_second_run_keeps_the_old_key_and_its_archives_open() {
    let token = Token::new();
    let work = Work::new(&token);
    let plain = plain_zip(&[("result.txt", b"Hello, world!")]);
    let seal = |name: &str| {
        let pem = String::from_utf8(work.read(PUB)).unwrap();
        work.write(name, Sealed::current(&pem, &plain).archive());
    };
    let first = small(&work);
    seal("first.zip");
    let run = generate(&work, &["--bits", "2048"]).run().ok();
    assert!(
        run.err().contains("stays on its token")
            && run.err().contains(first["key"].as_str().unwrap()),
        "{}",
        run.err()
    );
    seal("second.zip");
    let keys = keys(&work);
    assert_eq!(keys.len(), 2);
    assert_ne!(keys[0]["id"], keys[1]["id"]);
    for key in &keys {
        assert_eq!(key["current"], key["key"] != first["key"], "{key}");
    }
    for name in ["first.zip", "second.zip"] {
        work.run(["result", "decrypt", name, "--output-dir", "out"])
            .ok();
        assert!(work.read(format!("out/{name}")) == plain);
    }
}

#[test]
fn id_and_label_are_as_asked_for() {
    let token = Token::new();
    let work = Work::new(&token);
    let args = [
        "--bits", "2048", "--id", "0x01aB", "--label", "my key", "--raw",
    ];
    let made = generate(&work, &args).run().ok().raw();
    let uri = made["key"].as_str().unwrap();
    assert!(
        uri.contains("object=my%20key") && uri.contains("id=%01%AB"),
        "{uri}"
    );
    let objects = token.objects();
    assert!(of_private(&objects, "ID").starts_with("01ab"), "{objects}");
    assert_eq!(of_private(&objects, "label"), "my key");

    let run = generate(&work, &["--bits", "2048", "--id", "01ab"])
        .run()
        .fails(16);
    assert!(run.err().contains("01ab is taken"), "{}", run.err());
    for (option, value) in [
        ("--id", "0x1"),
        ("--id", ""),
        ("--id", "0x"),
        ("--id", "xy"),
        ("--id", "+1"),
        ("--label", ""),
        ("--label", "Schlüssel"),
        ("--label", &"x".repeat(41)),
    ] {
        generate(&work, &["--bits", "2048", option, value])
            .run()
            .fails(2);
    }
    assert_eq!(keys(&work).len(), 1);
    let longest = "x".repeat(40);
    generate(
        &work,
        &["--bits", "2048", "--id", "7f", "--label", &longest],
    )
    .run()
    .ok();
    assert!(token.objects().contains(&longest));
}

/// Makes a small key behind a module with this rule.
fn behind(token: &Token, rule: &str) -> (Run, Ledger) {
    let work = Work::new(token);
    let faulty = Faulty::before(token).rule(rule);
    let run = faulty.drive(generate(&work, &["--bits", "2048"])).run();
    (run, faulty.ledger())
}

#[test]
fn an_id_is_asked_for_before_a_key_gets_it() {
    let (run, ledger) = behind(&Token::new(), "# no fault");
    run.ok();
    let names = ledger.names();
    let made = names.iter().position(|it| *it == "C_GenerateKeyPair");
    let before = &ledger.0[..made.unwrap()];
    let asked = |call: &Call| call.name == "C_FindObjectsInit" && call.arg("template") == ID;
    assert!(before.iter().any(asked), "{before:?}");
}

#[test]
fn a_token_that_dislikes_attributes_is_given_fewer() {
    for (refusals, rv, without) in [
        (1, "CKR_ATTRIBUTE_TYPE_INVALID", &[EXTRACTABLE][..]),
        (1, "CKR_ATTRIBUTE_READ_ONLY", &[EXTRACTABLE]),
        (1, "CKR_TEMPLATE_INCOMPLETE", &[EXTRACTABLE]),
        (2, "CKR_ATTRIBUTE_VALUE_INVALID", &[EXTRACTABLE, LABEL]),
        (2, "CKR_TEMPLATE_INCONSISTENT", &[EXTRACTABLE, LABEL]),
    ] {
        let token = Token::new();
        let rule = format!("C_GenerateKeyPair 1-{refusals} return {rv}");
        let (run, ledger) = behind(&token, &rule);
        run.ok();
        let calls = ledger.of("C_GenerateKeyPair");
        assert_eq!(calls.len(), refusals + 1, "{rv}");
        let last: Vec<&str> = calls[refusals].arg("private").split('+').collect();
        let left_out = calls[0].arg("private").split('+');
        let left_out: Vec<&str> = left_out.filter(|it| !last.contains(it)).collect();
        assert_eq!(left_out, without, "{rv}");
        let objects = token.objects();
        let unlabelled = of_private(&objects, "label").is_empty();
        assert_eq!(unlabelled, without.contains(&LABEL), "{rv}");
        let access = of_private(&objects, "Access");
        assert!(access.contains("never extractable"), "{access}");
    }
}

#[test]
fn what_is_not_about_attributes_is_not_tried_again() {
    let token = Token::new();
    let rule = "C_GenerateKeyPair * return CKR_FUNCTION_FAILED";
    let (run, ledger) = behind(&token, rule);
    let run = run.fails(16);
    assert!(run.err().contains("did not make the key"), "{}", run.err());
    assert_eq!(ledger.count("C_GenerateKeyPair"), 1);
    no_key(&token);
}

#[test]
fn a_token_that_is_write_protected_is_called_so_before_a_pin_is_sent() {
    let rule = "C_OpenSession * return CKR_TOKEN_WRITE_PROTECTED";
    let (run, ledger) = behind(&Token::new(), rule);
    let run = run.fails(16);
    assert!(run.err().contains("is write-protected"), "{}", run.err());
    let counts = ["C_OpenSession", "C_Login"].map(|it| ledger.count(it));
    assert_eq!(counts, [1, 0]);
}

#[test]
fn without_a_usable_address_nothing_is_made() {
    let token = Token::new();
    let work = Work::new(&token);
    let run = |address: Option<&str>| {
        let cmd = work
            .cmd(["result", "generate-keys", "--bits", "2048"])
            .pin();
        match address {
            Some(address) => cmd.arg("--wallet-address").arg(address),
            None => cmd,
        }
        .run()
    };
    let none = run(None).fails(33);
    assert!(none.err().contains("--wallet-address"), "{}", none.err());
    for (address, words) in [
        ("0x7e5F4552091A69125d5DfCb7b8C2659029395Bdf", "EIP-55"),
        ("0x0000000000000000000000000000000000000000", "zero address"),
        ("0x7E5F4552091A69125d5DfCb7b8C2659029395Bd", "39"),
        ("alice.eth", "not looked up"),
    ] {
        let run = run(Some(address)).fails(2);
        assert!(run.err().contains(words), "{words} in {}", run.err());
    }
    let private_key = "4f3edf983ac636a65a842ce7c78d9aa706d3b113bce9c46f30d7d21715b23b1d";
    let leaked = run(Some(private_key)).fails(2);
    assert!(!leaked.err().contains("4f3edf98"), "{}", leaked.err());
    no_key(&token);
    assert_eq!(work.files(), Vec::<String>::new());
}

#[test]
fn an_address_of_any_letter_case_is_written_with_its_checksum() {
    let token = Token::new();
    let work = Work::new(&token);
    for address in [
        ADDRESS.to_lowercase(),
        ADDRESS[2..].to_lowercase(),
        ADDRESS[2..].to_uppercase(),
    ] {
        let cmd = work.cmd(["result", "generate-keys", "--bits=2048", "--wallet-address"]);
        cmd.arg(address).pin().run().ok();
        assert_eq!(work.files(), [KEY, PUB]);
    }
}
