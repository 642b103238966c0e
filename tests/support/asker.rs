//! A program that an agent asks a person with: it writes down what it is told, and answers what the test says.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::agent::{Connection, command, unwrap_body};
use super::{Agent, Cmd, Work};

/// As `ssh-askpass`: the question is its argument. Its answer is an exit status, and what it prints before that.
const ASKPASS: &str = r#"#!/bin/sh
folder=${0%/*}
mkdir "$folder/shown" || echo overlap >>"$folder/overlaps"
trap 'rmdir "$folder/shown"; exit 143' TERM
env >"$folder/environment"
pwd >>"$folder/environment"
printf '%s %s\n---\n' "$#" "$1" >>"$folder/asked"
answer=$(cat "$folder/answer")
rmdir "$folder/shown"
set -- $answer
[ -z "$2" ] || echo "$2"
exit "$1"
"#;

/// As `pinentry`: each line is answered, and the question is over where its input is.
const PINENTRY: &str = r##"#!/bin/sh
folder=${0%/*}
env >"$folder/environment"
echo "# a comment"
echo "OK Pleased to meet you"
while read -r line; do
    printf '%s\n---\n' "$line" >>"$folder/asked"
    case $line in
    CONFIRM) echo "S PROGRESS"; cat "$folder/answer" ;;
    OPTION* | SETTIMEOUT*) echo "ERR 83886254 Unknown option <Pinentry>" ;;
    *) echo OK ;;
    esac
done
echo end >"$folder/end"
"##;

pub struct Asker {
    folder: TempDir,
    pub program: PathBuf,
}

impl Asker {
    pub fn askpass() -> Self {
        Self::new("askpass", ASKPASS)
    }

    pub fn pinentry() -> Self {
        Self::new("pinentry-test", PINENTRY)
    }

    pub fn new(name: &str, script: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let program = folder.path().join(name);
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder, program }
    }

    /// `agent start --confirm` that asks with it.
    pub fn command(&self, work: &Work<'_>, args: &[&str]) -> Cmd {
        let cmd = command(work, args).arg("--confirm");
        cmd.env("IEXEC_HSM_CONFIRM_WITH", &self.program)
    }

    /// An unlocked agent that asks with it.
    pub fn agent(&self, work: &Work<'_>, args: &[&str]) -> Agent {
        Agent::start(self.command(work, args).pin())
    }

    /// Answers each question so from now on.
    pub fn says(&self, answer: &str) {
        let _ = fs::remove_file(self.path("answer"));
        fs::write(self.path("answer"), format!("{answer}\n")).unwrap();
    }

    /// Leaves each question without an answer, until [`Self::answer`].
    pub fn waits(&self) {
        let _ = fs::remove_file(self.path("answer"));
        let made = Command::new("mkfifo").arg(self.path("answer")).status();
        assert!(made.unwrap().success());
    }

    /// Answers the question that is shown, or the next one.
    pub fn answer(&self, answer: &str) {
        let mut pipe = fs::OpenOptions::new().write(true).open(self.path("answer"));
        writeln!(pipe.as_mut().unwrap(), "{answer}").unwrap();
    }

    /// All that it was told.
    pub fn asked(&self) -> Vec<String> {
        let all = fs::read_to_string(self.path("asked")).unwrap_or_default();
        let mut parts: Vec<_> = all.split("\n---\n").map(str::to_owned).collect();
        parts.pop();
        parts
    }

    /// Forgets what it was told.
    pub fn forget(&self) {
        let _ = fs::remove_file(self.path("asked"));
    }

    /// The lines of its environment, and its folder.
    pub fn environment(&self) -> Vec<String> {
        let all = fs::read_to_string(self.path("environment")).unwrap();
        all.lines().map(str::to_owned).collect()
    }

    pub fn has(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// Whether it, or a child of it, runs.
    pub fn runs(&self) -> bool {
        let ours = self.folder.path().as_os_str().as_encoded_bytes();
        fs::read_dir("/proc").unwrap().any(|process| {
            let line = fs::read(process.unwrap().path().join("cmdline"));
            line.is_ok_and(|line| line.windows(ours.len()).any(|it| it == ours))
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// A request to unwrap that is under way, on a connection of its own.
pub struct Asking(Connection);

impl Asking {
    pub fn begin(socket: &Path, key: &str, wrapped: &[u8]) -> Self {
        let mut connection = Connection::open(socket);
        let body = unwrap_body(key, wrapped).to_string();
        connection.write(&format!(
            "POST /v1/unwrap HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ));
        Self(connection)
    }

    /// The HTTP status, and the answer.
    #[track_caller]
    pub fn end(mut self) -> (u16, Value) {
        self.0.answer().json()
    }
}
