//! Keys and wallets by what people call them: a label, an id, an address.

use crate::support::*;

fn uri_of(run: Run) -> String {
    run.ok().raw()["key"].as_str().unwrap().to_owned()
}

#[test]
fn a_key_is_found_by_label_id_and_address() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let made = work.cmd(["key", "list", "--raw"]).pin().run().ok().raw();
    let id = made["keys"][0]["id"].as_str().unwrap();
    let label = made["keys"][0]["label"].as_str().unwrap();
    let digits = &ADDRESS[2..10].to_lowercase();
    let show = |name: &str| work.cmd(["key", "show", name, "--raw"]).pin().run();
    let uri = uri_of(show(label));
    for name in [id, &id.to_uppercase(), digits, ADDRESS, &ADDRESS[..8]] {
        assert_eq!(uri_of(show(name)), uri, "{name}");
    }
    // The option and the environment as well.
    let run = work.cmd(["key", "show", "--raw", "--key", id]).pin().run();
    assert_eq!(uri_of(run), uri);
    let run = work.cmd(["key", "show", "--raw"]).pin();
    assert_eq!(uri_of(run.env("IEXEC_HSM_KEY", digits).run()), uri);
    let run = show("no such key").fails(15);
    assert!(run.err().contains("no such key"), "{}", run.err());
    assert!(
        run.err().contains(&uri.replace('"', "\\\"")),
        "{}",
        run.err()
    );
    for (name, shown) in [("", ""), ("id=%01", "id=%01"), (&"a1".repeat(32), "a1a1")] {
        let run = show(name).fails(2);
        assert!(run.err().contains("an id, an address"), "{}", run.err());
        assert!(
            shown.is_empty() || !run.err().contains(shown),
            "{}",
            run.err()
        );
    }
}

#[test]
fn what_opened_an_archive_is_told_as_people_know_it() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let raw = work.cmd(["key", "list", "--raw"]).pin().run().ok().raw();
    let [id, label, uri] = ["id", "label", "key"].map(|it| raw["keys"][0][it].as_str().unwrap());
    work.write("a.zip", keyed.archive(&plain_zip(&[("result.txt", b"hi")])));
    let open = |more: &[&str]| {
        let cmd = work.cmd(["result", "decrypt", "a.zip", "--force", "--key", id]);
        cmd.args(more).pin().run().ok()
    };
    let said = open(&[]).err();
    assert!(
        said.contains(&format!("Opened with {label:?} (id {id})")),
        "{said}"
    );
    assert!(!said.contains("pkcs11:"), "{said}");
    assert!(open(&["-v"]).err().contains(uri));
    assert_eq!(open(&["--raw"]).raw()["key"], uri);
    // A list has what people know first, and the URI last.
    let listed = work.cmd(["key", "list"]).pin().run().ok().out();
    let lines: Vec<&str> = listed.lines().collect();
    let serial = raw["token"].as_str().unwrap();
    let serial = serial
        .split("serial=")
        .nth(1)
        .unwrap()
        .split(';')
        .next()
        .unwrap();
    assert!(
        lines[0].starts_with(&format!(
            "{label:?} (id {id}), on the token \"test\" (serial {serial})"
        )),
        "{listed}"
    );
    assert_eq!(lines.last().unwrap().trim(), uri);
}

#[test]
fn a_name_that_fits_several_keys_lists_them_and_an_address_means_the_current_one() {
    let keyed = Keyed::new();
    keyed.add_key(2048);
    let work = publish::with_key(&keyed.token);
    let listed = work.cmd(["key", "list", "--raw"]).pin().run().ok().raw();
    let keys = listed["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 3);
    let show = |name: &str| work.cmd(["key", "show", name, "--raw"]).pin().run();
    let digits = &ADDRESS[2..10].to_lowercase();
    let run = show(digits).fails(15);
    for key in keys {
        let (id, uri) = (key["id"].as_str().unwrap(), key["key"].as_str().unwrap());
        assert!(run.err().contains(uri), "{}", run.err());
        assert_eq!(uri_of(show(id)), uri);
    }
    let current = keys.iter().find(|it| it["current"] == true).unwrap();
    assert_eq!(uri_of(show(ADDRESS)), current["key"].as_str().unwrap());
}

#[test]
fn a_wallet_is_found_by_label_id_and_address() {
    if without_wallets() {
        return;
    }
    let token = Token::new();
    let work = Work::new(&token);
    let made = work
        .cmd(["wallet", "create", "--raw"])
        .pin()
        .run()
        .ok()
        .raw();
    let address = made["address"].as_str().unwrap();
    for name in ["iexec wallet", address, &address[..8], &address[2..10]] {
        let listed = work.run(["wallet", "list", "--raw", "--wallet", name]).ok();
        let listed = listed.raw();
        let used = listed["wallets"]
            .as_array()
            .unwrap()
            .iter()
            .find(|it| it["used"] == true);
        assert_eq!(used.unwrap()["address"], address, "{name}");
    }
    let cmd = work.cmd([
        "result",
        "push-encryption-key",
        "--wallet",
        "another wallet",
    ]);
    let run = cmd
        .args(&["--sms-url", "https://sms.invalid"])
        .run()
        .fails(33);
    assert!(run.err().contains("another wallet"), "{}", run.err());
}

#[test]
fn a_refused_value_is_repeated_unless_it_may_be_a_secret() {
    let work = Work::without_token();
    for (args, shown) in [
        (&["agent", "start", "--idle", "5x"][..], "5x"),
        (&["doctor", "--device-timeout", "soon"], "soon"),
        (&["key", "list", "--key", "pkcs11:pin-value=9876"], "…"),
        (&["key", "list", "--wallet-address", "0x123"], "…"),
    ] {
        let run = work.run(args).fails(2);
        let quoted = format!("invalid value '{shown}'");
        assert!(run.err().contains(&quoted), "{}", run.err());
        assert!(!run.err().contains("9876"), "{}", run.err());
    }
}
