//! The command blocks of README and docs/ are run, page by page, as somebody would who types them.
//!
//! Each page has a fresh folder, home and token, and services on this machine. In its source, an HTML comment right
//! before a block says `before: COMMANDS` (what the page takes for granted) or `not run: REASON`. What a `console`
//! block shows is looked for in what was printed.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::pages::{Block, Page, pages, root};
use crate::support::publish::WALLET_KEY;
use crate::support::sms::Sms;
use crate::support::*;

/// One test for each page with command blocks.
macro_rules! pages {
    ($($test:ident: $page:literal),* $(,)?) => {
        const PAGES: &[&str] = &[$($page),*];
        $(#[test] fn $test() { run($page); })*
    };
}

pages! {
    contributing: "CONTRIBUTING.md",
    readme: "README.md",
    accounts: "docs/accounts.md",
    agent: "docs/agent.md",
    archives: "docs/archives.md",
    ci: "docs/ci.md",
    configuration: "docs/configuration.md",
    confinement: "docs/confinement.md",
    device_network_hsm: "docs/devices/network-hsm.md",
    device_nitrokey_hsm: "docs/devices/nitrokey-hsm.md",
    device_openpgp: "docs/devices/openpgp.md",
    device_remote: "docs/devices/remote.md",
    device_softhsm: "docs/devices/softhsm.md",
    device_tpm: "docs/devices/tpm.md",
    device_yubihsm: "docs/devices/yubihsm.md",
    device_yubikey_piv: "docs/devices/yubikey-piv.md",
    doctor: "docs/doctor.md",
    from_the_sdk: "docs/from-the-sdk.md",
    get_started: "docs/get-started.md",
    guide: "docs/guide.md",
    keys_and_tokens: "docs/keys-and-tokens.md",
    library: "docs/library.md",
    loss_and_replacement: "docs/loss-and-replacement.md",
    publishing: "docs/publishing.md",
    release: "docs/release.md",
    runs: "docs/runs.md",
    tasks: "docs/tasks.md",
    testing_for_contributors: "docs/testing-for-contributors.md",
    wallets: "docs/wallets.md",
    what_is_proven: "docs/what-is-proven.md",
}

/// The blocks of a page that hold commands, or what these print.
fn command_blocks(page: &Page) -> Vec<Block> {
    let blocks = page.all_blocks().into_iter();
    blocks
        .filter(|block| matches!(&*block.language, "sh" | "console"))
        .collect()
}

/// Why a block is not run, if it says so.
fn not_run(block: &Block) -> Option<&str> {
    let mut comments = block.comments.iter();
    comments.find_map(|comment| comment.strip_prefix("not run:"))
}

#[test]
fn every_block_is_run_or_says_why_not() {
    let (mut run, mut left) = (0, 0);
    let mut names = BTreeSet::new();
    for page in pages() {
        for block in command_blocks(&page) {
            names.insert(page.name());
            match not_run(&block) {
                None => run += 1,
                Some(reason) => {
                    let place = format!("{}:{}", page.name(), block.line);
                    assert!(!reason.trim().is_empty(), "{place}: no reason");
                    println!("not run: {place}: {reason}");
                    left += 1;
                }
            }
        }
        // Another word would take a block out of what is run.
        for block in page.all_blocks() {
            let word = &*block.language;
            let known = [
                "sh",
                "console",
                "json",
                "toml",
                "text",
                "python",
                "javascript",
                "rust",
                "yaml",
            ];
            assert!(
                known.contains(&word),
                "{}:{}: {word:?}",
                page.name(),
                block.line
            );
        }
    }
    let tested: BTreeSet<String> = PAGES.iter().map(|&page| page.to_owned()).collect();
    assert_eq!(names, tested);
    println!("{run} blocks are run, {left} are not");
    assert!(run >= 45 && left <= 65, "{run} are run, {left} are not");
}

/// Runs the blocks of a page in one shell.
fn run(name: &str) {
    if other_than_softhsm("its pages are written for it") {
        return;
    }
    let page = Page::named(name);
    let mut blocks = command_blocks(&page);
    blocks.retain(|block| not_run(block).is_none());
    let place = Place::new();
    let mut script = String::from(PROLOGUE);
    for block in &blocks {
        let befores = block.comments.iter();
        for before in befores.filter_map(|comment| comment.strip_prefix("before:")) {
            script.push_str(&format!("{}\n", before.trim()));
        }
        let commands = commands(block);
        if !commands.is_empty() {
            script.push_str(&format!("printf '{MARK}'\n{commands}"));
        }
    }
    let said = place.bash(&script, name);
    let mut parts = said.split(MARK).skip(1);
    let mut printed = "";
    for block in &blocks {
        if !commands(block).is_empty() {
            printed = parts.next().unwrap();
        }
        if block.language == "console" {
            shows(block, printed, &format!("{name}:{}", block.line));
        }
    }
    assert!(parts.next().is_none());
}

/// Printed before the commands of each block.
const MARK: char = '\u{1}';

const PROLOGUE: &str = "set -euo pipefail
exec 2>&1
trap 'iexec-hsm agent stop >/dev/null 2>&1 || true' EXIT
";

/// What is typed: all of a `sh` block, and what follows a prompt in a `console` block.
fn commands(block: &Block) -> String {
    if block.language == "sh" {
        return block.text.clone();
    }
    let lines = block
        .text
        .lines()
        .filter_map(|line| line.strip_prefix("$ "));
    lines.map(|line| format!("{line}\n")).collect()
}

/// Insists that what a `console` block shows was printed, in its order.
#[track_caller]
fn shows(block: &Block, printed: &str, place: &str) {
    let mut lines = printed.lines().map(stable);
    for line in block.text.lines() {
        // Nobody was asked: the PINs were in files.
        let is_question = line.ends_with(':') && (line.contains("PIN") || line.contains("Once"));
        if is_question || line.starts_with("$ ") {
            continue;
        }
        let line = stable(line);
        let found = lines.any(|it| it == line);
        assert!(found, "{place}: {line:?} was not printed, but:\n{printed}");
    }
}

/// A line without what is another at every run: serial numbers, ids, times, sizes.
fn stable(line: &str) -> String {
    let words = line.trim_end().split_inclusive([' ', ';', '=', ',']);
    let words = words.map(|word| {
        let bare = word.trim_end_matches([' ', ';', '=', ',']);
        let is_serial = bare.len() == 16 && bare.bytes().all(|it| it.is_ascii_hexdigit());
        let is_number = !bare.is_empty() && bare.trim_start_matches('(').parse::<f64>().is_ok();
        if is_serial || is_number || bare.starts_with('%') {
            word.replacen(bare, "~", 1)
        } else {
            word.to_owned()
        }
    });
    words.collect()
}

/// Where a page is worked through: nothing of it is there before, and nothing is left.
struct Place {
    token: Token,
    sms: Sms,
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self {
            token: Token::labelled("demo"),
            sms: Sms::start(),
            folder: tempfile::tempdir().unwrap(),
        };
        for name in ["work", "home/result", "run"] {
            fs::create_dir_all(place.path(name)).unwrap();
        }
        fs::set_permissions(place.path("run"), fs::Permissions::from_mode(0o700)).unwrap();
        fs::write(place.path("home/result/result.txt"), "Hello, world!\n").unwrap();
        fs::write(place.path("work/chain.json"), place.chains()).unwrap();
        // `eval` takes a script that is not there for one that says nothing.
        symlink(root().join("softhsm"), place.path("work/softhsm")).unwrap();
        place
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// A project's chains, all with an SMS of this machine.
    fn chains(&self) -> String {
        let url = self.sms.url();
        format!(
            r#"{{"default":"bellecour","chains":{{
                "bellecour":{{"sms":{{"scone":"{url}","gramine":"{url}"}}}},
                "arbitrum-mainnet":{{"sms":"{url}"}},
                "arbitrum-sepolia-testnet":{{"sms":"{url}"}}}}}}"#
        )
    }

    /// What pages write for a path of this machine, and that path.
    fn names(&self) -> [(&'static str, String); 3] {
        let shown = |path: &Path| path.display().to_string();
        [
            ("/usr/lib/softhsm/libsofthsm2.so", shown(&self.token.module)),
            ("/run/secrets/pin", shown(&self.token.pin_file())),
            ("/home/me", shown(&self.path("work"))),
        ]
    }

    /// Runs a script, which must succeed, and returns what it prints, in the words of the pages.
    #[track_caller]
    fn bash(&self, script: &str, page: &str) -> String {
        let mut script = script.to_owned();
        for (name, path) in self.names() {
            script = script.replace(name, &path);
        }
        let program = Path::new(env!("CARGO_BIN_EXE_iexec-hsm"));
        let path = std::env::var("PATH").unwrap();
        // A session of its own: there is no terminal to ask on.
        let mut command = Command::new("setsid");
        command.args(["--wait", "bash", "-c", &script]);
        command.stdin(Stdio::null()).current_dir(self.path("work"));
        command
            .env_clear()
            .env(
                "PATH",
                format!("{}:{path}", program.parent().unwrap().display()),
            )
            .env("HOME", self.path("home"))
            .env("XDG_RUNTIME_DIR", self.path("run"))
            .envs(self.token.env())
            .env("IEXEC_HSM_MODULE", &self.token.module)
            .env("IEXEC_HSM_PIN_FILE", self.token.pin_file())
            .env("IEXEC_HSM_SO_PIN_FILE", self.token.so_pin_file())
            .env("IEXEC_HSM_WALLET_ADDRESS", ADDRESS)
            .env("IEXEC_HSM_TRUSTED_HOSTS", self.sms.url())
            .env("WALLET_KEY", WALLET_KEY);
        let output = command.output().unwrap();
        let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
        for (name, path) in self.names() {
            said = said.replace(&path, name);
        }
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{page}: {}\n{said}{errors}",
            output.status
        );
        said
    }
}

#[test]
fn what_is_not_printed_is_noticed() {
    let block = |text: &str| Block {
        language: "console".to_owned(),
        text: text.to_owned(),
        comments: vec![],
        line: 1,
    };
    let printed = "id=%01;x took 12 ms\nsecond\n";
    shows(
        &block("PIN of the token:\nid=%AA%02;x took 3 ms\n"),
        printed,
        "",
    );
    for wrong in ["first\n", "second\nid=%01;x took 12 ms\n"] {
        let shown = std::panic::catch_unwind(|| shows(&block(wrong), printed, ""));
        assert!(shown.is_err(), "{wrong:?}");
    }
}

#[test]
fn a_command_that_fails_is_noticed() {
    let place = Place::new();
    let script = format!("{PROLOGUE}iexec-hsm result decrypt nothing.zip\ntrue\n");
    let run = std::panic::AssertUnwindSafe(|| place.bash(&script, "page"));
    assert!(std::panic::catch_unwind(run).is_err());
}
