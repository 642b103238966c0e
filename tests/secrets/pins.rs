//! The PIN is seen nowhere: not in the output, not in /proc, not in memory when it is needed no longer.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::hidden::{contains, contains_some, memory, unlocked_memory};
use crate::support::*;

/// Nothing else in the world looks like it.
const PIN: &str = "Mark3d-p1n-7f29c0-8d1eKz40w6Qm5rTbXh2L9vNs";

fn marked() -> Token {
    let mut token = Token::uninitialised();
    token.pin = PIN.to_owned();
    token.add("test");
    token
}

fn fifo(work: &Work, name: &str) -> PathBuf {
    let path = work.path(name);
    let made = Command::new("mkfifo").arg(&path).status().unwrap();
    assert!(made.success());
    path
}

#[test]
fn no_command_prints_the_pin() {
    let token = marked();
    let work = Work::new(&token);
    work.write("key.pem", openssl::rsa_key(2048).0);
    let address = ["--wallet-address", ADDRESS];
    let label = "iexec result key 7e5f4552";
    for args in [
        &["token", "list"][..],
        &["token", "info"],
        &[
            "result",
            "generate-keys",
            "--bits",
            "2048",
            address[0],
            address[1],
        ],
        &[
            "result", "encrypt", "key.pem", address[0], address[1], "--force",
        ],
        &["result", "inspect"],
        &["result", "decrypt", "--force"],
        &["key", "list"],
        &["key", "show"],
        &["key", "export"],
        &["key", "adopt", address[0], address[1]],
        &["key", "delete", "--confirm-label", label],
        &[
            "result",
            "import-encryption-key",
            "key.pem",
            address[0],
            address[1],
        ],
        &["key", "delete", "--confirm-label", "wrong"],
        &["--help"],
        &["result", "decrypt", "--help"],
        &["key", "nothing"],
        &["token", "init", "--token-label", "x", "--token", "test"],
    ] {
        for raw in [false, true] {
            for in_env in [false, true] {
                let cmd = work.cmd(args).env("RUST_LOG", "trace");
                let cmd = cmd.env("RUST_BACKTRACE", "full");
                let cmd = match in_env {
                    true => cmd.env("IEXEC_HSM_PIN", PIN).env("IEXEC_HSM_SO_PIN", PIN),
                    false => cmd.pin(),
                };
                let run = if raw { cmd.arg("--raw") } else { cmd }.run();
                assert!(run.code.is_some_and(|code| code != 101), "{}", run.err());
                for stream in [&run.stdout, &run.stderr] {
                    assert!(!contains(stream, PIN), "{args:?}");
                }
            }
        }
    }
    for name in work.files() {
        assert!(!contains(&work.read(&name), PIN), "{name}");
    }
}

#[test]
fn a_running_process_shows_no_pin_in_proc() {
    let token = marked();
    let work = Work::new(&token);
    let gate = fifo(&work, "gate");
    let started = work
        .cmd(["key", "list", "--pin-file"])
        .arg(&gate)
        .env("IEXEC_HSM_PIN", PIN)
        .env("IEXEC_HSM_SO_PIN", PIN)
        .env("OTHER", "still there")
        .start();
    // Opens when the program opens it, long after it took its secrets.
    let mut gate = OpenOptions::new().write(true).open(gate).unwrap();
    let of = |name: &str| fs::read(format!("/proc/{}/{name}", started.id()));
    match of("environ") {
        Ok(environment) => {
            assert!(contains(&environment, "OTHER=still there"));
            assert!(!contains(&environment, PIN));
            assert!(contains(&environment, "IEXEC_HSM_PIN="), "erased in place");
        }
        Err(error) => println!("skipped: the environment of another process: {error}"),
    }
    assert!(!contains(&of("cmdline").unwrap(), PIN));
    let limits = String::from_utf8(of("limits").unwrap()).unwrap();
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let core: Vec<_> = core.unwrap().split_whitespace().collect();
    assert_eq!(core[4..6], ["0", "0"], "no core is dumped");
    writeln!(gate, "{PIN}").unwrap();
    drop(gate);
    started.wait().ok();
}

/// Runs a program with each of these variables twice, which most launchers refuse to do.
const TWICE: &str = r#"
import ctypes, os, sys
names = [b"IEXEC_HSM_PIN", b"IEXEC_HSM_SO_PIN", b"IEXEC_HSM_WALLET_KEY", b"IEXEC_HSM_WALLET_PASSWORD"]
secret = os.environb.pop(b"SECRET")
env = [name + b"=first-" + secret for name in names]
env += [name + b"=" + value for name, value in os.environb.items()]
env += [name + b"=" + secret for name in names]
strings = lambda items: (ctypes.c_char_p * (len(items) + 1))(*items, None)
args = [arg.encode() for arg in sys.argv[1:]]
ctypes.CDLL(None).execve(args[0], strings(args), strings(env))
"#;

#[test]
fn a_secret_that_is_twice_in_the_environment_is_erased_each_time() {
    let token = marked();
    let work = Work::new(&token);
    let gate = fifo(&work, "gate");
    let cmd = work.cmd(["key", "list", "--pin-file"]).arg(&gate);
    let started = cmd
        .env("SECRET", PIN)
        .env("OTHER", "still there")
        .under(["python3", "-c", TWICE])
        .start();
    let mut gate = OpenOptions::new().write(true).open(gate).unwrap();
    match fs::read(format!("/proc/{}/environ", started.id())) {
        Ok(environment) => {
            assert!(contains(&environment, "OTHER=still there"));
            let erased = |name: &str| {
                environment
                    .windows(name.len())
                    .filter(|it| *it == name.as_bytes())
                    .count()
            };
            assert_eq!(erased("IEXEC_HSM_PIN="), 2);
            assert_eq!(erased("IEXEC_HSM_WALLET_PASSWORD="), 2);
            assert!(!contains(&environment, PIN));
        }
        Err(error) => eprintln!("skipped: the environment of another process: {error}"),
    }
    writeln!(gate, "{PIN}").unwrap();
    drop(gate);
    started.wait().ok();
}

#[test]
fn other_processes_of_the_same_user_cannot_look_into_it() {
    if !rustix::process::geteuid().is_root() {
        println!("skipped: only root can run the program as another user");
        return;
    }
    let work = Work::without_token();
    let everybody = fs::Permissions::from_mode(0o777);
    for folder in [work.folder(), work.home(), work.folder().join("..")] {
        fs::set_permissions(folder, everybody.clone()).unwrap();
    }
    let gate = fifo(&work, "gate");
    let as_nobody = r#"cp "$1" iexec-hsm; shift; exec setpriv --reuid=65534 --clear-groups ./iexec-hsm "$@" <gate"#;
    let cmd = work.cmd(["result", "inspect", "-", "--no-token"]);
    let started = cmd.under(["sh", "-c", as_nobody, "sh"]).start();
    let gate = OpenOptions::new().write(true).open(gate).unwrap();
    let of = |name: &str| PathBuf::from(format!("/proc/{}/{name}", started.id()));
    let is_ours = || fs::read_to_string(of("comm")).unwrap() == "iexec-hsm\n";
    // What a process that cannot be looked into has in /proc belongs to root.
    let closed = || is_ours() && fs::metadata(of("environ")).unwrap().uid() == 0;
    let deadline = Instant::now() + Duration::from_secs(30);
    while !closed() {
        assert!(Instant::now() < deadline, "its user can look into it");
        thread::yield_now();
    }
    let status = fs::read_to_string(of("status")).unwrap();
    assert!(status.contains("Uid:\t65534"), "{status}");
    drop(gate);
    started.wait().fails(21);
}

/// Runs a decryption up to the first byte of its output, when the token is long logged in, and
/// returns the memory of the process.
fn memory_after_login(furnish: impl FnOnce(Cmd, &Token) -> Cmd) -> Option<Vec<u8>> {
    let token = marked();
    let work = Work::new(&token);
    let generate = ["result", "generate-keys", "--bits=2048", "--wallet-address"];
    work.cmd(generate).arg(ADDRESS).pin().run().ok();
    let pem = work.read(format!(".secrets/beneficiary/{ADDRESS}_key.pub"));
    let pem = String::from_utf8(pem).unwrap();
    let mut noise = vec![0; 1 << 20];
    getrandom::fill(&mut noise).unwrap();
    let plain = plain_zip(&[("noise", &noise)]);
    work.write("a.zip", Sealed::current(&pem, &plain).archive());

    let out = fifo(&work, "out");
    let to_pipe = ["sh", "-c", r#"exec "$@" >out"#, "sh"];
    let cmd = work.cmd(["result", "decrypt", "a.zip", "--output", "-"]);
    let started = furnish(cmd, &token).under(to_pipe).start();
    let mut out = File::open(out).unwrap();
    let mut first = [0];
    out.read_exact(&mut first).unwrap();
    let memory = memory(started.id());
    let mut rest = first.to_vec();
    out.read_to_end(&mut rest).unwrap();
    started.wait().ok();
    assert!(rest == plain);
    memory
}

#[test]
fn after_the_login_no_pin_from_a_file_is_in_memory() {
    let memory = memory_after_login(|cmd, _| cmd.pin());
    assert!(memory.is_none_or(|memory| !contains_some(&memory, PIN)));
}

#[test]
fn after_the_login_no_pin_from_the_environment_is_in_memory() {
    let memory = memory_after_login(|cmd, token| cmd.env("IEXEC_HSM_PIN", &token.pin));
    assert!(memory.is_none_or(|memory| !contains_some(&memory, PIN)));
}

#[test]
fn while_many_archives_are_opened_the_pin_is_in_locked_memory_alone() {
    let mut keyed = Keyed {
        token: marked(),
        public: String::new(),
    };
    keyed.public = keyed.add_key(2048);
    let work = keyed.work();
    let names: Vec<String> = (0..12).map(|number| format!("{number}.zip")).collect();
    for name in &names {
        work.write(name, keyed.archive(&plain_zip(&[("x", b"1")])));
    }
    let gate = work.path("../gate");
    let faulty = Faulty::before(&keyed.token).rule(format!("C_Decrypt 6 hang {}", gate.display()));
    let decrypt = ["result", "decrypt", "--output-dir", "out"];
    let cmd = names.iter().fold(work.cmd(decrypt).pin(), Cmd::arg);
    let mut started = faulty.drive(cmd).start();
    let deadline = Instant::now() + Duration::from_secs(60);
    while faulty
        .ledger()
        .of("C_Decrypt")
        .iter()
        .all(|it| it.rv != "hangs")
    {
        assert!(started.runs() && Instant::now() < deadline);
        thread::yield_now();
    }
    let memory = unlocked_memory(started.id());
    fs::write(gate, "").unwrap();
    started.wait().ok();
    assert!(memory.is_none_or(|memory| !contains_some(&memory, PIN)));
}
