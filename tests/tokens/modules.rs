//! Which module is loaded, what is said of one that cannot be, and what a good one is asked.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::support::spy::{calls, count};
use crate::support::*;

/// Where Debian has SoftHSM2, which is among the paths that are looked at.
const DEBIAN_MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";

fn list(work: &Work) -> Cmd {
    work.cmd(["token", "list", "--raw"])
        .without_env("IEXEC_HSM_MODULE")
}

fn configure(work: &Work, module: &str) {
    let folder = work.home().join(".config/iexec-hsm");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.toml"), format!("module = {module:?}\n")).unwrap();
}

/// The message of a command whose module cannot be used.
fn refused(cmd: Cmd) -> String {
    let error = cmd.run().fails(10).raw_error();
    assert_eq!(error["code"], "token-not-usable");
    error["message"].as_str().unwrap().to_owned()
}

#[test]
fn the_option_wins_over_the_environment_and_the_environment_over_the_file() {
    let token = Token::new();
    let work = Work::new(&token);
    let names = |cmd: Cmd, wanted: &str| {
        let message = refused(cmd);
        for name in ["/none/option.so", "/none/environment.so", "/none/file.so"] {
            assert_eq!(message.contains(name), name == wanted, "{message}");
        }
    };
    configure(&work, "/none/file.so");
    let in_env = || list(&work).env("IEXEC_HSM_MODULE", "/none/environment.so");
    names(list(&work), "/none/file.so");
    names(in_env(), "/none/environment.so");
    names(in_env().arg("--module=/none/option.so"), "/none/option.so");

    let good = |cmd: Cmd| {
        let json = cmd.run().ok().raw();
        assert_eq!(json["module"], token.module.display().to_string());
    };
    good(in_env().arg("--module").arg(&token.module));
    good(list(&work).env("IEXEC_HSM_MODULE", &token.module));
    configure(&work, &token.module.display().to_string());
    good(list(&work));
}

#[test]
fn what_cannot_be_loaded_is_named_in_the_words_of_the_loader() {
    let token = Token::new();
    let work = Work::new(&token);
    let not_a_library = work.write(
        "text.so",
        "this is a text, and longer than a header ".repeat(9),
    );
    let short = work.write("short.so", "short");
    let missing = work.path("missing.so");
    for (path, words) in [
        (&missing, "No such file"),
        (&not_a_library, "invalid ELF header"),
        (&short, "file too short"),
    ] {
        let message = refused(list(&work).arg("--module").arg(path));
        let path = path.display().to_string();
        assert!(message.contains(&path), "{path} in {message}");
        assert!(message.contains(words), "{words} in {message}");
        assert!(message.contains("--module"), "a hint: {message}");
    }
    refused(list(&work).arg("--module").arg(work.folder()));
    let text = work.cmd(["token", "list", "--module"]).arg(&missing);
    let run = text.run().fails(10);
    assert!(run.err().starts_with("error: ") && run.err().contains("\n hint: "));
    assert_eq!(run.out(), "");
}

#[test]
fn a_library_that_is_no_module_is_named_as_such() {
    let token = Token::new();
    let work = Work::new(&token);
    // Every program here is linked with it, so the loader finds it by its name alone.
    let message = refused(list(&work).arg("--module=libc.so.6"));
    assert!(message.contains("libc.so.6"), "{message}");
    assert!(message.contains("C_GetFunctionList"), "{message}");
}

#[test]
fn a_module_is_found_by_a_relative_path() {
    let token = Token::new();
    let work = Work::new(&token);
    symlink(&token.module, work.path("mine.so")).unwrap();
    list(&work).arg("--module=./mine.so").run().ok();
}

#[test]
fn a_module_that_does_not_initialise_is_named_with_its_reason() {
    if other_than_softhsm("its configuration is taken away") {
        return;
    }
    let token = Token::new();
    let work = Work::new(&token);
    let cmd = work.cmd(["token", "list", "--raw"]);
    let message = refused(
        cmd.without_env("SOFTHSM2_CONF")
            .env("SOFTHSM2_CONF", "/none"),
    );
    assert!(message.contains("C_Initialize returned"), "{message}");
}

#[test]
fn without_a_named_module_one_is_found_or_every_tried_path_is_named() {
    if other_than_softhsm("it is found by its path") {
        return;
    }
    let token = Token::new();
    let work = Work::new(&token);
    for conf in [token.softhsm_conf(), "/none".into()] {
        let cmd = list(&work).under(machine::without_other_modules());
        let run = cmd
            .without_env("SOFTHSM2_CONF")
            .env("SOFTHSM2_CONF", &conf)
            .run();
        if conf == token.softhsm_conf() && token.module == Path::new(DEBIAN_MODULE) {
            assert_eq!(run.code, Some(0), "{}", run.err());
        }
        if run.code == Some(0) {
            let json = run.raw();
            assert!(json["module"].as_str().unwrap().ends_with(".so"), "{json}");
            assert!(!json["tokens"].as_array().unwrap().is_empty(), "{json}");
            continue;
        }
        let message = refused_of(&run.fails(10));
        for name in [
            "p11-kit-proxy.so",
            "opensc-pkcs11.so",
            "libykcs11.so",
            "yubihsm_pkcs11.so",
            "libsofthsm2.so",
        ] {
            assert!(message.contains(name), "{name} in {message}");
        }
        assert!(message.contains("IEXEC_HSM_MODULE"), "{message}");
        assert!(message.contains("--module"), "{message}");
    }
}

fn refused_of(run: &Run) -> String {
    run.raw_error()["message"].as_str().unwrap().to_owned()
}

#[test]
fn no_file_of_a_project_names_a_module() {
    let token = Token::new();
    let work = Work::new(&token);
    let uri = format!(
        "pkcs11:token=test?module-path={}",
        work.path("evil.so").display()
    );
    let encoded = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, uri);
    work.write(
        format!(".secrets/beneficiary/{ADDRESS}_key"),
        format!("-----BEGIN IEXEC-HSM KEY REFERENCE-----\n{encoded}\n-----END IEXEC-HSM KEY REFERENCE-----\n"),
    );
    let run = work
        .run(["key", "show", "--wallet-address", ADDRESS])
        .fails(1);
    assert!(
        run.err().contains("names a module or a PIN file"),
        "{}",
        run.err()
    );
    assert!(!run.err().contains("evil.so"), "{}", run.err());
    // Where no address is given, it counts as not there.
    let run = work.run(["key", "list"]).ok();
    assert!(run.err().contains(&token.module.display().to_string()) || run.out().is_empty());
}

/// Everything that a module is asked while two archives are opened, with a key of its own.
fn log_of_two(spy: &Spy) -> String {
    let token = Token::new();
    let work = Work::new(&token);
    let generate = ["result", "generate-keys", "--bits=2048", "--wallet-address"];
    work.cmd(generate).arg(ADDRESS).pin().run().ok();
    let pem = work.read(format!(".secrets/beneficiary/{ADDRESS}_key.pub"));
    let pem = String::from_utf8(pem).unwrap();
    let plain = plain_zip(&[("x", b"1")]);
    work.write("a.zip", Sealed::current(&pem, &plain).archive());
    work.write("b.zip", Sealed::legacy_ecb(&pem, &plain).archive());
    let decrypt = ["result", "decrypt", "a.zip", "b.zip", "--output-dir", "out"];
    spy.watch(work.cmd(decrypt).pin(), &token).run().ok();
    assert!(work.read("out/a.zip") == plain && work.read("out/b.zip") == plain);
    spy.log()
}

#[test]
fn an_archive_costs_one_private_key_operation_and_a_run_one_login() {
    let Some(spy) = Spy::find() else { return };
    let log = log_of_two(&spy);
    let calls = calls(&log);
    for (name, times) in [
        ("C_Initialize", 1),
        ("C_Login", 1),
        ("C_DecryptInit", 2),
        ("C_Decrypt", 2),
        ("C_Finalize", 1),
        ("C_WrapKey", 0),
        ("C_UnwrapKey", 0),
        ("C_DecryptUpdate", 0),
        ("C_GenerateKeyPair", 0),
        ("C_CreateObject", 0),
        ("C_SetAttributeValue", 0),
        ("C_DestroyObject", 0),
    ] {
        assert_eq!(count(&calls, name), times, "{name} in {calls:?}");
    }
    assert_eq!(calls.last().unwrap(), "C_Finalize");
    assert_eq!(
        count(&calls, "C_OpenSession"),
        count(&calls, "C_CloseSession")
    );
}

#[test]
fn nothing_asks_for_the_private_key() {
    let Some(spy) = Spy::find() else { return };
    let mut log = log_of_two(&spy);
    let token = Token::new();
    let work = Work::new(&token);
    for args in [
        &["result", "generate-keys", "--bits=2048"][..],
        &["key", "list"],
        &["key", "show"],
        &["key", "adopt"],
        &["key", "export"],
    ] {
        let cmd = work
            .cmd(args)
            .pin()
            .env("IEXEC_HSM_WALLET_ADDRESS", ADDRESS);
        spy.watch(cmd, &token).run().ok();
        log += &spy.log();
    }
    assert!(log.contains("CKA_MODULUS"), "attributes are in the log");
    for private in [
        "CKA_PRIVATE_EXPONENT",
        "CKA_PRIME_1",
        "CKA_PRIME_2",
        "CKA_EXPONENT_1",
        "CKA_EXPONENT_2",
        "CKA_COEFFICIENT",
        "CKA_VALUE ",
    ] {
        assert!(!log.contains(private), "{private}");
    }
    assert_eq!(count(&calls(&log), "C_WrapKey"), 0);
}

#[test]
fn a_key_is_made_with_all_that_protects_it_and_proved_once() {
    let Some(spy) = Spy::find() else { return };
    let token = Token::new();
    let work = Work::new(&token);
    let cmd = work.cmd(["result", "generate-keys", "--bits=2048"]).pin();
    let cmd = cmd.env("IEXEC_HSM_WALLET_ADDRESS", ADDRESS);
    spy.watch(cmd, &token).run().ok();
    let log = spy.log();
    let calls = calls(&log);
    // It is found anew by a module that was started anew.
    assert_eq!(count(&calls, "C_Initialize"), 2, "{calls:?}");
    assert_eq!(count(&calls, "C_Finalize"), 2);
    assert_eq!(count(&calls, "C_GenerateKeyPair"), 1);
    assert_eq!(count(&calls, "C_Decrypt"), 1);
    let made = calls.iter().position(|it| it == "C_GenerateKeyPair");
    let proved = calls.iter().position(|it| it == "C_Decrypt");
    let again = calls.iter().rposition(|it| it == "C_Initialize");
    assert!(made < again && again < proved, "{calls:?}");
    let template = log.split("C_GenerateKeyPair").nth(1).unwrap();
    let private = template.split("pPrivateKeyTemplate").nth(1).unwrap();
    let private = private.split("C_").next().unwrap();
    for attribute in [
        "TOKEN",
        "PRIVATE",
        "SENSITIVE",
        "DECRYPT",
        "ID",
        "LABEL",
        "EXTRACTABLE",
    ] {
        assert!(private.contains(&format!("CKA_{attribute} ")), "{private}");
    }
    assert!(!private.contains("CKA_UNWRAP "), "{private}");
}

#[test]
fn the_module_is_finalised_after_a_failure_too() {
    let Some(spy) = Spy::find() else { return };
    let token = Token::new();
    let work = Work::new(&token);
    for (args, code) in [
        (&["key", "show"][..], 15),
        (&["key", "list", "--token", "other"], 10),
        (&["key", "list", "--no-input"], 0),
        (&["token", "list"], 0),
    ] {
        spy.watch(work.cmd(args).pin(), &token).run().fails(code);
        let calls = spy.calls();
        assert_eq!(calls.last().unwrap(), "C_Finalize", "{args:?}: {calls:?}");
    }
}
