//! A system that lets the program have a few open files only: what fails says so, and nothing hangs or panics.

use crate::support::*;

/// Runs the command with each limit, and prints limit and exit code; what it says is in files of that number.
const LOOP: &str = r#"for n in $(seq 8 24); do
    (ulimit -n $n; exec timeout 60 "$@" >said.$n 2>&1 </dev/null)
    echo $n $?
done"#;

/// The exit codes of a command with 8 to 24 descriptors, with what it said.
fn codes(work: &Work, cmd: Cmd) -> Vec<(u32, i32, String)> {
    let run = cmd.under(["bash", "-c", LOOP, "bash"]).run().ok();
    let out = run.out();
    let codes = out.lines().map(|line| {
        let (limit, code) = line.split_once(' ').unwrap();
        let said = String::from_utf8_lossy(&work.read(format!("said.{limit}"))).into_owned();
        assert!(!said.contains("panicked"), "{limit}: {said}");
        (limit.parse().unwrap(), code.parse().unwrap(), said)
    });
    let codes: Vec<_> = codes.collect();
    assert_eq!(codes.len(), 17, "{out}");
    codes
}

#[test]
fn each_command_works_or_says_that_the_system_has_no_more() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let plain = plain_zip(&[("a", b"b")]);
    for name in ["a.zip", "b.zip", "c.zip", "d.zip"] {
        work.write(name, keyed.archive(&plain));
    }
    let one = ["result", "decrypt", "a.zip", "--force"];
    let batch = ["result", "decrypt", "a.zip", "b.zip", "c.zip", "d.zip"];
    let batch = [&batch[..], &["--output-dir", "out", "--force"]].concat();
    for args in [&one[..], &batch, &["key", "list"]] {
        for (limit, code, said) in codes(&work, work.cmd(args).pin()) {
            let is_named = code == 23 && said.contains("Too many open files");
            assert!(code == 0 || is_named, "{args:?}, {limit}: {code}, {said}");
            assert!(limit < 16 || code == 0, "{args:?}, {limit}: {said}");
        }
        work.is_tidy();
    }
    assert_eq!(work.read("out/d.zip"), plain);
}

#[test]
fn an_agent_that_could_not_serve_does_not_start() {
    let keyed = Keyed::new();
    let work = keyed.work();
    for args in [&[][..], &["--detach"]] {
        for (limit, code, said) in codes(&work, agent::command(&work, args).pin()) {
            assert_eq!(code, 1, "{limit}: {said}");
            let is_named = said.contains(&format!("the limit is {limit} open files"));
            assert!(is_named && said.contains("LimitNOFILE"), "{limit}: {said}");
        }
    }
    // Where it may have more than it has, it takes them.
    let more = ["prlimit", "--nofile=20:256"];
    let agent = Agent::start(agent::command(&work, &[]).pin().under(more));
    work.write("a.zip", keyed.archive(&plain_zip(&[("a", b"b")])));
    agent.cmd(&work, ["result", "decrypt", "a.zip"]).run().ok();
}
