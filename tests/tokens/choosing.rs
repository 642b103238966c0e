//! Tokens and keys that are hard to tell apart, or look different at different times.

use crate::support::failing_agent::FailingAgent;
use crate::support::*;

fn plain() -> Vec<u8> {
    plain_zip(&[("result.txt", b"Hello, world!")])
}

fn generate(work: &Work<'_>) -> Cmd {
    let args = ["result", "generate-keys", "--bits=2048"];
    work.cmd(args).args(&["--wallet-address", ADDRESS]).pin()
}

fn public(work: &Work<'_>) -> String {
    let file = format!(".secrets/beneficiary/{ADDRESS}_key.pub");
    String::from_utf8(work.read(file)).unwrap()
}

/// Seals a result for the key of the address.
fn seal(work: &Work<'_>) {
    work.write("a.zip", Sealed::current(&public(work), &plain()).archive());
}

fn decrypt(work: &Work<'_>) -> Cmd {
    let args = ["result", "decrypt", "a.zip", "--force"];
    work.cmd(args).args(&["--wallet-address", ADDRESS]).pin()
}

/// Makes a key by another tool.
fn foreign(token: &Token, id: &str, label: &str) {
    let make = ["--keypairgen", "--key-type", "rsa:2048", "--usage-decrypt"];
    token.pkcs11_tool(&[&make[..], &["--sensitive", "--id", id, "--label", label]].concat());
}

/// Makes a key, lists it, and opens an archive, behind such a module.
fn whole_way(token: &Token, rules: &[&str]) {
    let faulty = rules.iter().fold(Faulty::before(token), Faulty::rule);
    let work = Work::new(token);
    faulty.drive(generate(&work)).run().ok();
    let list = work.cmd(["key", "list", "--raw"]).pin();
    let keys = faulty.drive(list).run().ok().raw();
    assert_eq!(
        keys["keys"].as_array().unwrap().len(),
        1,
        "{rules:?}: {keys}"
    );
    assert_eq!(keys["keys"][0]["bits"], 2048, "{rules:?}");
    seal(&work);
    faulty.drive(decrypt(&work)).run().ok();
    assert!(work.read("results.zip") == plain(), "{rules:?}");
    let adopt = ["key", "adopt", "--wallet-address", OTHER];
    faulty.drive(work.cmd(adopt).pin()).run().ok();
}

const OTHER: &str = "0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF";

#[test]
fn sessions_of_one_kind_alone_are_enough() {
    for kind in ["read-only", "read-write"] {
        whole_way(&Token::new(), &[&format!("sessions {kind}")]);
    }
}

#[test]
fn objects_may_be_seen_only_before_or_only_after_the_login() {
    for when in ["before-login", "after-login"] {
        whole_way(&Token::new(), &[&format!("hide CKO_PUBLIC_KEY {when}")]);
    }
    whole_way(&Token::new(), &["hide CKO_PRIVATE_KEY before-login"]);
}

#[test]
fn two_slots_of_one_card_are_told_apart_by_the_label() {
    let token = Token::labelled("card (User PIN)");
    token.add("card (sig)");
    let work = Work::new(&token);
    let faulty = Faulty::before(&token).rule("serial 0005");
    let run = faulty.drive(generate(&work)).run().fails(10);
    for label in ["card%20(User%20PIN)", "card%20(sig)"] {
        assert!(run.err().contains(label), "{label} in {}", run.err());
    }
    let here = ["--token", "card (User PIN)"];
    faulty.drive(generate(&work).args(&here)).run().ok();
    seal(&work);
    assert!(token.objects().contains("Private Key Object"));
    // What is recorded decides from now on.
    recorded_works(&work, &faulty, "card%20(User%20PIN)");
}

/// Every command that works with a key that is recorded, without a word on its token.
fn recorded_works(work: &Work<'_>, faulty: &Faulty<'_>, label: &str) {
    faulty.drive(decrypt(work)).run().ok();
    assert!(work.read("results.zip") == plain());
    for args in [
        &["key", "list"][..],
        &["key", "show"],
        &["key", "export"],
        &["key", "adopt"],
    ] {
        let cmd = work.cmd(args).arg("--raw").pin();
        let run = faulty
            .drive(cmd.env("IEXEC_HSM_WALLET_ADDRESS", ADDRESS))
            .run();
        assert!(run.ok().out().contains(label), "{args:?}");
    }
    let args = ["result", "inspect", "a.zip"];
    faulty.drive(work.cmd(args).pin()).run().ok();
    let push = ["result", "push-encryption-key", "--print-challenge"];
    let push = work.cmd(push).args(&["--wallet-address", ADDRESS]).pin();
    faulty.drive(push).run().ok();
    let doctor = faulty.drive(work.cmd(["doctor", "--selftest", "--raw"]).pin());
    let report = doctor.run().ok().raw();
    let mut files = report["checks"].as_array().unwrap().iter();
    let files = files.find(|it| it["name"] == "key files").unwrap();
    assert_eq!(files["state"], "ok", "{report}");
    let start = faulty.drive(agent::command(work, &[]).pin());
    let agent = agent::Agent::start(start);
    assert!(agent.key().contains(label), "{}", agent.key());
    let cmd = agent.cmd(work, ["result", "decrypt", "a.zip", "--force", "-v"]);
    let run = faulty.drive(cmd).run().ok();
    assert!(run.err().contains("agent /"), "{}", run.err());
}

#[test]
fn of_two_tokens_with_one_serial_the_key_decides_where_labels_changed() {
    let token = Token::labelled("one");
    token.add("two");
    let work = Work::new(&token);
    let faulty = Faulty::before(&token).rule("serial 0005");
    faulty
        .drive(generate(&work).args(&["--token", "two"]))
        .run()
        .ok();
    seal(&work);
    // Both have the same label now, which is neither of those that they had.
    let faulty = Faulty::before(&token)
        .rule("serial 0005")
        .rule("label same");
    recorded_works(&work, &faulty, "token=same");
    assert_eq!(
        faulty
            .ledger()
            .logins(1)
            .iter()
            .filter(|it| it.rv != "CKR_OK")
            .count(),
        0
    );
}

#[test]
fn a_serial_of_zeros_is_none_and_the_label_decides() {
    let token = Token::labelled("mine");
    let work = Work::new(&token);
    let with = |rules: &[&str]| rules.iter().fold(Faulty::before(&token), Faulty::rule);
    let faulty = with(&["serial 0000000000000000"]);
    faulty.drive(generate(&work)).run().ok();
    seal(&work);
    faulty.drive(decrypt(&work)).run().ok();
    // Somebody else's token: no PIN goes to it.
    let other = with(&["serial 0000000000000000", "label theirs"]);
    let said = other.drive(decrypt(&work)).run().fails(10).err();
    assert!(
        said.contains("token=mine") && said.contains("token=theirs"),
        "{said}"
    );
    assert_eq!(other.ledger().count("C_Login"), 0);
}

#[test]
fn an_agent_of_the_other_token_with_the_serial_is_not_asked() {
    let token = Token::labelled("one");
    token.add("two");
    foreign(&token, "07", "theirs");
    let work = Work::new(&token);
    let faulty = Faulty::before(&token).rule("serial 0005");
    faulty
        .drive(generate(&work).args(&["--token", "two"]))
        .run()
        .ok();
    seal(&work);
    let start = agent::command(&work, &["--token", "one"]).pin();
    let agent = agent::Agent::start(faulty.drive(start));
    assert!(agent.key().contains("object=theirs"), "{}", agent.key());
    let cmd = agent.cmd(&work, ["result", "decrypt", "a.zip", "-v"]);
    let said = faulty.drive(cmd).run().fails(14).err();
    assert!(said.contains("not the agent: it holds"), "{said}");
    let cmd = agent.cmd(&work, ["result", "decrypt", "a.zip"]).pin();
    faulty.drive(cmd).run().ok();
    let report = faulty.drive(work.cmd(["doctor", "--token", "one", "--raw"]));
    let report = report.run().ok().raw();
    let mut files = report["checks"].as_array().unwrap().iter();
    let files = files.find(|it| it["name"] == "key files").unwrap();
    assert_eq!(
        files["state"], "skipped",
        "it is on another token: {report}"
    );
}

#[test]
fn ids_have_one_byte_or_as_many_as_64() {
    for id in ["01", &"a5".repeat(64)] {
        let token = Token::new();
        foreign(&token, id, "theirs");
        let work = Work::new(&token);
        let key = work.run(["key", "list", "--raw"]).ok().raw()["keys"][0].clone();
        assert_eq!(key["id"], id);
        let uri = key["key"].as_str().unwrap();
        work.run(["key", "adopt", uri, "--wallet-address", ADDRESS])
            .ok();
        seal(&work);
        decrypt(&work).run().ok();
        assert!(work.read("results.zip") == plain());
    }
    let token = Token::new();
    let work = Work::new(&token);
    for (id, code) in [("7", 2), ("", 2), (&*"a5".repeat(64), 0), ("01", 0)] {
        generate(&work).args(&["--id", id]).run().fails(code);
    }
}

#[test]
fn two_keys_of_one_id_open_their_own_archives() {
    let token = Token::new();
    foreign(&token, "03", "first");
    foreign(&token, "03", "second");
    let work = Work::new(&token);
    let keys = work.run(["key", "list", "--raw"]).ok().raw();
    assert_eq!(keys["keys"].as_array().unwrap().len(), 2, "{keys}");
    for label in ["first", "second"] {
        let uri = format!("pkcs11:object={label};id=%03");
        work.run(["key", "adopt", &uri, "--wallet-address", ADDRESS])
            .ok();
        seal(&work);
        decrypt(&work).run().ok();
        assert!(work.read("results.zip") == plain(), "{label}");
    }
    work.run(["key", "adopt", "pkcs11:id=%03", "--wallet-address", OTHER])
        .fails(15);
}

#[test]
fn a_key_file_names_its_key_although_the_token_has_another_label_now() {
    let token = Token::new();
    let work = Work::new(&token);
    generate(&work).run().ok();
    seal(&work);
    let faulty = Faulty::before(&token).rule("label another");
    faulty.drive(decrypt(&work)).run().ok();
    assert!(work.read("results.zip") == plain());
}

#[test]
fn a_label_that_changes_under_the_agent_does_not_lose_the_token() {
    let keyed = Keyed::new();
    let rules = [
        "label another after 1",
        "C_Decrypt 2 remove",
        "C_Finalize 1 insert",
    ];
    let args = ["--keep-pin", "--sessions", "1"];
    let mut it = FailingAgent::new(&keyed, &args, &rules);
    it.works();
    it.fails("device-failed");
    it.until("unlocked");
    // Its keys are named with the new label.
    it.key = it.agent.key();
    it.works();
    assert_eq!(it.faulty.ledger().count("C_Initialize"), 2);
}

#[test]
fn a_token_that_is_plugged_in_while_slots_are_counted_is_no_failure() {
    let token = Token::new();
    let work = Work::new(&token);
    for (rule, code, calls) in [
        ("C_GetSlotList 2 return CKR_BUFFER_TOO_SMALL", 0, 4),
        // Every time.
        ("C_GetSlotList /2 return CKR_BUFFER_TOO_SMALL", 11, 8),
        ("C_GetSlotList 2 return CKR_DEVICE_ERROR", 11, 2),
    ] {
        let faulty = Faulty::before(&token).rule(rule);
        let run = faulty.drive(work.cmd(["token", "list"])).run();
        assert_eq!(run.out().contains("test"), code == 0, "{rule}");
        run.fails(code);
        assert_eq!(faulty.ledger().count("C_GetSlotList"), calls, "{rule}");
    }
}

#[test]
fn a_slot_that_cannot_be_read_hides_no_other() {
    let token = Token::labelled("first");
    token.add("second");
    let work = Work::new(&token);
    let labels = |rules: &[&str]| {
        let faulty = rules.iter().fold(Faulty::before(&token), Faulty::rule);
        let list = work.cmd(["token", "list", "--raw"]);
        let tokens = faulty.drive(list).run().ok().raw()["tokens"].clone();
        let mut labels: Vec<String> = tokens
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["label"].as_str().unwrap().to_owned())
            .filter(|it| ["first", "second"].contains(&&**it))
            .collect();
        labels.sort();
        labels
    };
    assert_eq!(labels(&[]), ["first", "second"]);
    let mut hidden = 0;
    for slot in 1..=3 {
        let rule = format!("C_GetTokenInfo {slot} return CKR_DEVICE_ERROR");
        let seen = labels(&[&rule]);
        assert!(!seen.is_empty(), "{rule}");
        hidden += 2 - seen.len();
    }
    assert_eq!(hidden, 2, "each was unreadable once");
}

#[test]
fn a_module_that_is_initialised_already_is_used_and_left_so() {
    let rule = "C_Initialize * then CKR_CRYPTOKI_ALREADY_INITIALIZED";
    let token = Token::new();
    whole_way(&token, &[rule]);
    let work = Work::new(&token);
    let faulty = Faulty::before(&token).rule(rule);
    faulty.drive(work.cmd(["token", "list"])).run().ok();
    assert_eq!(faulty.ledger().count("C_Finalize"), 0);
}
