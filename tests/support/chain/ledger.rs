//! The money of a chain. What every account had when the chain was started, and what it has in the end, has to be told apart
//! by the receipts of the blocks between, to the last nRLC and to the last wei.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, B256, I256, U256, hex};
use alloy_sol_types::{SolCall, SolEvent, sol};
use serde_json::{Value, json};

use super::Who;
use super::node::Node;
use super::who::ADMIN;

sol! {
    function totalSupply() returns (uint256);
    function balanceOf(address account) returns (uint256);
    function frozenOf(address account) returns (uint256);

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Lock(address owner, uint256 amount);
    event Unlock(address owner, uint256 amount);
    event Seize(address owner, uint256 amount, bytes32 indexed ref);
}

/// What an account has; or how that has changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Money {
    /// nRLC in its wallet.
    wallet: I256,
    /// nRLC in the hub that it can take out.
    free: I256,
    /// nRLC in the hub that deals and contributions hold.
    locked: I256,
    /// Coins for gas.
    wei: I256,
    /// Transactions that it has sent.
    sent: I256,
}

type Accounts = BTreeMap<Address, Money>;

/// The money at a block.
struct Books {
    accounts: Accounts,
    /// All RLC that there is.
    all: I256,
    /// What the hub says that it holds for others.
    held: I256,
}

/// The books of a chain, open until it ends.
pub(super) struct Ledger {
    hub: Address,
    token: Address,
    first: Books,
    /// The block that they were opened at.
    block: u64,
}

impl Ledger {
    pub(super) fn open(node: &Node, hub: Address, token: Address) -> Self {
        let block = newest(node);
        let mut known: BTreeSet<Address> = Who::ALL.map(Who::address).into();
        known.extend([ADMIN, hub, token, Address::ZERO]);
        let of = [hub, token].map(|it| it.to_string());
        let logs = json!({"fromBlock": "0x0", "toBlock": number(block), "address": of});
        for log in node.rpc("eth_getLogs", json!([logs])).as_array().unwrap() {
            known.extend(named(log));
        }
        let first = Books::read(node, hub, token, block, &known);
        first.check(hub);
        Self {
            hub,
            token,
            first,
            block,
        }
    }

    /// Asserts that all money is accounted for, and tells how much that was.
    pub(super) fn close(&self, node: &Node) {
        let Self { hub, token, .. } = *self;
        // What comes after this block is another matter.
        let last = newest(node);
        let changed = Changes::since(node, hub, token, self.block + 1, last);
        let mut known: BTreeSet<Address> = self.first.accounts.keys().copied().collect();
        known.extend(changed.of.keys());
        let books = Books::read(node, hub, token, last, &known);
        books.check(hub);
        assert_eq!(books.all, self.first.all, "RLC was made or lost");
        for (account, there) in &books.accounts {
            // Who was not known before had nothing, as all RLC was somebody else's.
            let before = self.first.accounts.get(account).copied();
            let before = before.unwrap_or_default();
            let by_receipts = changed.of.get(account).copied().unwrap_or_default();
            let expected = before.and(by_receipts);
            assert_eq!(*there, expected, "{account}, which had {before:?}");
        }
        println!(
            "accounted for: {} transactions, {} of them signed by programs, {} nRLC moved, {} wei for gas",
            changed.transactions, changed.by_programs, changed.moved, changed.gas
        );
    }
}

impl Money {
    fn and(self, other: Self) -> Self {
        Self {
            wallet: self.wallet + other.wallet,
            free: self.free + other.free,
            locked: self.locked + other.locked,
            wei: self.wei + other.wei,
            sent: self.sent + other.sent,
        }
    }
}

impl Books {
    fn read(
        node: &Node,
        hub: Address,
        token: Address,
        block: u64,
        known: &BTreeSet<Address>,
    ) -> Self {
        let at = number(block);
        let call = |to: Address, call: Vec<u8>| {
            let call = json!({"to": to.to_string(), "data": hex::encode_prefixed(call)});
            ("eth_call", json!([call, at]))
        };
        let mut questions = vec![
            call(token, totalSupplyCall {}.abi_encode()),
            call(hub, totalSupplyCall {}.abi_encode()),
        ];
        for &account in known {
            let of_account = json!([account.to_string(), at]);
            questions.extend([
                call(token, balanceOfCall { account }.abi_encode()),
                call(hub, balanceOfCall { account }.abi_encode()),
                call(hub, frozenOfCall { account }.abi_encode()),
                ("eth_getBalance", of_account.clone()),
                ("eth_getTransactionCount", of_account.clone()),
                ("eth_getCode", of_account),
            ]);
        }
        let answers = node.ask(&questions);
        let mut answers = answers.iter();
        let mut next = || answers.next().unwrap();
        let (all, held) = (signed(next()), signed(next()));
        let accounts = known.iter().map(|&account| {
            let [wallet, free, locked, wei, sent] = [(); 5].map(|()| signed(next()));
            // What a contract counts are those that it has made.
            let is_contract = next() != "0x";
            let sent = if is_contract { I256::ZERO } else { sent };
            let money = Money {
                wallet,
                free,
                locked,
                wei,
                sent,
            };
            (account, money)
        });
        Self {
            accounts: accounts.collect(),
            all,
            held,
        }
    }

    /// Asserts that nobody else has any RLC, and that the hub has what it owes.
    fn check(&self, hub: Address) {
        let sum = |of: fn(&Money) -> I256| self.accounts.values().map(of).sum::<I256>();
        let of_hub = self.accounts[&hub];
        assert_eq!(sum(|it| it.wallet), self.all, "RLC of the token");
        assert_eq!(sum(|it| it.free), self.held, "RLC in the hub");
        assert_eq!(of_hub.wallet, self.held, "what the hub has and owes");
        assert_eq!(sum(|it| it.locked), of_hub.free, "what deals hold");
    }
}

/// What the receipts of blocks say.
#[derive(Default)]
struct Changes {
    of: Accounts,
    transactions: usize,
    by_programs: usize,
    moved: I256,
    gas: I256,
}

impl Changes {
    /// Of the blocks from this one to that one, and with what the test itself gave.
    fn since(node: &Node, hub: Address, token: Address, first: u64, last: u64) -> Self {
        let mut changes = Self::default();
        for (to, wei) in node.gifts() {
            changes.of(to).wei += wei;
        }
        let own = node.sent_by_test();
        let questions: Vec<_> = (first..=last)
            .flat_map(|block| {
                [
                    ("eth_getBlockByNumber", json!([number(block), true])),
                    ("eth_getBlockReceipts", json!([number(block)])),
                ]
            })
            .collect();
        for answers in node.ask(&questions).chunks(2) {
            let [block, receipts] = answers else {
                unreachable!("two answers for each block");
            };
            let transactions = block["transactions"].as_array().unwrap();
            let receipts = receipts.as_array().unwrap();
            assert_eq!(transactions.len(), receipts.len());
            for (transaction, receipt) in transactions.iter().zip(receipts) {
                changes.add(block, transaction, receipt);
                let hash: B256 = receipt["transactionHash"]
                    .as_str()
                    .unwrap()
                    .parse()
                    .unwrap();
                if !own.contains(&hash) {
                    changes.by_programs += 1;
                    // All that can be known before is looked at before anything is paid for.
                    assert_eq!(receipt["status"], "0x1", "paid for nothing: {receipt}");
                }
                for log in receipt["logs"].as_array().unwrap() {
                    changes.log(hub, token, log);
                }
            }
        }
        changes
    }

    fn of(&mut self, account: Address) -> &mut Money {
        self.of.entry(account).or_default()
    }

    /// A transaction without its logs: what is sent along, and the gas, of which the tip goes to who made the block.
    fn add(&mut self, block: &Value, transaction: &Value, receipt: &Value) {
        let [from, miner] = [&transaction["from"], &block["miner"]].map(account);
        let [used, price, base, value] = [
            &receipt["gasUsed"],
            &receipt["effectiveGasPrice"],
            &block["baseFeePerGas"],
            &transaction["value"],
        ]
        .map(signed);
        self.transactions += 1;
        self.gas += used * price;
        let sender = self.of(from);
        sender.sent += I256::ONE;
        sender.wei -= used * price;
        self.of(miner).wei += used * (price - base);
        if receipt["status"] == "0x1" && !transaction["to"].is_null() {
            self.of(from).wei -= value;
            self.of(account(&transaction["to"])).wei += value;
        }
    }

    fn log(&mut self, hub: Address, token: Address, log: &Value) {
        let Some(topic) = log["topics"][0].as_str() else {
            return;
        };
        let by = account(&log["address"]);
        let is = |signature: B256| topic == signature.to_string();
        let data = hex::decode(log["data"].as_str().unwrap()).unwrap();
        let word = |at: usize| B256::from_slice(&data[32 * at..32 * (at + 1)]);
        let amount = |at: usize| I256::from_raw(U256::from_be_bytes(word(at).0));
        if is(Transfer::SIGNATURE_HASH) && [hub, token].contains(&by) {
            let [from, to] = [&log["topics"][1], &log["topics"][2]].map(account);
            let value = amount(0);
            self.moved += value;
            // From and to nobody, RLC is put into the hub and taken out of it.
            for (who, value) in [(from, -value), (to, value)] {
                match who {
                    Address::ZERO => {}
                    who if by == token => self.of(who).wallet += value,
                    who => self.of(who).free += value,
                }
            }
        } else if by == hub && is(Lock::SIGNATURE_HASH) {
            self.of(Address::from_word(word(0))).locked += amount(1);
        } else if by == hub && (is(Unlock::SIGNATURE_HASH) || is(Seize::SIGNATURE_HASH)) {
            self.of(Address::from_word(word(0))).locked -= amount(1);
        }
    }
}

/// The accounts that a log may tell of: all addresses among its topics.
fn named(log: &Value) -> impl Iterator<Item = Address> {
    let topics = log["topics"].as_array().unwrap().iter().skip(1);
    topics.map(account)
}

/// An address, alone or as a word of 32 bytes.
fn account(value: &Value) -> Address {
    let bytes = hex::decode(value.as_str().unwrap()).unwrap();
    Address::from_slice(&bytes[bytes.len() - 20..])
}

fn signed(value: &Value) -> I256 {
    let text = value.as_str().unwrap();
    I256::try_from(text.parse::<U256>().unwrap()).unwrap()
}

fn number(block: u64) -> String {
    format!("{block:#x}")
}

fn newest(node: &Node) -> u64 {
    let answer = node.rpc("eth_blockNumber", json!([]));
    u64::from_str_radix(answer.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}
