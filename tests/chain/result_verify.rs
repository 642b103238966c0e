//! `result verify`: a result against iExec's own contracts, where all is right, and where one thing is wrong.

use alloy_primitives::B256;
use serde_json::{Value, json};

use crate::support::chain::proofs::{self, *};
use crate::support::chain::{Ask, Chain, Who};
use crate::support::gateway::{Adding, Gateway};
use crate::support::web::{Answer, Fault, Web};
use crate::support::{ADDRESS, Cmd, Keyed, Work, plain_zip};

/// A task whose result is `archive`, with the digest of [`RIGHT`].
fn task_of(chain: &Chain, ask: Ask, archive: &[u8]) -> B256 {
    proofs::task_of(chain, &Gateway::start(), ask, archive).1
}

fn task_added(chain: &Chain, ask: Ask, archive: &[u8], adding: Adding) -> B256 {
    proofs::task_added(chain, &Gateway::start(), ask, archive, adding).1
}

fn verify(work: &Work<'_>, chain: &Chain, archive: &str, task: B256) -> Cmd {
    chain.write_chain_json(work, &[]);
    let task = task.to_string();
    let args = ["result", "verify", archive, "--task", &task];
    work.cmd([&args[..], &["--wallet-address", ADDRESS]].concat())
        .pin()
}

#[test]
fn a_result_that_all_is_right_with_is_verified_by_few_questions() {
    let Some(chain) = Chain::start() else { return };
    let keyed = Keyed::new();
    let work = keyed.work();
    let archive = keyed.archive(&result(RIGHT));
    work.write("archive.zip", &archive);
    let task = task_of(&chain, ours(), &archive);
    let node = Web::in_front_of(&chain.node.url());
    let run = verify(&work, &chain, "archive.zip", task)
        .args(&["--raw", "--require-verified", "--rpc-url", &node.url()])
        .run()
        .ok();
    assert_eq!(not_verified(&run), [""; 0]);
    let raw = run.raw();
    assert_eq!(raw["verification"]["verdict"], "verified");
    assert_eq!(raw["taskid"], task.to_string());
    assert_eq!(statuses(&raw).len(), 9);
    let asked = node.requests().len();
    assert!(asked <= 40, "{asked}");

    let run = verify(&work, &chain, "archive.zip", task).run().ok();
    assert!(
        run.out().starts_with("verified      all 9 checks"),
        "{}",
        run.out()
    );
    assert_eq!(run.out().lines().count(), 1, "{}", run.out());
    let run = verify(&work, &chain, "archive.zip", task)
        .arg("-v")
        .run()
        .ok();
    assert_eq!(run.out().lines().count(), 10, "{}", run.out());
    let line = "enclave signature verified  the enclave's key has signed";
    assert!(run.out().contains(line), "{}", run.out());
    // Nothing was written.
    assert_eq!(work.files(), ["archive.zip", "chain.json"]);
}

#[test]
fn what_is_another_ones_is_told_and_exit_50() {
    let Some(chain) = Chain::start() else { return };
    let keyed = Keyed::new();
    let work = keyed.work();
    let archive = keyed.archive(&result(RIGHT));
    work.write("archive.zip", &archive);
    let task = task_of(&chain, ours(), &archive);
    let check = |archive: &str, task: B256, node: Option<&Web>, expected: &[&str]| {
        let mut cmd = verify(&work, &chain, archive, task).arg("--raw");
        if let Some(node) = node {
            cmd = cmd.args(&["--rpc-url", &node.url()]);
        }
        let run = cmd.run().fails(50);
        assert_eq!(run.raw_error()["code"], "verified-different");
        assert_eq!(not_verified(&run), expected);
    };
    for wrong in every_mismatch(&chain, &Gateway::start(), &keyed) {
        work.write("wrong.zip", &wrong.archive);
        let node = wrong.node(&chain);
        check("wrong.zip", wrong.task, node.as_ref(), wrong.told);
    }

    // Another file, served in the place of the right one.
    work.write("forged.zip", keyed.archive(&result(FORGED)));
    let told = ["cid unknown", "digest mismatch"];
    check("forged.zip", task, None, &told);

    // Where the worker named the hash of the whole file, that is another one, too.
    let raw_block = Adding {
        raw_leaves: true,
        ..Adding::V1
    };
    let of_block = task_added(&chain, ours(), &archive, raw_block);
    let told = ["cid mismatch", "digest mismatch"];
    check("forged.zip", of_block, None, &told);

    // Open to everybody where a sealed one was asked for.
    let plain = result(RIGHT);
    work.write("open.zip", &plain);
    let task = task_of(&chain, ours(), &plain);
    check("open.zip", task, None, &["encryption mismatch"]);

    let run = verify(&work, &chain, "forged.zip", of_block)
        .run()
        .fails(50);
    let said = "the files have another digest than the chain";
    assert!(run.err().contains(said), "{}", run.err());
}

#[test]
fn what_cannot_be_told_is_said_and_fails_where_all_is_wanted() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    let check = |archive: &str, task: B256, expected: &[&str]| {
        let cmd = || verify(&work, &chain, archive, task).arg("--raw");
        let run = cmd().run().ok();
        assert_eq!(run.raw()["verification"]["verdict"], "unknown");
        assert_eq!(not_verified(&run), expected);
        let run = cmd().arg("--require-verified").run().fails(51);
        assert_eq!(run.raw_error()["code"], "not-verified");
        assert_eq!(not_verified(&run), expected);
    };
    let of = |files: &[(&str, &[u8])], ask: Ask| {
        let zip = plain_zip(files);
        work.write("result.zip", &zip);
        task_of(&chain, ask, &zip)
    };

    // Without what names the files, with an empty file, with a path that is not in the result.
    let task = of(&[("result.txt", RIGHT)], open());
    check("result.zip", task, &["digest unknown"]);
    let out = br#"{"deterministic-output-path":"/iexec_out/out"}"#;
    let files: &[(&str, &[u8])] = &[("computed.json", out), ("out/a", b"a"), ("out/b", b"")];
    let task = of(files, open());
    check("result.zip", task, &["digest unknown"]);
    let files: &[(&str, &[u8])] = &[("computed.json", out), ("out/a", b"a"), ("out/b/c", b"c")];
    let task = of(files, open());
    check("result.zip", task, &["digest unknown"]);
    let task = of(&[("computed.json", out)], open());
    check("result.zip", task, &["digest unknown"]);

    // Added to IPFS in a way of its own.
    let zip = result(RIGHT);
    work.write("result.zip", &zip);
    let odd = Adding {
        chunk: 100,
        ..Adding::V0
    };
    let task = task_added(&chain, open(), &zip, odd);
    check("result.zip", task, &["cid unknown"]);

    // A result that was opened does not show what it was before.
    let task = task_of(&chain, ours(), b"the sealed archive");
    check("result.zip", task, &["cid unknown", "encryption unknown"]);

    // Without an enclave; by several workers.
    let plain = Ask {
        tee: false,
        ..open()
    };
    let no_enclave = ["tee unknown", "enclaveSignature unknown"];
    let task = task_of(&chain, plain, &zip);
    check("result.zip", task, &no_enclave);
    let (deal, task) = chain.running(Ask {
        tee: false,
        trust: 3,
        ..open()
    });
    let workers = [Who::Worker, Who::SecondWorker];
    let digest = digest(RIGHT);
    for worker in workers {
        chain.contribute(&deal, task, worker, digest);
    }
    for worker in workers {
        chain.reveal(task, worker, digest);
    }
    let location = Gateway::start().add(&zip);
    let results = json!({"storage": "ipfs", "location": location}).to_string();
    chain.finalize(task, results.as_bytes());
    check("result.zip", task, &no_enclave);

    // The result went to a contract.
    let (_, task) = chain.called_back(open(), b"\x01\x02");
    check("result.zip", task, &["cid unknown", "digest unknown"]);
}

#[test]
fn files_that_were_unpacked_are_held_against_the_digest() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    let task = task_of(&chain, ours(), b"the sealed archive");
    std::fs::create_dir(work.path("out")).unwrap();
    work.write("out/computed.json", COMPUTED);
    work.write("out/result.txt", "Hello, world!");
    let run = |code| match code {
        0 => verify(&work, &chain, "out", task).arg("--raw").run().ok(),
        code => verify(&work, &chain, "out", task)
            .arg("--raw")
            .run()
            .fails(code),
    };
    assert_eq!(not_verified(&run(0)), ["cid unknown", "encryption unknown"]);
    work.write("out/result.txt", "Hello, thief!");
    let told = ["cid unknown", "digest mismatch", "encryption unknown"];
    assert_eq!(not_verified(&run(50)), told);
    // A link is not followed.
    std::fs::rename(work.path("out/result.txt"), work.path("elsewhere")).unwrap();
    std::os::unix::fs::symlink("../elsewhere", work.path("out/result.txt")).unwrap();
    let told = ["cid unknown", "digest unknown", "encryption unknown"];
    assert_eq!(not_verified(&run(0)), told);
}

#[test]
fn nodes_that_search_little_or_not_at_all_are_enough() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    let zip = result(RIGHT);
    work.write("result.zip", &zip);
    let task = task_of(&chain, open(), &zip);
    let block = |text: &Value| {
        let digits = text.as_str().unwrap().trim_start_matches("0x");
        u64::from_str_radix(digits, 16).unwrap()
    };
    for (most, code) in [(10, -32_005), (30, -32_600), (0, -32_601)] {
        let there = chain.node.url();
        let node = Web::start(move |request| {
            let asked: Value = serde_json::from_slice(&request.body).unwrap();
            let filter = &asked["params"][0];
            if asked["method"] == "eth_getLogs"
                && block(&filter["toBlock"]) - block(&filter["fromBlock"]) >= most
            {
                let error = json!({"code": code, "message": "limited to fewer blocks"});
                return Answer::json(&json!({"jsonrpc": "2.0", "id": asked["id"], "error": error}));
            }
            Web::handed_on(&there, request)
        });
        let run = verify(&work, &chain, "result.zip", task)
            .args(&["--raw", "--require-verified", "--rpc-url", &node.url()])
            .run()
            .ok();
        assert_eq!(not_verified(&run), [""; 0], "{most}");
    }
}

#[test]
fn what_a_node_has_not_or_contradicts_is_unknown() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    let zip = result(RIGHT);
    work.write("result.zip", &zip);
    let task = task_of(&chain, open(), &zip);
    let null = |method: &'static str| {
        move |asked: &Value, answer: Value| match asked["method"] == method {
            true => Value::Null,
            false => answer,
        }
    };
    let changed = |method: &'static str, key: &'static str, lie: Value| {
        move |asked: &Value, mut answer: Value| {
            if asked["method"] == method {
                let it = match answer.is_array() {
                    true => &mut answer[0],
                    false => &mut answer,
                };
                it[key] = lie.clone();
            }
            answer
        }
    };
    type Lie = Box<dyn Fn(&Value, Value) -> Value + Send + Sync>;
    let another = json!(B256::repeat_byte(7).to_string());
    let lies: Vec<(&str, Lie)> = vec![
        (
            "pruned",
            Box::new(|asked, answer| {
                let is_old =
                    asked["method"] == "eth_getBlockByNumber" && asked["params"][0] != "latest";
                if is_old { Value::Null } else { answer }
            }),
        ),
        (
            "no events",
            Box::new(|asked, answer| match asked["method"] == "eth_getLogs" {
                true => json!([]),
                false => answer,
            }),
        ),
        ("no transaction", Box::new(null("eth_getTransactionByHash"))),
        ("no receipt", Box::new(null("eth_getTransactionReceipt"))),
        (
            "event of another block",
            Box::new(changed("eth_getLogs", "blockHash", another.clone())),
        ),
        (
            "event of another time",
            Box::new(changed("eth_getLogs", "blockNumber", json!("0x5"))),
        ),
        (
            "receipt of another block",
            Box::new(changed(
                "eth_getTransactionReceipt",
                "blockHash",
                another.clone(),
            )),
        ),
        (
            "receipt of a failure",
            Box::new(changed("eth_getTransactionReceipt", "status", json!("0x0"))),
        ),
        (
            "receipt without events",
            Box::new(changed("eth_getTransactionReceipt", "logs", json!([]))),
        ),
        (
            "another transaction",
            Box::new(changed("eth_getTransactionByHash", "hash", another)),
        ),
        (
            "another contract",
            Box::new(changed("eth_getTransactionByHash", "to", json!(ADDRESS))),
        ),
        (
            "another sender",
            Box::new(changed("eth_getTransactionByHash", "from", json!(ADDRESS))),
        ),
        (
            "another call",
            Box::new(changed(
                "eth_getTransactionByHash",
                "input",
                json!("0x34623484"),
            )),
        ),
    ];
    for (what, lie) in lies {
        let node = changing(&chain, lie);
        let run = verify(&work, &chain, "result.zip", task)
            .args(&["--raw", "--rpc-url", &node.url()])
            .run()
            .ok();
        let told = ["enclaveSignature unknown", "authorisation unknown"];
        assert_eq!(not_verified(&run), told, "{what}");
    }
}

#[test]
fn evidence_is_checked_again_without_a_node() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    let zip = result(RIGHT);
    work.write("result.zip", &zip);
    let task = task_of(&chain, open(), &zip);
    let evidence = ["--evidence", "evidence.json"];
    let written = || {
        verify(&work, &chain, "result.zip", task)
            .arg("--raw")
            .args(&evidence)
    };
    let first = written().run().ok().raw();
    assert_eq!(first["verification"]["verdict"], "verified");
    written().run().fails(22);
    written().arg("--force").run().ok();

    drop(chain);
    let again = |more: &[&str]| {
        let args = [&["result", "verify", "--raw"], more, &evidence].concat();
        work.cmd(args).run()
    };
    let second = again(&[]).ok().raw();
    assert_eq!(second["verification"], first["verification"]);
    assert_eq!(second["archive"], Value::Null);
    again(&["result.zip", "--require-verified"]).ok();
    work.write("other.zip", result(FORGED));
    let run = again(&["other.zip"]).fails(50);
    assert_eq!(not_verified(&run), ["cid unknown", "digest mismatch"]);

    // It says where it is from.
    let text = String::from_utf8(work.read("evidence.json")).unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    let call = json["seen"]["calls"][0]["transaction"].as_str().unwrap();
    assert_eq!(call.len(), 66);
    assert_eq!(json["seen"]["chainId"], 65_535);
    assert_eq!(json["seen"]["version"], env!("CARGO_PKG_VERSION"));

    // Another digest is none of this task's.
    let forged = text.replace(&hex(digest(RIGHT)), &hex(digest(FORGED)));
    work.write("evidence.json", forged);
    again(&[]).fails(50);
    for bad in ["{}", "", "not JSON"] {
        work.write("evidence.json", bad);
        again(&[]).fails(2);
    }
    std::fs::remove_file(work.path("evidence.json")).unwrap();
    again(&[]).fails(23);
    work.cmd(["result", "verify", "result.zip"]).run().fails(2);
}

#[test]
fn an_archive_for_another_key_cannot_be_held_against_the_digest() {
    let Some(chain) = Chain::start() else { return };
    let (keyed, other) = (Keyed::new(), Keyed::new());
    let work = keyed.work();
    let archive = other.archive(&result(RIGHT));
    work.write("archive.zip", &archive);
    let task = task_of(&chain, ours(), &archive);
    verify(&work, &chain, "archive.zip", task).run().fails(20);
    // A task that is not there is told before a PIN is needed.
    let nobody = B256::repeat_byte(1);
    verify(&work, &chain, "archive.zip", nobody).run().fails(42);
    work.write("text.txt", "no archive");
    verify(&work, &chain, "text.txt", task).run().fails(21);
    verify(&work, &chain, "missing.zip", task).run().fails(23);
}

#[test]
fn a_node_that_goes_away_is_named() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    work.write("result.zip", result(RIGHT));
    let task = task_of(&chain, ours(), b"the sealed archive");
    let node = Web::in_front_of(&chain.node.url());
    node.fail(std::iter::repeat_n(Fault::None, 5));
    node.fail_for_ever(Fault::Close);
    let url = node.url();
    let args = ["--raw", "--timeout", "1", "--rpc-url", url.as_str()];
    let run = verify(&work, &chain, "result.zip", task)
        .args(&args)
        .run()
        .fails(34);
    assert_eq!(run.raw_error()["code"], "node-not-reachable");
}

#[test]
fn the_tests_hash_as_the_contracts_do() {
    let Some(chain) = Chain::start() else { return };
    let task = task_of(&chain, ours(), b"x");
    // The contract has proved the seal that these tests compute.
    let data = format!("0xe741363b{}{:0>64}", hex(task), hex(Who::Worker.address()));
    let hub = chain.address("hub").to_string();
    let view = chain
        .node
        .rpc("eth_call", json!([{"to": hub, "data": data}, "latest"]));
    assert!(
        view.as_str()
            .unwrap()
            .contains(&hex(seal(task, Who::Worker)))
    );
}
