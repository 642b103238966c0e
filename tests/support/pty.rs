//! The real program on a pseudo-terminal.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::OFlags;
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use super::Cmd;

const PATIENCE: Duration = Duration::from_secs(30);
const TICK: Duration = Duration::from_millis(2);

/// A program that has a terminal of 80 columns, and what it shows there.
pub struct Pty {
    master: File,
    /// Keeps the terminal, and its settings, when the program is gone.
    slave: File,
    child: Child,
    screen: Arc<Screen>,
    /// How much of the screen `expect` has been over.
    seen: usize,
}

#[derive(Default)]
struct Screen {
    shown: Mutex<Vec<u8>>,
    changed: Condvar,
}

impl Pty {
    pub fn spawn(cmd: &Cmd) -> Self {
        let master =
            openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let size = Winsize {
            ws_row: 24,
            ws_col: 80,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&master, size).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let slave = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(OFlags::NOCTTY.bits().cast_signed())
            .open(std::ffi::OsStr::from_bytes(name.as_bytes()))
            .unwrap();

        // A session of its own, whose terminal is stdin; the program keeps the process id. Tests that a script runs in
        // the background are to ignore Ctrl-C, and so would the program.
        let mut command = cmd.command(&["env", "--default-signal=INT,QUIT", "setsid", "--ctty"]);
        command.env("TERM", "xterm");
        command.stdin(slave.try_clone().unwrap());
        command.stdout(slave.try_clone().unwrap());
        command.stderr(slave.try_clone().unwrap());
        let child = command
            .spawn()
            .expect("setsid: softhsm/test.sh installs it");

        let master = File::from(master);
        let screen = Arc::new(Screen::default());
        thread::spawn({
            let master = master.try_clone().unwrap();
            let screen = Arc::clone(&screen);
            move || screen.follow(master)
        });
        Self {
            master,
            slave,
            child,
            screen,
            seen: 0,
        }
    }

    /// Waits until the text is shown, after whatever was expected before.
    #[track_caller]
    pub fn expect(&mut self, text: &str) -> &mut Self {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let ended = self.child.try_wait().unwrap().is_some();
            if ended {
                self.settle();
            }
            let shown = self.screen.shown.lock().unwrap();
            if let Some(at) = find(&shown[self.seen..], text.as_bytes()) {
                self.seen += at + text.len();
                break;
            }
            let (shown, _) = self.screen.changed.wait_timeout(shown, TICK).unwrap();
            drop(shown);
            assert!(
                !ended && Instant::now() < deadline,
                "{text:?} was not shown, but:\n{}",
                self.shown()
            );
        }
        self
    }

    /// Types; a line ends with `\n`.
    pub fn send(&mut self, keys: &str) -> &mut Self {
        self.master.write_all(keys.as_bytes()).unwrap();
        self
    }

    pub fn ctrl_c(&mut self) -> &mut Self {
        self.send("\x03")
    }

    /// The program's process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Whether the terminal shows what is typed.
    pub fn echoes(&self) -> bool {
        let modes = tcgetattr(&self.master).unwrap().local_modes;
        modes.contains(LocalModes::ECHO)
    }

    /// Waits until echo is on or off: a prompt may be shown a moment before.
    #[track_caller]
    pub fn until_echo(&mut self, on: bool) -> &mut Self {
        let deadline = Instant::now() + PATIENCE;
        while self.echoes() != on {
            assert!(Instant::now() < deadline, "echo stays {}", !on);
            thread::sleep(TICK);
        }
        self
    }

    /// Waits for the end, also where the terminal takes nothing.
    #[track_caller]
    pub fn until_ended(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(
                Instant::now() < deadline,
                "it does not end, and shows:\n{}",
                self.shown()
            );
            thread::sleep(TICK);
        }
    }

    /// Waits for the end. Returns the exit code, or 128 and the signal, as a shell does, and all that was shown.
    #[track_caller]
    pub fn wait(&mut self) -> (i32, String) {
        let status = self.until_ended();
        self.settle();
        let code = status
            .code()
            .unwrap_or_else(|| 128 + status.signal().unwrap());
        (code, self.shown())
    }

    /// All that was shown so far.
    pub fn shown(&self) -> String {
        String::from_utf8_lossy(&self.screen.shown.lock().unwrap()).into_owned()
    }

    /// Waits until the last words of a program that has ended came through.
    fn settle(&mut self) {
        const MARK: &str = "\u{1}end\u{1}";
        self.slave.write_all(MARK.as_bytes()).unwrap();
        let deadline = Instant::now() + PATIENCE;
        let mut shown = self.screen.shown.lock().unwrap();
        loop {
            if shown.ends_with(MARK.as_bytes()) {
                let end = shown.len() - MARK.len();
                shown.truncate(end);
                return;
            }
            assert!(Instant::now() < deadline, "the terminal is stuck");
            (shown, _) = self.screen.changed.wait_timeout(shown, TICK).unwrap();
        }
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        // A test that failed leaves nobody waiting at a prompt.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Screen {
    fn follow(&self, mut master: File) {
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = master.read(&mut buffer) {
            let mut shown = self.shown.lock().unwrap();
            shown.extend_from_slice(&buffer[..read]);
            self.changed.notify_all();
        }
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}
