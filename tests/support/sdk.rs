//! iExec's own SDK, where it is installed, and its own test archive.

use std::ffi::OsStr;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::{Run, Work};

/// One version of the SDK.
pub struct Sdk {
    folder: PathBuf,
}

impl Sdk {
    /// The last version that knows several TEE frameworks.
    pub const V8: &str = "8.24.0";
    /// The version of today.
    pub const V9: &str = "9.0.1";

    /// This version of the SDK, or nothing and a word to the reader.
    pub fn find(version: &str) -> Option<Self> {
        let Some(folder) = std::env::var_os("IEXEC_SDK_DIR") else {
            println!("skipped: IEXEC_SDK_DIR names no folder with iExec's SDK in it");
            return None;
        };
        let folder = Path::new(&folder).join(version);
        assert!(
            folder.join("node_modules/iexec").exists(),
            "IEXEC_SDK_DIR has no {version}: softhsm/sdk.sh prints a folder that has it"
        );
        Some(Self { folder })
    }

    /// Both versions; none, and a word to the reader, where they are missing.
    pub fn all() -> impl Iterator<Item = Self> {
        [Self::V8, Self::V9].into_iter().filter_map(Self::find)
    }

    /// The words of all its commands, such as `wallet import`, as its program declares them.
    pub fn commands(&self) -> Vec<String> {
        let folder = self.folder.join("node_modules/iexec/dist/esm/cli/cmd");
        let mut found = Vec::new();
        for path in super::files_in(&folder, "js") {
            let group = path.file_stem().unwrap().to_str().unwrap();
            let group = group.trim_start_matches("iexec").trim_start_matches('-');
            let source = std::fs::read_to_string(&path).unwrap();
            let declared = source.split("cli.command('").skip(1);
            let words = declared.filter_map(|it| it.split(['\'', ' ']).next());
            found.extend(words.map(|word| format!("{group} {word}").trim().to_owned()));
        }
        found
    }

    /// Runs its program in the folder of `work`, with an empty stdin and no terminal to ask on.
    pub fn iexec<S: AsRef<OsStr>>(
        &self,
        work: &Work<'_>,
        args: impl IntoIterator<Item = S>,
    ) -> Run {
        let output = Command::new("setsid")
            .arg("--wait")
            .arg(self.folder.join("node_modules/.bin/iexec"))
            .args(args)
            // Without it the npm registry is asked for updates.
            .arg("--raw")
            .current_dir(work.folder())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", work.home())
            .env("NODE_NO_WARNINGS", "1")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        Run {
            code: output.status.code(),
            signal: output.status.signal(),
            stdout: output.stdout,
            stderr: output.stderr,
        }
    }

    /// What it says of each of these with `--raw`, by the ids. Each begins with `task:` or `deal:`.
    pub fn show(&self, node_url: &str, hub: &str, wanted: &[String]) -> Value {
        let output = Command::new("node")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("softhsm/sdk-show.mjs"))
            .arg(&self.folder)
            .args([node_url, hub])
            .args(wanted)
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{stderr}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The orders that it makes and signs as it is told, with their hashes and what they cost together.
    pub fn orders(&self, node_url: &str, hub: &str, wanted: &Value) -> Value {
        let output = Command::new("node")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("softhsm/sdk-orders.mjs"))
            .arg(&self.folder)
            .args([node_url, hub, &wanted.to_string()])
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{stderr}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The transactions that it would send, after all its checks, to make these deals of signed orders.
    pub fn match_orders(&self, node_url: &str, hub: &str, wanted: &[Value]) -> Vec<Value> {
        let output = Command::new("node")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("softhsm/sdk-match.mjs"))
            .arg(&self.folder)
            .args([node_url, hub, &Value::from(wanted).to_string()])
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{stderr}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Has it ask a market for orders as it is told.
    pub fn asks_for_orders(&self, market_url: &str, wanted: &Value) {
        let output = Command::new("node")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("softhsm/sdk-books.mjs"))
            .arg(&self.folder)
            .args([market_url, &wanted.to_string()])
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{stderr}");
    }

    /// The address of an encrypted wallet that the SDK's ethers opens, or what it complains about.
    pub fn opens_wallet(&self, json: &str, password: &str) -> Result<String, String> {
        let script = "import { Wallet } from 'ethers';
            const [json, password] = process.argv.slice(1);
            console.log((await Wallet.fromEncryptedJson(json, password)).address);";
        let output = Command::new("node")
            .args(["--input-type=module", "-e", script, "--", json, password])
            .current_dir(&self.folder)
            .output()
            .unwrap();
        match output.status.success() {
            true => Ok(String::from_utf8(output.stdout).unwrap().trim().to_owned()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    /// What the SDK's `decryptResult` gets out of an archive, or what it complains about.
    pub fn decrypt(&self, private_pem: &str, archive: &[u8]) -> Result<Vec<u8>, String> {
        let folder = TempDir::new().unwrap();
        let path = |name| folder.path().join(name);
        std::fs::write(path("key.pem"), private_pem).unwrap();
        std::fs::write(path("archive.zip"), archive).unwrap();
        let output = Command::new("node")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("softhsm/sdk-decrypt.mjs"))
            .arg(&self.folder)
            .args(["key.pem", "archive.zip", "results.zip"].map(path))
            .output()
            .unwrap();
        if output.status.success() {
            Ok(std::fs::read(path("results.zip")).unwrap())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }
}

/// The folder of the SDK's own test archive and keys, or nothing and a word to the reader.
pub fn sdk_fixtures() -> Option<PathBuf> {
    let folder = std::env::var_os("IEXEC_HSM_SDK_FIXTURES").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: IEXEC_HSM_SDK_FIXTURES names no folder with the SDK's archive in it");
    }
    folder
}
