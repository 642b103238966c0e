//! `task pull`: every result for one address, into a folder of its own: complete, checked and once, or not there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use alloy_primitives::{B256, keccak256};
use rustix::process::Signal;
use serde_json::Value;

use crate::support::chain::{Ask, Chain, Market, on_ipfs};
use crate::support::gateway::Gateway;
use crate::support::web::Fault;
use crate::support::*;

/// A chain whose tasks have results for a key on a token.
pub struct World {
    pub chain: Chain,
    pub market: Market,
    pub gateway: Gateway,
    pub keyed: Keyed,
}

impl World {
    pub fn new() -> Option<Self> {
        Some(Self {
            chain: Chain::start()?,
            market: Market::start(),
            gateway: Gateway::start(),
            keyed: Keyed::new(),
        })
    }

    fn ask(&self) -> Ask {
        Ask {
            beneficiary: ADDRESS.parse().unwrap(),
            ..Ask::default()
        }
    }

    /// A task with an archive for its result.
    fn task_with(&self, ask: Ask, archive: &[u8]) -> B256 {
        let location = self.gateway.add(archive);
        let results = on_ipfs(location.trim_start_matches("/ipfs/"));
        let (deal, task) = self.chain.completed(ask, &results, keccak256(archive));
        self.market.add(&deal);
        task
    }

    /// A task whose result has this text in it.
    fn task(&self, text: &str) -> B256 {
        let plain = plain_zip(&[("result.txt", text.as_bytes()), ("a/b", b"more")]);
        self.task_with(self.ask(), &self.keyed.archive(&plain))
    }

    pub fn tasks(&self, count: usize) -> BTreeMap<String, String> {
        let tasks = (0..count).map(|number| {
            let text = format!("result {number}");
            (self.task(&text).to_string(), text)
        });
        tasks.collect()
    }

    pub fn configured(&self, work: &Work<'_>) {
        let (market, gateway) = (self.market.url(), self.gateway.url());
        let services = [("iexecGateway", &*market), ("ipfsGateway", &*gateway)];
        self.chain.write_chain_json(work, &services);
    }

    pub fn pull(&self, work: &Work<'_>, args: &[&str]) -> Cmd {
        self.configured(work);
        let cmd = work.cmd([
            "task",
            "pull",
            "--wallet-address",
            ADDRESS,
            "--timeout",
            "2",
        ]);
        cmd.args(args)
    }
}

/// The lines on stdout: results, and the summary in the end.
pub fn told(run: &Run) -> (Vec<Value>, Value) {
    let mut lines: Vec<Value> = run
        .out()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let summary = lines.pop().unwrap();
    (lines, summary["summary"].clone())
}

fn check(results: &Path, task: &str, text: &str) {
    let folder = results.join(task);
    assert_eq!(fs::read_to_string(folder.join("result.txt")).unwrap(), text);
    assert_eq!(fs::read(folder.join("a/b")).unwrap(), b"more");
    assert_eq!(fs::read_dir(folder).unwrap().count(), 2);
}

#[test]
fn each_result_is_pulled_once_and_again_where_it_is_gone() {
    let Some(world) = World::new() else { return };
    let work = world.keyed.work();
    let tasks = world.tasks(5);
    let run = world.pull(&work, &["--raw"]).pin().run().ok();
    let (lines, summary) = told(&run);
    let ids: BTreeSet<_> = lines
        .iter()
        .map(|it| it["taskid"].as_str().unwrap())
        .collect();
    assert_eq!(ids, tasks.keys().map(String::as_str).collect());
    assert_eq!(summary["pulled"], 5, "{summary}");
    assert_eq!(lines[0]["download"]["cid"], "verified");
    let results = work.path("results");
    for (task, text) in &tasks {
        check(&results, task, text);
    }
    work.is_tidy();

    // Nothing is left to do: no PIN is needed, and nothing is downloaded.
    let asked = world.gateway.requests().len();
    let run = world.pull(&work, &["--raw", "--no-input"]).run().ok();
    let (lines, summary) = told(&run);
    assert_eq!((lines.len(), &summary["existed"]), (0, &5.into()));
    assert_eq!(world.gateway.requests().len(), asked);

    // One is removed by hand, and one is emptied.
    let [gone, emptied] = [0, 3].map(|at| tasks.keys().nth(at).unwrap());
    fs::remove_dir_all(results.join(gone)).unwrap();
    fs::remove_dir_all(results.join(emptied)).unwrap();
    fs::create_dir(results.join(emptied)).unwrap();
    let list = || {
        let args = ["task", "list", "--wallet-address", ADDRESS, "--raw"];
        let raw = work.run(args).ok().raw();
        let tasks = raw["tasks"].as_array().unwrap().clone();
        let words = tasks
            .iter()
            .map(|it| it["pulled"].as_str().unwrap().to_owned());
        words.collect::<Vec<_>>()
    };
    let count = |word: &str| list().iter().filter(|it| *it == word).count();
    assert_eq!((count("pulled"), count("gone")), (3, 2));
    let run = world.pull(&work, &["--not-again", "--raw"]).run().ok();
    assert_eq!(told(&run).1["pulled"], 0);
    let run = world.pull(&work, &[]).pin().run().ok();
    assert!(
        run.err().contains("was deleted: pulling it again"),
        "{}",
        run.err()
    );
    assert!(
        run.err().contains("2 results pulled, 3 were there"),
        "{}",
        run.err()
    );
    for (task, text) in &tasks {
        check(&results, task, text);
    }
    assert_eq!(count("pulled"), 5);
    work.is_tidy();
}

#[test]
fn what_cannot_be_pulled_is_counted_or_named_and_tried_again_where_it_may_be_well() {
    let Some(world) = World::new() else { return };
    let work = world.keyed.work();
    let good = world.task("good").to_string();
    let plain = plain_zip(&[("result.txt", b"a")]);
    let (_, stranger) = openssl::rsa_key(2048);
    let for_another_key =
        world.task_with(world.ask(), &Sealed::current(&stranger, &plain).archive());
    let not_encrypted = world.task_with(world.ask(), &plain);
    let ask = Ask {
        params: "{}".into(),
        ..world.ask()
    };
    world.task_with(ask, &plain);
    let files: [(&str, &[u8]); 2] = [("result.txt", b"lost"), ("a/b", b"more")];
    let lost_archive = world.keyed.archive(&plain_zip(&files));
    let lost = world.task_with(world.ask(), &lost_archive).to_string();
    // The gateway does not have it today.
    world.gateway.remove(&world.gateway.add(&lost_archive));
    let (deal, _) = world.chain.running(world.ask());
    world.market.add(&deal);
    let dropbox = br#"{ "storage": "dropbox", "location": "/results/0x12" }"#;
    let (deal, _) = world.chain.completed(world.ask(), dropbox, keccak256("a"));
    world.market.add(&deal);
    let run = world.pull(&work, &["--raw"]).pin().run();
    let (lines, summary) = told(&run);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(lines[0]["taskid"], good);
    for (field, count) in [("notReady", 1), ("withoutResult", 1), ("notEncrypted", 1)] {
        assert_eq!(summary[field], count, "{field}: {summary}");
    }
    assert_eq!(
        summary["failed"],
        serde_json::json!({"20": 1, "42": 1, "50": 1})
    );
    assert_ne!(run.code, Some(0));
    for (task, code) in [
        (for_another_key.to_string(), "cannot-decrypt"),
        (not_encrypted.to_string(), "verified-different"),
        (lost.clone(), "not-there-yet"),
    ] {
        let mut errors = run
            .err()
            .lines()
            .map(|it| serde_json::from_str::<Value>(it).unwrap())
            .collect::<Vec<_>>();
        errors.retain(|it| it["taskid"] == task);
        assert_eq!(errors[0]["error"]["code"], code, "{errors:?}");
        assert!(!work.exists(format!("results/{task}")));
    }
    work.is_tidy();

    // What is bad stays bad until it is to be tried again; what was lost may be found.
    let asked = world.gateway.requests().len();
    let run = world.pull(&work, &["--raw"]).pin().run().fails(42);
    let (_, summary) = told(&run);
    assert_eq!(summary["failedBefore"], 2, "{summary}");
    assert_eq!(summary["failed"], serde_json::json!({"42": 1}));
    assert!(world.gateway.requests().len() > asked);
    world.gateway.add(&lost_archive);
    let run = world.pull(&work, &["--raw"]).pin().run().ok();
    assert_eq!(told(&run).0[0]["taskid"], lost);
    check(&work.path("results"), &lost, "lost");
    let run = world.pull(&work, &["--raw", "--retry-failed"]).pin().run();
    assert_eq!(
        told(&run).1["failed"],
        serde_json::json!({"20": 1, "50": 1})
    );
}

#[test]
fn an_agent_opens_them_side_by_side_each_once() {
    let Some(world) = World::new() else { return };
    let work = world.keyed.work();
    let tasks = world.tasks(12);
    let agent = Agent::unlocked(&work, &["--sessions", "2"]);
    world.configured(&work);
    let args = [
        "task",
        "pull",
        "--wallet-address",
        ADDRESS,
        "--require-agent",
    ];
    let run = agent.cmd(&work, args).run().ok();
    assert!(run.err().contains("12 results pulled"), "{}", run.err());
    for (task, text) in &tasks {
        check(&work.path("results"), task, text);
    }
    let requests = agent.requests();
    let unwraps = requests.iter().filter(|it| it["request"] == "unwrap");
    assert_eq!(unwraps.count(), 12);
    // Only one at a time pulls into a folder.
    let lock = fs::File::open(work.path("results/.iexec-hsm-pulled.jsonl")).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let run = agent.cmd(&work, args).run().fails(22);
    assert!(run.err().contains("another `task pull`"), "{}", run.err());
}

/// A script that adds what it is told to a file.
fn script(work: &Work<'_>, end: &str) -> String {
    let log = work.path("log");
    let text = format!(
        "#!/bin/sh\necho \"$IEXEC_TASK_ID $(cat \"$IEXEC_RESULT_DIR/result.txt\")\" >>'{}'\necho said\n{end}\n",
        log.display()
    );
    let path = work.write("take in; $(touch owned)", text);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_service_takes_in_what_comes_and_outlives_its_market() {
    let Some(world) = World::new() else { return };
    let work = world.keyed.work();
    let agent = Agent::unlocked(&work, &[]);
    world.configured(&work);
    let program = script(&work, "");
    let args = [
        "task",
        "pull",
        "--wallet-address",
        ADDRESS,
        "--timeout",
        "1",
        "--watch",
        "--raw",
    ];
    let cmd = agent.cmd(&work, args);
    // The first round finds nobody at home.
    world.market.web.fail(vec![Fault::status(500); 5]);
    let mut started = cmd.args(&["--interval", "1s", "--exec", &program]).start();
    let mut errors = BufReader::new(started.take_stderr())
        .lines()
        .map(Result::unwrap);
    let error: Value = serde_json::from_str(&errors.next().unwrap()).unwrap();
    assert_eq!(error["error"]["code"], "market-failed", "{error}");
    let first = world.task("first");
    assert_eq!(errors.next().unwrap(), "said");
    let second = world.task("second");
    assert_eq!(errors.next().unwrap(), "said");
    until("the second is told of", || {
        let record = work.read("results/.iexec-hsm-pulled.jsonl");
        let record = String::from_utf8(record).unwrap();
        record.matches("\"task\"").count() == 2
    });
    started.signal(Signal::TERM);
    let run = started.wait().killed_by(Signal::TERM);
    let lines: Vec<Value> = run
        .out()
        .lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect();
    assert_eq!(lines[0]["taskid"], first.to_string());
    assert_eq!(lines[1]["taskid"], second.to_string());
    let log = String::from_utf8(work.read("log")).unwrap();
    assert_eq!(log, format!("{first} first\n{second} second\n"));
    assert!(!work.exists("owned"));
    work.is_tidy();
}

#[test]
fn a_program_that_fails_is_run_again_and_the_result_is_not_pulled_again() {
    let Some(world) = World::new() else { return };
    let work = world.keyed.work();
    let task = world.task("one").to_string();
    let program = script(&work, "exit 3");
    let run = world
        .pull(&work, &["--exec", &program, "--raw"])
        .pin()
        .run()
        .fails(1);
    assert!(run.err().contains("exit status: 3"), "{}", run.err());
    check(&work.path("results"), &task, "one");
    let asked = world.gateway.requests().len();
    let program = script(&work, "");
    let run = world.pull(&work, &["--exec", &program, "--raw"]).run().ok();
    assert_eq!(told(&run).0[0]["taskid"], task);
    assert_eq!(world.gateway.requests().len(), asked);
    assert_eq!(
        work.read("log").iter().filter(|it| **it == b'\n').count(),
        2
    );
}

#[test]
fn a_result_whose_place_was_taken_is_pulled_by_the_same_run_once_the_place_is_free() {
    let Some(world) = World::new() else { return };
    let work = world.keyed.work();
    let task = world.task("late").to_string();
    let agent = Agent::unlocked(&work, &[]);
    world.configured(&work);
    // This is nobody's result, so that each round opens the archive and fails when it is to get its place.
    let in_the_way = ".iexec-hsm-0123456789abcdef.part";
    work.write(format!("results/{task}/{in_the_way}"), "");
    let place = work.path("results").join(&task);
    let args = ["task", "pull", "--wallet-address", ADDRESS, "--raw"];
    let watch = ["--require-agent", "--watch", "--interval", "1s"];
    let mut started = agent.cmd(&work, args).args(&watch).start();
    let mut errors = BufReader::new(started.take_stderr()).lines();
    let error: Value = serde_json::from_str(&errors.next().unwrap().unwrap()).unwrap();
    assert_eq!(error["taskid"], task);
    assert_eq!(error["error"]["code"], "output-exists", "{error}");
    let record = String::from_utf8(work.read("results/.iexec-hsm-pulled.jsonl")).unwrap();
    assert!(record.contains("\"placed\""), "{record}");
    fs::remove_dir_all(&place).unwrap();
    until("it is there", || place.exists());
    check(&work.path("results"), &task, "late");
    started.signal(Signal::TERM);
    started.wait().killed_by(Signal::TERM);
    work.is_tidy();
}

#[test]
fn the_record_is_on_the_disk_before_a_result_gets_its_place_among_others_files() {
    let Some(world) = World::new() else { return };
    let work = world.keyed.work();
    world.task("one");
    fs::create_dir(work.path("shared")).unwrap();
    fs::set_permissions(work.path("shared"), fs::Permissions::from_mode(0o777)).unwrap();
    let calls = |args: &[&str]| {
        let trace = "fsync,fdatasync,renameat2";
        let strace = ["strace", "-f", "-qq", "-y", "-e", trace, "-o", "calls"];
        world.pull(&work, args).pin().under(strace).run().ok();
        let log = String::from_utf8(work.read("calls")).unwrap();
        log.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let placed = |line: &String| line.contains("renameat2(") && line.matches("\"0x").count() == 2;
    let recorded = |line: &String| line.contains("fdatasync(") && line.contains("-pulled.jsonl>");
    let shared = calls(&["--output-dir", "shared"]);
    let [recorded_at, placed_at] = [
        shared.iter().position(recorded),
        shared.iter().position(placed),
    ];
    assert!(
        recorded_at.is_some() && recorded_at < placed_at,
        "{shared:?}"
    );
    // In a folder that is this user's alone that is not needed. Where folders are made, their names are synced.
    let own = calls(&["--output-dir", "new/out"]);
    assert!(!own.iter().any(recorded), "{own:?}");
    let root = fs::canonicalize(work.folder()).unwrap();
    for folder in [root.clone(), root.join("new")] {
        let synced = format!("<{}>", folder.display());
        let is_synced = |line: &String| line.contains("fsync(") && line.contains(&synced);
        assert!(own.iter().any(is_synced), "{synced}: {own:?}");
    }
    let fast = calls(&["--output-dir", "other/out", "--no-sync"]);
    let is_sync = |line: &String| line.contains("sync(") && line.contains(&*root.to_string_lossy());
    assert!(!fast.iter().any(is_sync), "{fast:?}");
}

pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(20), "{what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// `IEXEC_HSM_TEST_KILLS` says how often; moments are drawn by chance, and none of what is asserted depends on them.
#[test]
fn killed_at_any_moment_it_loses_and_repeats_nothing() {
    let Some(world) = World::new() else { return };
    let kills: usize = std::env::var("IEXEC_HSM_TEST_KILLS").map_or(12, |it| it.parse().unwrap());
    let work = world.keyed.work();
    let tasks = world.tasks(8);
    let agent = Agent::unlocked(&work, &[]);
    world.configured(&work);
    let args = [
        "task",
        "pull",
        "--wallet-address",
        ADDRESS,
        "--require-agent",
        "--raw",
    ];
    let pull = |folder: &str| agent.cmd(&work, args).args(&["--output-dir", folder]);
    let start = Instant::now();
    pull("timed").run().ok();
    let took = start.elapsed();

    let (mut killed, mut folder_number) = (0, 0);
    while killed < kills {
        folder_number += 1;
        let folder = format!("results-{folder_number}");
        let results = work.path(&folder);
        let (mut there, mut said) = (BTreeMap::new(), Vec::new());
        loop {
            let chance = f64::from(getrandom::u32().unwrap()) / f64::from(u32::MAX);
            let started = pull(&folder).start();
            if killed < kills {
                thread::sleep(took.mul_f64(chance));
                started.signal(Signal::KILL);
                killed += 1;
            }
            let run = started.wait();
            let lines = run.out();
            let lines = lines
                .lines()
                .filter_map(|it| serde_json::from_str::<Value>(it).ok());
            said.extend(lines.filter_map(|it| it["taskid"].as_str().map(str::to_owned)));
            for (task, text) in &tasks {
                let Ok(found) = fs::metadata(results.join(task)) else {
                    assert!(!there.contains_key(task), "{task} is lost");
                    continue;
                };
                // Whole, and the same as before.
                check(&results, task, text);
                let before = there.insert(task.clone(), found.ino());
                assert!(
                    before.is_none_or(|it| it == found.ino()),
                    "{task} was repeated"
                );
            }
            if run.signal.is_none() {
                run.ok();
                break;
            }
        }
        assert_eq!(there.len(), tasks.len());
        let told: BTreeSet<_> = said.iter().cloned().collect();
        assert_eq!(told, tasks.keys().cloned().collect(), "each is told of");
        assert_eq!(wrong_tmp(&results), [""; 0].map(std::path::PathBuf::from));
    }
}
