//! `config show` and `config check`: what is set, where, and what is wrong with it.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::*;

const OTHER: &str = "0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF";

/// Writes the configuration of the work's home.
fn configure(work: &Work, content: &str) -> PathBuf {
    let path = work.home().join(".config/iexec-hsm/config.toml");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, content).unwrap();
    path
}

/// One setting as `config show --raw` tells it.
#[track_caller]
fn setting(shown: &Value, name: &str) -> Value {
    let all = shown["settings"].as_array().unwrap();
    all.iter().find(|it| it["name"] == name).unwrap().clone()
}

#[track_caller]
fn assert_from(shown: &Value, name: &str, value: &str, source: &str) {
    let setting = setting(shown, name);
    assert_eq!(
        (&setting["value"], &setting["source"]),
        (&json!(value), &json!(source))
    );
}

#[test]
fn each_setting_is_shown_with_the_place_that_says_it() {
    let work = Work::without_token();
    let file = configure(
        &work,
        "# mine\ntoken = \"a\"\nkeystoredir = \"wallets\"\n\nmax-size = 5\nno-agent = true\n",
    );
    let shown = work
        .cmd(["config", "show", "--raw", "--module", "/typed.so"])
        .env("IEXEC_HSM_TOKEN", "b")
        .env("IEXEC_HSM_MODULE", "/other.so")
        .env("IEXEC_HSM_IDLE", "1h")
        .run()
        .ok()
        .raw();
    assert_eq!(shown["configFile"], *file.to_str().unwrap());
    assert_from(&shown, "module", "/typed.so", "flag");
    assert_from(&shown, "token", "b", "environment");
    assert_from(&shown, "idle", "1h", "environment");
    assert_from(&shown, "keystoredir", "wallets", "file");
    assert_from(&shown, "max-size", "5", "file");
    assert_from(&shown, "no-agent", "true", "file");
    assert_from(&shown, "timeout", "120", "default");
    assert_eq!(setting(&shown, "keystoredir")["line"], 3);
    assert_eq!(setting(&shown, "max-size")["line"], 5);
    assert_eq!(setting(&shown, "key")["value"], Value::Null);

    let show = work.cmd(["config", "show"]);
    let text = show
        .without_env("IEXEC_HSM_DEVICE_TIMEOUT")
        .run()
        .ok()
        .out();
    assert!(text.contains("[the file, line 3]"), "{text}");
    assert!(!text.contains("timeout"), "{text}");
    let text = work.cmd(["config", "show", "--verbose"]).run().ok().out();
    assert!(text.contains("120  [default]"), "{text}");
}

#[test]
fn no_secret_is_shown() {
    let work = Work::without_token();
    configure(&work, "sms-url = \"https://me:secret-4@sms.example\"\n");
    for raw in [
        &["config", "show", "--raw"][..],
        &["config", "show", "--verbose"],
    ] {
        let run = work
            .cmd(raw)
            .env("IEXEC_HSM_PIN", "secret-1")
            .env("IEXEC_HSM_WALLET_KEY", "secret-2")
            .env("IEXEC_HSM_WALLET_PASSWORD", "secret-3")
            .run()
            .ok();
        let said = format!("{}{}", run.out(), run.err());
        assert!(!said.contains("secret-"), "{said}");
        assert_eq!(said.matches("(set, not shown)").count(), 3, "{said}");
    }
}

#[test]
fn of_two_that_exclude_each_other_the_unused_one_is_named() {
    let work = Work::without_token();
    configure(
        &work,
        "wallet-file = \"w\"\nsms-url = \"https://sms.example\"\nchain = \"bellecour\"\n",
    );
    let show = |args: &[&str]| {
        let args = [&["config", "show", "--raw"], args].concat();
        work.cmd(args).run().ok().raw()
    };
    let overruled = |shown: &Value, name| setting(shown, name)["overruledBy"].clone();
    let plain = show(&[]);
    assert_eq!(overruled(&plain, "chain"), "sms-url");
    assert_eq!(overruled(&plain, "wallet-file"), Value::Null);
    let typed = show(&["--chain", "134", "--wallet-address", OTHER]);
    assert_eq!(overruled(&typed, "sms-url"), "chain");
    assert_eq!(overruled(&typed, "wallet-file"), "wallet-address");
}

#[test]
fn a_file_is_checked_before_it_takes_its_place() {
    let work = Work::without_token();
    let check = |args: &[&str]| work.cmd([&["config", "check"], args].concat()).run();
    let absent = check(&["--raw"]).ok().raw();
    assert_eq!(absent["exists"], false);
    check(&["nowhere.toml"]).fails(23);

    // That the one in use is wrong does not matter.
    configure(&work, "\n  modul = \"4711\"\n");
    work.write("good.toml", "token = \"a\"\n");
    let good = check(&["good.toml", "--raw"]).ok().raw();
    assert_eq!(good["names"], json!(["token"]));

    let run = check(&["--raw"]).fails(2);
    let error: Value = serde_json::from_str(&run.err()).unwrap();
    assert_eq!((&error["line"], &error["column"]), (&json!(2), &json!(3)));
    assert_eq!(error["error"]["code"], "usage");
    let run = check(&[]).fails(2);
    assert!(
        run.err().contains("config.toml\":2:3: unknown field"),
        "{}",
        run.err()
    );
    assert!(!run.err().contains("4711"), "{}", run.err());
    work.cmd(["config", "show"]).run().fails(2);
}

#[test]
fn the_settings_are_those_of_the_documentation() {
    let page = fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/docs/configuration.md"
    ));
    let page = page.unwrap();
    let work = Work::without_token();
    let shown = work.cmd(["config", "show", "--raw"]).run().ok().raw();
    let variables: Vec<&str> = shown["settings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["variable"].as_str().unwrap())
        .collect();
    let mut rows = 0;
    for row in page
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains("`IEXEC_HSM_"))
    {
        let variable = row
            .split("`IEXEC_HSM_")
            .nth(1)
            .unwrap()
            .split('`')
            .next()
            .unwrap();
        let variable = format!("IEXEC_HSM_{variable}");
        assert!(variables.contains(&&*variable), "{variable} is not shown");
        rows += 1;
    }
    assert_eq!(rows, variables.len());
}
