//! `task show --decrypt`: a result is held against its task before any of it is under its name.

use alloy_primitives::B256;
use serde_json::Value;

use crate::support::chain::proofs::*;
use crate::support::chain::{Ask, Chain};
use crate::support::gateway::{Adding, Gateway};
use crate::support::web::{Fault, Web};
use crate::support::*;

/// A chain, a gateway, and a key on a token.
struct World {
    chain: Chain,
    gateway: Gateway,
    keyed: Keyed,
}

impl World {
    fn new() -> Option<Self> {
        Some(Self {
            chain: Chain::start()?,
            gateway: Gateway::start(),
            keyed: Keyed::new(),
        })
    }

    /// A task whose result is this zip, sealed.
    fn task(&self, ask: Ask, plain: &[u8]) -> B256 {
        let archive = self.keyed.archive(plain);
        task_of(&self.chain, &self.gateway, ask, &archive).1
    }

    /// `task show`, with little time and without a PIN.
    fn show(&self, work: &Work<'_>, task: B256) -> Cmd {
        let gateway = self.gateway.url();
        self.chain
            .write_chain_json(work, &[("ipfsGateway", &gateway)]);
        let task = task.to_string();
        let args = ["task", "show", &task, "--timeout", "2"];
        work.cmd([&args[..], &["--wallet-address", ADDRESS]].concat())
    }
}

/// What there is in the folder besides the files that a test made.
fn others(work: &Work<'_>) -> Vec<String> {
    let mut files = work.files();
    files.retain(|it| it != "chain.json" && !it.starts_with(".secrets/"));
    files
}

/// Every form in which a result is taken: the options, and what they leave where it is released.
fn forms() -> [(&'static [&'static str], Option<&'static str>); 6] {
    [
        (&["--download", "a.zip", "--decrypt"], Some("a.zip")),
        (&["--extract", "out"], Some("out/result.txt")),
        (
            &["--extract", "one", "--entry", "result.txt"],
            Some("one/result.txt"),
        ),
        (
            &["--download", "b.txt", "--entry", "result.txt"],
            Some("b.txt"),
        ),
        (&["--download", "-", "--decrypt"], None),
        (&["--download", "-", "--entry", "computed.json"], None),
    ]
}

#[test]
fn a_result_is_verified_on_the_way_in_every_form() {
    let Some(world) = World::new() else { return };
    let work = world.keyed.work();
    let task = world.task(ours(), &result(RIGHT));
    for (form, left) in forms() {
        let cmd = world.show(&work, task).pin().args(form);
        let run = cmd.args(&["--require-verified", "--raw"]).run().ok();
        match left {
            Some(left) => {
                assert!(work.exists(left), "{form:?}");
                assert_eq!(not_verified(&run), [""; 0], "{form:?}");
                let verification = &run.raw()["verification"];
                assert_eq!(verification["verdict"], "verified");
                assert_eq!(verification["checks"].as_array().unwrap().len(), 9);
            }
            None => assert!(!run.stdout.is_empty()),
        }
    }
    let cmd = || world.show(&work, task).pin();
    let line = "verified      all 9 checks";
    let run = cmd().args(&["--download", "c", "--decrypt"]).run().ok();
    assert!(run.out().contains(line), "{}", run.out());
    assert!(!run.out().contains("enclave signature"), "{}", run.out());
    let run = cmd().args(&["--download", "-", "--decrypt", "-v"]);
    let run = run.run().ok();
    assert!(run.stdout == result(RIGHT), "nothing but the result");
    let said = run.err();
    let of_check = "enclave signature verified  the enclave's key has signed";
    assert!(said.contains(line) && said.contains(of_check), "{said}");
    work.is_tidy();
}

#[test]
fn what_is_another_ones_is_refused() {
    let Some(world) = World::new() else { return };
    let work = world.keyed.work();
    let mut wrong = every_mismatch(&world.chain, &world.gateway, &world.keyed);
    // Open to everybody where a sealed one was asked for.
    let plain = result(RIGHT);
    let (deal, task) = task_of(&world.chain, &world.gateway, ours(), &plain);
    wrong.push(Doubtful {
        archive: plain,
        deal,
        task,
        lies: Vec::new(),
        told: &["encryption mismatch"],
    });
    for it in wrong {
        let node = it.node(&world.chain);
        let url = node.as_ref().map_or(world.chain.node.url(), Web::url);
        let cmd = world.show(&work, it.task);
        let cmd = cmd.args(&["--decrypt", "--raw", "--rpc-url", &url]);
        let run = match it.told {
            ["digest mismatch"] => cmd.pin().run().fails(50),
            // All others are known before the result is opened: nobody is asked for a PIN.
            _ => cmd.arg("--no-input").run().fails(50),
        };
        assert_eq!(run.raw_error()["code"], "verified-different");
        let mut told = not_verified(&run);
        told.retain(|check| check != "digest unknown");
        assert_eq!(told, it.told);
        let line: Value = serde_json::from_str(&run.err()).unwrap();
        assert_eq!(line["task"]["taskid"], it.task.to_string());
        assert_eq!(others(&work), [""; 0], "{:?}", it.told);
    }
    work.is_tidy();
}

#[test]
fn nothing_of_a_result_that_is_withheld_is_written() {
    let Some(world) = World::new() else { return };
    let task = world.task(ours(), &result(FORGED));
    for (form, left) in forms() {
        let work = world.keyed.work();
        work.write("a.zip", "precious");
        work.write("out/result.txt", "precious");
        let cmd = || {
            let cmd = world.show(&work, task).pin();
            cmd.args(form).arg("--force")
        };
        let run = cmd().run().fails(50);
        assert_eq!(run.stdout, b"", "{form:?}");
        let said = run.err();
        let checks = "digest            mismatch  the files have another digest than the chain";
        assert!(said.contains(checks), "{said}");
        assert_eq!(work.read("a.zip"), b"precious");
        assert_eq!(work.read("out/result.txt"), b"precious");
        assert_eq!(others(&work), ["a.zip", "out/result.txt"], "{form:?}");
        work.is_tidy();
        // It is there for whoever wants it all the same.
        let run = cmd().arg("--no-verify").run().ok();
        assert!(!run.err().contains("digest"), "{}", run.err());
        match left {
            Some(left) => assert!(work.read(left) != b"precious", "{form:?}"),
            None => assert!(!run.stdout.is_empty()),
        }
    }
}

#[test]
fn what_cannot_be_told_is_no_failure_unless_all_is_wanted() {
    let Some(world) = World::new() else { return };
    let work = world.keyed.work();
    let plain = result(RIGHT);
    let archive = world.keyed.archive(&plain);
    let good = world.task(ours(), &plain);
    let no_enclave = Ask {
        tee: false,
        ..ours()
    };
    let odd = Adding {
        chunk: 100,
        ..Adding::V0
    };
    let proves_nothing = Gateway::plain();
    let unproven = task_added(&world.chain, &proves_nothing, ours(), &archive, odd).1;
    let no_events = without_events(&world.chain);
    let away = Web::in_front_of(&world.chain.node.url());
    away.fail_where("e741363b", vec![Fault::status(500); 1000]);
    let no_computed = world.task(ours(), &plain_zip(&[("result.txt", RIGHT)]));
    let signed = ["enclaveSignature unknown", "authorisation unknown"];
    for (what, task, node, told) in [
        (
            "no computed.json",
            no_computed,
            None,
            &["digest unknown"][..],
        ),
        ("no proof of the CID", unproven, None, &["cid unknown"]),
        (
            "no enclave",
            world.task(no_enclave, &plain),
            None,
            &["tee unknown", "enclaveSignature unknown"],
        ),
        ("no events", good, Some(&no_events), &signed),
        (
            "node away",
            good,
            Some(&away),
            &[
                "consensus unknown",
                "seal unknown",
                "tee unknown",
                signed[0],
                signed[1],
            ],
        ),
    ] {
        let url = node.map_or(world.chain.node.url(), Web::url);
        let gateways = format!("{} {}", world.gateway.url(), proves_nothing.url());
        let cmd = || {
            let cmd = world.show(&work, task).pin();
            cmd.args(&["--rpc-url", &url, "--ipfs-gateway", &gateways])
        };
        let wanted = ["--download", "a", "--decrypt"];
        let is_away = what == "node away";
        let exit = if is_away { 34 } else { 51 };
        let run = cmd().args(&wanted).arg("--require-verified").arg("--raw");
        let run = run.run().fails(exit);
        let mut found = not_verified(&run);
        // Where nothing but the files could still help, they are not read.
        found.retain(|check| told.contains(&check.as_str()) || check != "digest unknown");
        assert_eq!(found, told, "{what}");
        assert_eq!(others(&work), [""; 0], "{what}");

        let run = cmd().args(&wanted).arg("--raw").run().ok();
        assert_eq!(run.raw()["verification"]["verdict"], "unknown", "{what}");
        assert_eq!(not_verified(&run), told, "{what}");
        assert_eq!(run.raw()["verification"]["reason"].is_string(), is_away);
        std::fs::remove_file(work.path("a.zip")).unwrap();
    }
    // People are told of all checks then.
    let run = world.show(&work, no_computed).pin();
    let run = run.args(&["--extract", "out"]).run().ok();
    let said = run.out();
    let line = "verified      not in full: 8 of 9 checks hold; unknown: digest";
    assert!(said.contains(line), "{said}");
    assert!(said.contains("\nseal              verified "), "{said}");
    // The key is told as people know it.
    let told = run.err();
    assert!(
        told.contains("Opened with \"iexec result key 7e5f4552\" (id "),
        "{told}"
    );
    assert!(!told.contains("pkcs11:"), "{told}");
    work.is_tidy();
}

#[test]
fn what_was_checked_is_written_down_also_where_it_is_wrong() {
    let Some(world) = World::new() else { return };
    let work = world.keyed.work();
    let good = world.task(ours(), &result(RIGHT));
    let forged = world.task(ours(), &result(FORGED));
    let show = |task: B256, more: &[&str]| world.show(&work, task).pin().args(more);
    let wanted = ["--download", "a", "--decrypt", "--evidence", "e.json"];
    show(good, &wanted).run().ok();
    let asked = world.gateway.requests().len();
    show(good, &["--extract", "out", "--evidence", "e.json"])
        .run()
        .fails(22);
    show(good, &["--download", "a", "--decrypt", "--force"])
        .args(&["--evidence", "./a.zip"])
        .run()
        .fails(2);
    assert_eq!(world.gateway.requests().len(), asked);
    assert!(work.read("a.zip") == result(RIGHT));
    show(forged, &["--extract", "out", "--evidence", "f.json"])
        .run()
        .fails(50);
    assert_eq!(others(&work), ["a.zip", "e.json", "f.json"]);
    // The sibling has a file of its own, too.
    let task = good.to_string();
    let args = ["result", "verify", "a.zip", "--task", &task, "--force"];
    let run = work.cmd([&args[..], &["--evidence", "a.zip"]].concat());
    run.run().fails(2);

    drop(world.chain);
    let again = |file: &str| {
        let args = ["result", "verify", "--raw", "--evidence", file];
        work.cmd(args).run()
    };
    assert_eq!(
        again("e.json").ok().raw()["verification"]["verdict"],
        "verified"
    );
    assert_eq!(
        not_verified(&again("f.json").fails(50)),
        ["digest mismatch"]
    );
}

#[test]
fn options_that_nothing_comes_of_are_refused() {
    let Some(world) = World::new() else { return };
    let work = world.keyed.work();
    let task = world.task(ours(), &result(RIGHT));
    let of_download: [&[&str]; 4] = [
        &["--force"],
        &["--no-sync"],
        &["--max-size", "1M"],
        &["--ipfs-gateway", "http://127.0.0.1:1"],
    ];
    let of_opening: [&[&str]; 9] = [
        &["--verify"],
        &["--no-verify"],
        &["--require-verified"],
        &["--evidence", "e.json"],
        &["--beneficiary-key-file", "k"],
        &["--require-agent"],
        &["--no-agent"],
        &["--agent-wait", "1s"],
        &["--max-entries", "7"],
    ];
    for option in of_download.iter().chain(&of_opening) {
        let run = world.show(&work, task).args(option).run().fails(2);
        let said = format!("{} has no effect without a result", option[0]);
        assert!(run.err().contains(&said), "{}", run.err());
    }
    for option in of_opening {
        let run = world.show(&work, task).arg("--download").args(option);
        let run = run.run().fails(2);
        let said = format!("{} has no effect where nothing is decrypted", option[0]);
        assert!(run.err().contains(&said), "{}", run.err());
    }
    let id = task.to_string();
    let evidence: Vec<&str> = "result verify --evidence e.json".split(' ').collect();
    let others: [(Vec<&str>, &str); 6] = [
        (vec!["task", "show", &id, "--interval", "1s"], "--watch"),
        (
            vec!["deal", "show", &id, "--watch-timeout", "1s"],
            "--watch",
        ),
        (vec!["task", "pull", "--interval", "1s"], "--watch"),
        (
            vec![
                "task",
                "list",
                "--from-block",
                "1",
                "--market-url",
                "http://127.0.0.1:1",
            ],
            "--market-url has no effect with --from-block",
        ),
        (
            [&evidence[..], &["--rpc-url", "http://127.0.0.1:1"]].concat(),
            "--rpc-url has no effect without --task",
        ),
        (
            [&evidence[..], &["--force"]].concat(),
            "--force has no effect without --task",
        ),
    ];
    for (args, said) in others {
        let raw = work.cmd(&args).arg("--raw").run().fails(2).raw_error();
        let message = raw["message"].as_str().unwrap();
        assert!(message.contains(said), "{args:?}: {message}");
    }
    assert_eq!(world.gateway.requests().len(), 0);
    // What is set for all commands is no mistake.
    world
        .show(&work, task)
        .env("IEXEC_HSM_IPFS_GATEWAY", world.gateway.url())
        .env("IEXEC_HSM_NO_AGENT", "true")
        .run()
        .ok();
}
