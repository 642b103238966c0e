//! The clients in Python and Node on "From Python and Node" open an archive, and say what is wrong.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::pages::Page;
use crate::support::*;

const PAGE: &str = "docs/from-python-and-node.md";

/// A client: its language on the page, the beginning of its first line, its interpreter.
#[derive(Clone, Copy)]
struct Client(&'static str, &'static str, &'static str);

const RUN: [Client; 2] = [
    Client("python", "# python3 run.py", "python3"),
    Client("javascript", "// node run.cjs", "node"),
];
const ASK: [Client; 2] = [
    Client("python", "# python3 ask.py", "python3"),
    Client("javascript", "// node ask.cjs", "node"),
];

impl Client {
    fn text(self) -> String {
        let mut blocks = Page::named(PAGE).all_blocks().into_iter();
        let found = blocks.find(|it| it.language == self.0 && it.text.starts_with(self.1));
        found
            .unwrap_or_else(|| panic!("{} is not there", self.1))
            .text
    }

    /// Whether the interpreter is here, with the packages that the client wants.
    fn is_here(self) -> bool {
        let (option, wanted) = match self.2 {
            "python3" => ("-c", "import cryptography, zipfile"),
            _ => ("-e", "require('jszip')"),
        };
        let mut command = Command::new(self.2);
        command.args([option, wanted]).envs(node_path());
        let is_here = command.output().is_ok_and(|it| it.status.success());
        if !is_here {
            println!(
                "skipped: {} and the packages of {} are not here",
                self.2, self.1
            );
        }
        is_here
    }

    /// Runs it with an archive and a place for the result; returns whether it succeeded, and what it said.
    fn run(self, keyed: &Keyed, work: &Work, agent: &Agent, result: &str) -> (bool, String) {
        let file = self.1.rsplit(' ').next().unwrap();
        let client = work.write(file, self.text());
        let program = Path::new(env!("CARGO_BIN_EXE_iexec-hsm")).parent().unwrap();
        let path = std::env::var("PATH").unwrap();
        let output = Command::new(self.2)
            .arg(client)
            .args(["encryptedResults.zip", result])
            .current_dir(work.folder())
            .env_clear()
            .env("PATH", format!("{}:{path}", program.display()))
            .env("HOME", work.home())
            .env("IEXEC_HSM_AGENT_SOCK", &agent.socket)
            .env("IEXEC_HSM_MODULE", &keyed.token.module)
            .envs(keyed.token.env())
            .envs(node_path())
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        (output.status.success(), said)
    }
}

fn node_path() -> Option<(&'static str, PathBuf)> {
    let folder = PathBuf::from(std::env::var_os("IEXEC_SDK_DIR")?);
    Some(("NODE_PATH", folder.join("9.0.1/node_modules")))
}

/// A token with two keys of one size, a result, and the archive of it that the second key opens.
fn keyed() -> (Keyed, Vec<u8>, Vec<u8>) {
    let keyed = Keyed::new();
    let second = keyed.add_key(2048);
    let plain = plain_zip(&[("result.txt", b"Hello, world!"), ("noise", &[7; 100_000])]);
    let archive = Sealed::current(&second, &plain).archive();
    (keyed, plain, archive)
}

fn opens(client: Client, result: &str) {
    if !client.is_here() {
        return;
    }
    let (keyed, plain, archive) = keyed();
    let work = keyed.work();
    work.write("encryptedResults.zip", archive);
    let agent = Agent::unlocked(&work, &[]);
    let (ok, said) = client.run(&keyed, &work, &agent, result);
    assert!(ok, "{said}");
    if result.ends_with(".zip") {
        assert!(work.read(result) == plain);
    } else {
        assert_eq!(work.read("result/result.txt"), b"Hello, world!");
    }
}

/// An archive of nobody here, then an agent that is locked: each is named, and nothing is written.
fn refuses(client: Client, nobodys: &str) {
    if !client.is_here() {
        return;
    }
    let (keyed, _, archive) = keyed();
    let work = keyed.work();
    let (_, other) = openssl::rsa_key(2048);
    let sealed = Sealed::current(&other, &plain_zip(&[("a", b"b")])).archive();
    work.write("encryptedResults.zip", sealed);
    let agent = Agent::unlocked(&work, &[]);
    let (ok, said) = client.run(&keyed, &work, &agent, "result");
    assert!(!ok && said.contains(nobodys), "{said}");
    assert!(!work.exists("result"));
    drop(agent);

    work.write("encryptedResults.zip", archive);
    let locked = Agent::locked(&work, &[]);
    let (ok, said) = client.run(&keyed, &work, &locked, "result");
    assert!(!ok && said.contains("the agent is locked"), "{said}");
    assert!(!work.exists("result"));
}

#[test]
fn python_opens_an_archive_by_the_program() {
    opens(RUN[0], "result");
}

#[test]
fn node_opens_an_archive_by_the_program() {
    opens(RUN[1], "result");
}

#[test]
fn python_opens_an_archive_by_the_agent() {
    opens(ASK[0], "results.zip");
}

#[test]
fn node_opens_an_archive_by_the_agent() {
    opens(ASK[1], "results.zip");
}

#[test]
fn python_says_what_is_wrong() {
    refuses(RUN[0], "cannot-decrypt: ");
    refuses(ASK[0], "no key of the agent opens this archive");
}

#[test]
fn node_says_what_is_wrong() {
    refuses(RUN[1], "cannot-decrypt: ");
    refuses(ASK[1], "no key of the agent opens this archive");
}
