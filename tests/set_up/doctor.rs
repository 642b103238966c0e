//! `doctor`: each part of a set-up that is right is said to be, and each that is wrong is found.

use std::fs;

use serde_json::Value;

use crate::support::publish::{self, OTHER, WALLET_KEY};
use crate::support::sms::Sms;
use crate::support::*;

/// The checks of that name.
fn named<'v>(report: &'v Value, name: &str) -> Vec<&'v Value> {
    let all = report["checks"].as_array().unwrap();
    all.iter().filter(|check| check["name"] == name).collect()
}

/// The state of the only check of that name.
#[track_caller]
fn state(report: &Value, name: &str) -> String {
    let found = named(report, name);
    assert_eq!(found.len(), 1, "{name} in {report}");
    found[0]["state"].as_str().unwrap().to_owned()
}

fn doctor(work: &Work, args: &[&str]) -> Cmd {
    work.cmd([&["doctor", "--raw"], args].concat())
}

/// The report of one that finds something broken, which decides its exit code.
#[track_caller]
fn broken(cmd: Cmd, exit: i32) -> Value {
    let run = cmd.run().fails(exit);
    assert_eq!(run.out(), "");
    let report: Value = serde_json::from_str(&run.err()).unwrap();
    assert_eq!(report["error"]["exit"], exit, "{report}");
    assert_eq!(report["verdict"], "broken");
    report
}

#[test]
fn a_right_set_up_has_nothing_broken_and_costs_no_login() {
    let token = Token::new();
    let work = publish::with_key(&token);
    let faulty = Faulty::before(&token);
    // That a PIN is at hand is no reason to try it.
    let report = faulty.drive(doctor(&work, &[]).pin()).run().ok().raw();
    for name in [
        "module",
        "slots",
        "token",
        "PIN",
        "decrypt",
        "make keys",
        "key",
        "key files",
    ] {
        assert_eq!(state(&report, name), "ok", "{report}");
    }
    assert_eq!(state(&report, "login"), "skipped");
    assert_eq!(named(&report, "SMS").len(), 0);
    if !other_than_softhsm("it says what it is") {
        let module = named(&report, "module")[0]["found"].as_str().unwrap();
        let says = "(SoftHSM, Implementation of PKCS11 2.";
        assert!(module.contains(says), "{module}");
    }
    let ledger = faulty.ledger();
    assert_eq!(ledger.count("C_Login"), 0);
    for changes in [
        "C_CreateObject",
        "C_GenerateKeyPair",
        "C_DestroyObject",
        "C_InitToken",
    ] {
        assert_eq!(ledger.count(changes), 0);
    }
}

#[test]
fn the_selftest_opens_a_result_with_one_login_and_leaves_nothing() {
    let token = Token::new();
    let work = publish::with_key(&token);
    let faulty = Faulty::before(&token);
    let before = work.files();
    let cmd = doctor(&work, &["--selftest"])
        .env("TMPDIR", work.home())
        .pin();
    let report = faulty.drive(cmd).run().ok().raw();
    assert_eq!(state(&report, "selftest"), "ok");
    assert_eq!(state(&report, "login"), "ok");
    let key = named(&report, "key")[0]["found"].as_str().unwrap();
    assert!(
        key.contains("made on the token, sensitive, not extractable"),
        "{key}"
    );
    let ledger = faulty.ledger();
    assert_eq!((ledger.logins(1).len(), ledger.count("C_Decrypt")), (1, 1));
    assert_eq!(work.files(), before);
    assert_eq!(fs::read_dir(work.home()).unwrap().count(), 0);
}

#[test]
fn a_selftest_that_the_token_fails_is_no_success() {
    let token = Token::new();
    let work = publish::with_key(&token);
    let faulty = Faulty::before(&token).rule("C_Decrypt * return CKR_DEVICE_ERROR");
    let report = broken(faulty.drive(doctor(&work, &["--selftest"]).pin()), 11);
    assert_eq!(state(&report, "selftest"), "broken");
}

#[test]
fn the_login_is_one_attempt_and_its_failure_is_named() {
    let token = Token::new();
    let work = publish::with_key(&token);
    let wrong = token.secret_file("wrong", "9999");
    let faulty = Faulty::before(&token).rule("pin-tries 3");
    let cmd = || faulty.drive(doctor(&work, &["--login"]).env("IEXEC_HSM_PIN_FILE", &wrong));
    let report = broken(cmd(), 12);
    assert_eq!(state(&report, "login"), "broken");
    assert_eq!(faulty.ledger().count("C_Login"), 1);
    // Without a login the token's word is all there is, and costs nothing.
    let report = faulty.drive(doctor(&work, &[])).run().ok().raw();
    assert_eq!(state(&report, "PIN"), "warning");
    faulty.set_wrong_pins(3);
    let report = broken(faulty.drive(doctor(&work, &[])), 13);
    assert_eq!(state(&report, "PIN"), "broken");
    assert_eq!(faulty.ledger().count("C_Login"), 0);
}

#[test]
fn a_module_that_cannot_be_loaded_is_the_first_thing_broken() {
    let work = Work::without_token();
    let alone = machine::without_other_modules();
    let cmd = doctor(&work, &["--module", "/nowhere.so"]).under(&alone);
    let report = broken(cmd, 10);
    assert_eq!(state(&report, "module"), "broken");
    assert_eq!(state(&report, "token"), "skipped");
    let run = work
        .cmd(["doctor", "--module", "/nowhere.so"])
        .under(&alone)
        .run()
        .fails(10);
    assert_eq!(run.err(), "");
    let text = run.out();
    assert!(text.contains("broken    module"), "{text}");
    assert_eq!(text.lines().last(), Some("Verdict: broken: module"));
}

#[test]
fn a_token_that_is_empty_or_silent_is_told_from_none() {
    let token = Token::uninitialised();
    let work = Work::new(&token);
    let report = broken(doctor(&work, &[]), 10);
    let fix = named(&report, "token")[0]["fix"].as_str().unwrap();
    assert!(fix.contains("iexec-hsm setup"), "{fix}");

    let token = Token::new();
    let work = Work::new(&token);
    let faulty = Faulty::before(&token).rule("C_GetTokenInfo * return CKR_DEVICE_ERROR");
    let report = broken(faulty.drive(doctor(&work, &[])), 10);
    let slots = named(&report, "slots")[0];
    assert_eq!(slots["state"], "warning");
    assert!(
        slots["found"].as_str().unwrap().contains("DeviceError"),
        "{slots}"
    );

    let faulty = Faulty::before(&token).rule("C_GetTokenInfo * return CKR_TOKEN_NOT_PRESENT");
    let report = broken(faulty.drive(doctor(&work, &[])), 10);
    let slots = named(&report, "slots")[0];
    assert_eq!(slots["state"], "ok", "{slots}");
    assert!(
        slots["found"].as_str().unwrap().contains(": no token"),
        "{slots}"
    );
}

#[test]
fn what_the_token_cannot_do_is_said() {
    let token = Token::new();
    let work = publish::with_key(&token);
    let faulty = Faulty::before(&token)
        .rule("mechanism CKM_RSA_PKCS no-decrypt")
        .rule("mechanism CKM_RSA_PKCS_OAEP hidden")
        .rule("mechanism CKM_RSA_PKCS_KEY_PAIR_GEN hidden");
    let report = broken(faulty.drive(doctor(&work, &[])), 16);
    assert_eq!(state(&report, "decrypt"), "broken");
    assert_eq!(state(&report, "decrypt OAEP"), "not-there");
    assert_eq!(state(&report, "make keys"), "not-there");
}

#[test]
fn a_key_that_may_leave_its_token_is_a_warning() {
    let token = Token::new();
    let work = publish::with_key(&token);
    let faulty = Faulty::before(&token).rule("attribute CKA_EXTRACTABLE 01");
    let report = faulty
        .drive(doctor(&work, &["--login"]).pin())
        .run()
        .ok()
        .raw();
    assert_eq!(state(&report, "key"), "warning");
    assert_eq!(report["verdict"], "warning");
}

#[test]
fn files_that_do_not_agree_with_the_token_are_found() {
    let token = Token::new();
    let work = publish::with_key(&token);
    let files = |args: &[&str]| doctor(&work, args).pin();
    let public = work.path(publish::public_file());
    let right = fs::read(&public).unwrap();

    fs::remove_file(&public).unwrap();
    let report = files(&[]).run().ok().raw();
    assert_eq!(state(&report, "key files"), "warning");

    fs::write(&public, "no key").unwrap();
    assert_eq!(state(&broken(files(&[]), 16), "key files"), "broken");

    let other = Keyed::new();
    fs::write(&public, &other.public).unwrap();
    assert_eq!(state(&broken(files(&[]), 16), "key files"), "broken");

    fs::write(&public, &right).unwrap();
    for kind in ["privkey", "pubkey"] {
        let label = "iexec result key 7e5f4552";
        token.pkcs11_tool(&["--delete-object", "--type", kind, "--label", label]);
    }
    token.pkcs11_tool(&["--keypairgen", "--key-type", "rsa:2048", "--id", "0102"]);
    assert_eq!(state(&files(&[]).run().ok().raw(), "key files"), "warning");
    let report = broken(files(&["--login"]), 15);
    assert_eq!(state(&report, "key files"), "broken");
}

#[test]
fn a_service_is_asked_only_where_one_is_named() {
    let token = Token::new();
    let work = publish::with_key(&token);
    let sms = Sms::start();
    let ask = |args: &[&str]| {
        doctor(&work, args)
            .env("IEXEC_HSM_SMS_URL", sms.url())
            .env("IEXEC_HSM_WALLET_KEY", WALLET_KEY)
    };
    let report = ask(&["--offline"]).run().ok().raw();
    assert_eq!(state(&report, "SMS"), "skipped");
    assert_eq!(sms.methods(), "");
    let report = ask(&[]).run().ok().raw();
    assert_eq!(state(&report, "SMS"), "not-there");
    assert_eq!(state(&report, "wallet"), "ok");
    sms.store(ADDRESS, publish::SECRET, "something");
    let report = ask(&[]).run().ok().raw();
    assert_eq!(state(&report, "SMS"), "ok");
    assert_eq!(sms.methods(), "HEAD HEAD");
    // Nothing that was asked holds a signature.
    let report = ask(&["--wallet-address", OTHER]).run().ok().raw();
    assert_eq!(state(&report, "SMS"), "not-there");

    let gone = sms.url();
    drop(sms);
    let report = broken(
        doctor(
            &work,
            &[
                "--timeout",
                "1",
                "--sms-url",
                &gone,
                "--wallet-address",
                ADDRESS,
            ],
        ),
        30,
    );
    assert_eq!(state(&report, "SMS"), "broken");
}

#[test]
fn a_wrong_configuration_does_not_keep_the_rest_from_being_looked_at() {
    let token = Token::new();
    let work = publish::with_key(&token);
    let path = work.home().join(".config/iexec-hsm/config.toml");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, "modul = \"x\"\n").unwrap();
    let report = broken(doctor(&work, &[]), 2);
    assert_eq!(state(&report, "configuration"), "broken");
    assert_eq!(state(&report, "token"), "ok");
    fs::write(&path, "token = \"test\"\nchain = \"no-such-chain\"\n").unwrap();
    let report = broken(doctor(&work, &[]), 2);
    assert_eq!(state(&report, "configuration"), "ok");
    assert_eq!(state(&report, "chain"), "broken");
}

#[test]
fn an_agent_is_told_with_its_state() {
    let token = Token::new();
    let work = publish::with_key(&token);
    let agent = Agent::locked(&work, &[]);
    let report = agent.cmd(&work, ["doctor", "--raw"]).run().ok().raw();
    let found = named(&report, "agent")[0];
    assert_eq!(found["state"], "ok");
    assert!(
        found["fix"].as_str().unwrap().contains("agent unlock"),
        "{found}"
    );
    agent.unlock(&token.pin);
    let report = agent.cmd(&work, ["doctor", "--raw"]).run().ok().raw();
    let found = named(&report, "agent")[0]["found"].as_str().unwrap();
    assert!(found.contains("unlocked"), "{found}");
}

#[test]
fn the_report_fits_a_terminal_of_80_columns() {
    let token = Token::new();
    let work = publish::with_key(&token);
    let (code, shown) = Pty::spawn(&work.cmd(["doctor"]).env("NO_COLOR", "1")).wait();
    assert_eq!(code, 0, "{shown}");
    assert!(!shown.contains('\x1b'), "{shown:?}");
    assert!(shown.contains("Verdict: nothing is broken"), "{shown}");
    let long = |line: &&str| line.chars().count() > 80 && line.trim().contains(' ');
    let long: Vec<_> = shown
        .lines()
        .filter(long)
        .filter(|it| !it.contains("/tmp"))
        .collect();
    assert_eq!(long, [""; 0]);
}

#[test]
fn a_pin_file_that_others_can_read_is_a_warning() {
    use std::os::unix::fs::PermissionsExt;
    let token = Token::new();
    let work = publish::with_key(&token);
    let path = work.write("my pin", &token.pin);
    let run = |mode| {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let cmd = work.cmd(["doctor", "--raw", "--pin-file"]);
        cmd.arg(&path).run().ok().raw()
    };
    assert_eq!(state(&run(0o600), "PIN file"), "ok");
    for mode in [0o640, 0o604, 0o602] {
        let report = run(mode);
        assert_eq!(state(&report, "PIN file"), "warning", "{mode:o}");
        let check = named(&report, "PIN file")[0];
        let found = check["found"].as_str().unwrap();
        assert!(found.contains(&format!("(mode 0{mode:o})")), "{found}");
        assert!(
            check["fix"].as_str().unwrap().contains("chmod 600"),
            "{check}"
        );
    }
    let gone = work.cmd(["doctor", "--raw", "--pin-file", "nowhere"]);
    assert_eq!(state(&broken(gone, 23), "PIN file"), "broken");
}

#[test]
fn a_key_that_was_restored_on_another_token_is_found_by_its_public_key() {
    let (first, replacement) = (Token::new(), Token::new());
    let (private, _) = openssl::rsa_key(2048);
    let import = |work: &Work<'_>| {
        work.write("key.pem", &private);
        let args = ["result", "import-encryption-key", "key.pem"];
        work.cmd(args)
            .env("IEXEC_HSM_WALLET_ADDRESS", ADDRESS)
            .pin()
            .run()
            .ok();
    };
    let before = Work::new(&first);
    import(&before);
    import(&Work::new(&replacement));
    let work = Work::new(&replacement);
    let key_file = format!(".secrets/beneficiary/{ADDRESS}_key");
    for file in [key_file, publish::public_file()] {
        work.write(&file, before.read(&file));
    }
    // Commands without --token look for the one that is gone.
    let report = broken(doctor(&work, &["--login"]).pin(), 10);
    assert_eq!(state(&report, "token"), "broken");
    let files = named(&report, "key files")[0];
    assert_eq!(files["state"], "warning", "{report}");
    let fix = files["fix"].as_str().unwrap();
    let adopt = fix.split('`').nth(1).unwrap();
    assert!(adopt.contains("key adopt"), "{fix}");
    let adopt = format!("{adopt} --allow-imported");
    let adopt = adopt.strip_prefix("iexec-hsm ").unwrap();
    let words = std::process::Command::new("sh")
        .args([
            "-c",
            &format!("for word in {adopt}; do echo \"$word\"; done"),
        ])
        .output()
        .unwrap();
    let words = String::from_utf8(words.stdout).unwrap();
    work.cmd(words.lines()).pin().run().ok();
    let report = doctor(&work, &["--login"]).pin().run().ok().raw();
    assert_eq!(state(&report, "key files"), "ok", "{report}");
}

#[test]
fn the_doctor_says_why_it_cannot_speak_to_the_agent_of_another_user() {
    if !rustix::process::geteuid().is_root() {
        println!("skipped: only root can look as another user");
        return;
    }
    let token = Token::new();
    let work = Work::new(&token);
    let agent = Agent::locked(&work, &[]);
    let as_nobody = [
        "setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
    ];
    let cmd = agent.cmd(&work, ["doctor", "--raw", "--offline"]);
    let run = cmd.in_folder("/").under(as_nobody).run();
    let text = [run.out(), run.err()].concat();
    let Ok(report) = serde_json::from_str::<Value>(&text) else {
        println!("skipped: another user cannot run the program here: {text}");
        return;
    };
    assert_eq!(state(&report, "agent"), "warning", "{report}");
    let found = named(&report, "agent")[0]["found"].as_str().unwrap();
    assert!(found.contains("answers only its own user"), "{found}");
}
