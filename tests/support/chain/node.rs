use std::cell::RefCell;
use std::collections::HashSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use alloy_primitives::{Address, B256, I256, U256};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::CHAIN_ID;

const SAYS: &str = "Listening on 127.0.0.1:";

/// A node that has iExec's contracts; it is killed when this is dropped.
pub struct Node {
    anvil: PathBuf,
    child: Option<Child>,
    port: u16,
    folder: TempDir,
    told: RefCell<Told>,
}

/// What a test has had the node do itself, beside what is sent to it.
#[derive(Default)]
struct Told {
    /// Coins that came from nowhere.
    gifts: Vec<(Address, I256)>,
    /// Transactions that the node has signed.
    sent: HashSet<B256>,
}

impl Node {
    /// A fresh one, or nothing and a word to the reader.
    pub fn start() -> Option<Self> {
        let Some(anvil) = std::env::var_os("IEXEC_HSM_ANVIL") else {
            println!("skipped: IEXEC_HSM_ANVIL names no node (softhsm/anvil.sh prints one)");
            return None;
        };
        let mut node = Self {
            anvil: anvil.into(),
            child: None,
            port: 0,
            folder: TempDir::new().unwrap(),
            told: RefCell::default(),
        };
        node.run(&contracts());
        Some(node)
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Ends it; [`Self::start_again`] has it where it was.
    pub fn stop(&mut self) {
        let state = self.rpc("anvil_dumpState", json!([]));
        let digits = state.as_str().unwrap().trim_start_matches("0x");
        let bytes: Vec<u8> = (0..digits.len() / 2)
            .map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap())
            .collect();
        let mut json = Vec::new();
        let mut unpacked = flate2::read::GzDecoder::new(bytes.as_slice());
        unpacked.read_to_end(&mut json).unwrap();
        fs::write(self.folder.path().join("state.json"), json).unwrap();
        self.kill();
    }

    /// Starts it where [`Self::stop`] ended it, at the same address.
    pub fn start_again(&mut self) {
        let state = self.folder.path().join("state.json");
        self.run(&state);
    }

    fn run(&mut self, state: &Path) {
        let mut child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL"])
            .arg(&self.anvil)
            .args(["--threads", "1", "--gas-limit", "100000000", "--port"])
            .arg(self.port.to_string())
            .args(["--chain-id", &CHAIN_ID.to_string(), "--load-state"])
            .arg(state)
            .env("HOME", self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| line.unwrap().strip_prefix(SAYS)?.parse().ok());
        self.child = Some(child);
        self.port = port.expect("the node says where it listens");
        // Nobody else reads it, and a full pipe would hold it up.
        thread::spawn(move || lines.for_each(drop));
    }

    fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// What a method answers.
    #[track_caller]
    pub fn rpc(&self, method: &str, params: Value) -> Value {
        match method {
            "anvil_setBalance" => self.give(&params),
            "eth_sendTransaction" => {
                let hash = self.ask_once(method, &params);
                let sent = hash.as_str().unwrap().parse().unwrap();
                self.told.borrow_mut().sent.insert(sent);
                hash
            }
            _ => self.ask_once(method, &params),
        }
    }

    #[track_caller]
    fn ask_once(&self, method: &str, params: &Value) -> Value {
        let mut answers = self.ask(&[(method, params.clone())]);
        answers.pop().unwrap()
    }

    /// What it answers to several questions, which it is asked together.
    #[track_caller]
    pub(super) fn ask(&self, questions: &[(&str, Value)]) -> Vec<Value> {
        if questions.is_empty() {
            return Vec::new();
        }
        let body = questions.iter().enumerate().map(|(id, (method, params))| {
            json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
        });
        let body = Value::Array(body.collect());
        let answers = post(self.port, &body.to_string());
        let mut answers: Vec<Value> = serde_json::from_str(&answers).unwrap();
        answers.sort_by_key(|it| it["id"].as_u64());
        assert_eq!(answers.len(), questions.len());
        let answers = answers.iter_mut().zip(questions);
        let result = |(answer, (method, _)): (&mut Value, &(&str, Value))| {
            if let Some(error) = answer.get("error") {
                panic!("{method}: {error}");
            }
            answer["result"].take()
        };
        answers.map(result).collect()
    }

    /// Has an account have as many coins as it is told, and remembers how many more these are.
    #[track_caller]
    fn give(&self, params: &Value) -> Value {
        let number = |value: &Value| value.as_str().unwrap().parse::<U256>().unwrap();
        let (to, now) = (&params[0], number(&params[1]));
        let before = number(&self.ask_once("eth_getBalance", &json!([to, "latest"])));
        let gift = I256::from_raw(now) - I256::from_raw(before);
        let to = to.as_str().unwrap().parse().unwrap();
        self.told.borrow_mut().gifts.push((to, gift));
        self.ask_once("anvil_setBalance", params)
    }

    /// Coins that tests gave away, which no receipt tells of.
    pub(super) fn gifts(&self) -> Vec<(Address, I256)> {
        self.told.borrow().gifts.clone()
    }

    /// The transactions that tests had the node sign.
    pub(super) fn sent_by_test(&self) -> HashSet<B256> {
        self.told.borrow().sent.clone()
    }

    pub(super) fn is_running(&self) -> bool {
        self.child.is_some()
    }

    /// Sends a transaction of an account that the node signs for, in a block of its own with this time.
    #[track_caller]
    pub fn send(&self, from: &str, to: &str, data: &[u8], time: u64) -> Value {
        // Its own clock would not let it be earlier than now.
        self.rpc("anvil_setTime", json!([time - 1]));
        self.rpc("evm_setNextBlockTimestamp", json!([time]));
        let data = format!("0x{}", crate::support::hex(data));
        let call = json!({"from": from, "to": to, "data": data, "gas": "0x2000000"});
        let hash = self.rpc("eth_sendTransaction", json!([call]));
        loop {
            let receipt = self.rpc("eth_getTransactionReceipt", json!([hash]));
            if receipt.is_null() {
                thread::sleep(Duration::from_millis(2));
                continue;
            }
            if receipt["status"] != "0x1" {
                // Says why.
                self.rpc("eth_call", json!([call, "latest"]));
                panic!("reverted: {receipt}");
            }
            return receipt;
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Posts JSON to a port of this machine, and returns the body of the answer.
fn post(port: u16, body: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let length = body.len();
    let head = format!(
        "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    stream
        .write_all(format!("{head}{body}").as_bytes())
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
    body.to_owned()
}

/// The state with the contracts, unpacked once for all tests.
fn contracts() -> PathBuf {
    let packed = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/chain/contracts.json.xz");
    let made = fs::metadata(packed).unwrap().modified().unwrap();
    let stamp = made.duration_since(std::time::UNIX_EPOCH).unwrap();
    let name = format!("contracts-{}.json", stamp.as_millis());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let unpacked = folder.join(name);
    if !unpacked.exists() {
        let xz = Command::new("xz").args(["-dc", packed]).output();
        let json = xz.expect("xz: softhsm/test.sh installs it").stdout;
        // Others may be at it at the same time.
        let fresh = tempfile::NamedTempFile::new_in(folder).unwrap();
        fs::write(fresh.path(), json).unwrap();
        fresh.persist(&unpacked).unwrap();
    }
    unpacked
}
