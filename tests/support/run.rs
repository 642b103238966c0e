//! The real program, in a fresh folder, cut off from the caller's environment and terminal.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::thread;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use serde_json::Value;
use tempfile::TempDir;

use super::{Kind, Token, json_schema, machine, wrong_tmp};

/// What tpm2-pkcs11 says of a new store, with an empty line.
const TPM_STORE: &str = "WARNING: Cannot prepare version query: no such table: schema\n\n";

/// How other lines of it and its libraries begin.
const TPM_MODULE: [&str; 3] = [
    "ERROR:tcti:",
    "WARNING:tcti:",
    "ERROR: Could not initialize tpm ctx",
];

/// A fresh work folder and home, with a token or without.
pub struct Work<'t> {
    token: Option<&'t Token>,
    folder: TempDir,
}

impl<'t> Work<'t> {
    pub fn new(token: &'t Token) -> Self {
        Self::with(Some(token))
    }

    pub fn without_token() -> Self {
        Self::with(None)
    }

    fn with(token: Option<&'t Token>) -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("work")).unwrap();
        fs::create_dir(folder.path().join("home")).unwrap();
        Self { token, folder }
    }

    /// The folder that commands run in.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// The path of a file in the work folder.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder().join(name)
    }

    pub fn read(&self, name: impl AsRef<Path>) -> Vec<u8> {
        let path = self.path(name);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Writes a file in the work folder, making the folders above it.
    pub fn write(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    pub fn exists(&self, name: impl AsRef<Path>) -> bool {
        self.path(name).symlink_metadata().is_ok()
    }

    /// Every file under the work folder, as sorted relative paths.
    pub fn files(&self) -> Vec<String> {
        fn walk(top: &Path, folder: &Path, found: &mut Vec<String>) {
            for entry in fs::read_dir(folder).unwrap() {
                let entry = entry.unwrap();
                if entry.file_type().unwrap().is_dir() {
                    walk(top, &entry.path(), found);
                } else {
                    let path = entry.path();
                    found.push(path.strip_prefix(top).unwrap().display().to_string());
                }
            }
        }
        let mut found = Vec::new();
        walk(&self.folder(), &self.folder(), &mut found);
        found.sort();
        found
    }

    /// Asserts that no temporary file of ours is left.
    pub fn is_tidy(&self) {
        assert_eq!(wrong_tmp(self.folder.path()), Vec::<PathBuf>::new());
    }

    /// A run of the program with the PIN at hand.
    pub fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Run {
        self.cmd(args).pin().run()
    }

    /// A run of the program that is yet to be furnished; nothing tells it the PIN.
    pub fn cmd<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Cmd {
        let mut env = vec![
            (
                "PATH".into(),
                std::env::var_os("PATH").expect("PATH is set"),
            ),
            ("HOME".into(), self.home().into()),
            // Devices that stay away are many here.
            ("IEXEC_HSM_DEVICE_TIMEOUT".into(), "1s".into()),
        ];
        if let Some(token) = self.token {
            env.extend(token.env().into_iter().map(|(name, it)| (name.into(), it)));
            env.push(("IEXEC_HSM_MODULE".into(), token.module.clone().into()));
        }
        Cmd {
            pin_file: self.token.map(Token::pin_file),
            folder: self.folder(),
            // The proxy loads whatever is registered.
            under: match self.token.map(|it| it.kind) {
                Some(Kind::P11KitProxy) => to_owned(machine::without_other_modules()),
                _ => Vec::new(),
            },
            args: to_owned(args),
            env,
            stdin: None,
        }
    }
}

/// A command that is being put together.
pub struct Cmd {
    folder: PathBuf,
    pin_file: Option<PathBuf>,
    under: Vec<OsString>,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    stdin: Option<Vec<u8>>,
}

impl Cmd {
    /// Names the token's PIN file in the environment.
    pub fn pin(self) -> Self {
        match self.pin_file.clone() {
            Some(file) => self.env("IEXEC_HSM_PIN_FILE", file),
            None => self,
        }
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name.into(), value.as_ref().to_owned()));
        self
    }

    pub fn without_env(mut self, name: &str) -> Self {
        self.env.retain(|(known, _)| known != name);
        self
    }

    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    pub fn args(self, args: &[&str]) -> Self {
        args.iter().fold(self, Cmd::arg)
    }

    /// Runs in another folder.
    pub fn in_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = folder.into();
        self
    }

    /// What it reads from stdin; otherwise stdin is empty.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    /// Runs it under another program, such as `prlimit --fsize=1000`, which must become ours by exec.
    pub fn under<S: AsRef<OsStr>>(mut self, wrapper: impl IntoIterator<Item = S>) -> Self {
        self.under.extend(to_owned(wrapper));
        self
    }

    /// The folder that it runs in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    #[track_caller]
    pub fn run(self) -> Run {
        self.start().wait()
    }

    pub fn start(self) -> Started {
        // A session of its own: there is no terminal to ask on, even when the tests run in one.
        let mut command = self.command(&["setsid"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.stdin(match self.stdin {
            Some(_) => Stdio::piped(),
            None => Stdio::null(),
        });
        let mut child = command
            .spawn()
            .expect("setsid: softhsm/test.sh installs it");
        if let Some(bytes) = self.stdin {
            let mut stdin = child.stdin.take().unwrap();
            // A program that stops reading early is no fault of the writer.
            thread::spawn(move || stdin.write_all(&bytes));
        }
        let words = self.args.iter();
        let words = words.map(|it| it.to_string_lossy().into_owned());
        Started {
            child,
            words: words.collect(),
        }
    }

    /// The command line, to be run by `wrapper`.
    pub(super) fn command(&self, wrapper: &[&str]) -> Command {
        let mut command = Command::new(wrapper[0]);
        command.args(&wrapper[1..]).args(&self.under);
        command
            .arg(env!("CARGO_BIN_EXE_iexec-hsm"))
            .args(&self.args);
        command.current_dir(&self.folder);
        command.env_clear().envs(coverage());
        command.envs(self.env.iter().cloned());
        command
    }
}

fn to_owned<S: AsRef<OsStr>>(words: impl IntoIterator<Item = S>) -> Vec<OsString> {
    let words = words.into_iter();
    words.map(|word| word.as_ref().to_owned()).collect()
}

/// Where a program that was built to measure coverage writes it.
fn coverage() -> Option<(&'static str, OsString)> {
    let name = "LLVM_PROFILE_FILE";
    std::env::var_os(name).map(|file| (name, file))
}

/// A command that runs.
pub struct Started {
    child: Child,
    /// Its arguments.
    words: Vec<String>,
}

impl Started {
    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the first byte on its stdout, which is then missing from what [`Started::wait`] has.
    pub fn first_byte(&mut self) -> u8 {
        let mut byte = [0];
        let stdout = self.child.stdout.as_mut().unwrap();
        stdout.read_exact(&mut byte).unwrap();
        byte[0]
    }

    /// What it says on stderr from now on, which is then missing from what [`Started::wait`] has.
    pub fn take_stderr(&mut self) -> ChildStderr {
        self.child.stderr.take().unwrap()
    }

    /// How many bytes it has read so far, of files and pipes.
    pub fn has_read(&self) -> u64 {
        let counts = fs::read_to_string(format!("/proc/{}/io", self.id())).unwrap();
        let line = counts.lines().find_map(|it| it.strip_prefix("rchar: "));
        line.unwrap().parse().unwrap()
    }

    /// How many bytes it has read when it has ended; what it says has to be short.
    pub fn has_read_in_all(&self) -> u64 {
        let pid = Pid::from_child(&self.child);
        let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(pid), ended).unwrap();
        self.has_read()
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for its end. What it says with `--raw` has to be what docs/json-schema/ says.
    #[track_caller]
    pub fn wait(self) -> Run {
        let Output {
            status,
            stdout,
            stderr,
        } = self.child.wait_with_output().unwrap();
        let run = Run {
            code: status.code(),
            signal: status.signal(),
            stdout,
            stderr,
        };
        json_schema::check_run(&self.words, &run.out(), &run.err());
        run
    }
}

/// How a command ended, and what it said.
pub struct Run {
    /// Its exit code; none when a signal ended it.
    pub code: Option<i32>,
    pub signal: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

impl Run {
    pub fn out(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// What the program said on the side, without what a module for TPMs that is installed here says where there is no
    /// TPM: p11-kit's proxy loads it, and so does whoever looks for modules.
    pub fn err(&self) -> String {
        let all = String::from_utf8_lossy(&self.stderr).replace(TPM_STORE, "");
        let of_tpm = |line: &&str| TPM_MODULE.iter().any(|start| line.starts_with(start));
        let lines = all.split_inclusive('\n');
        lines.filter(|line| !of_tpm(line)).collect()
    }

    /// Asserts success.
    #[track_caller]
    pub fn ok(self) -> Self {
        self.fails(0)
    }

    /// Asserts an exit code.
    #[track_caller]
    pub fn fails(self, code: i32) -> Self {
        assert!(
            self.code == Some(code),
            "exit {code} was expected, not {:?} (signal {:?})\nstdout: {}\nstderr: {}",
            self.code,
            self.signal,
            self.out(),
            self.err()
        );
        self
    }

    /// Asserts that a signal ended it.
    #[track_caller]
    pub fn killed_by(self, signal: Signal) -> Self {
        let ended = (self.code, self.signal);
        assert_eq!(ended, (None, Some(signal.as_raw())), "{}", self.err());
        self
    }

    /// The one line of JSON that a success prints.
    #[track_caller]
    pub fn raw(&self) -> Value {
        assert_eq!(
            self.err(),
            "",
            "a raw success has nothing to say on the side"
        );
        one_line(&self.out())
    }

    /// The `error` of the one line of JSON that a failure prints; its `exit` is that of the process.
    #[track_caller]
    pub fn raw_error(&self) -> Value {
        assert_eq!(self.out(), "", "a failure prints nothing to stdout");
        let line = one_line(&self.err());
        assert_eq!(line["ok"], false, "{line}");
        assert!(line["command"].is_string(), "{line}");
        let error = &line["error"];
        for field in ["name", "message", "code"] {
            assert!(error[field].is_string(), "{field} in {line}");
        }
        assert_eq!(error["exit"].as_i64(), self.code.map(i64::from), "{line}");
        error.clone()
    }
}

#[track_caller]
fn one_line(text: &str) -> Value {
    assert_eq!(text.trim_end().lines().count(), 1, "one line: {text}");
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}
