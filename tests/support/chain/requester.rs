//! A requester with all services around, for whom apps are run.

use std::fs;
use std::path::PathBuf;

use iexec_hsm::chain::poco::Id;
use serde_json::{Value, json};

use super::{Books, Is, Seen, Who};
use crate::support::sms::Sms;
use crate::support::web::Web;
use crate::support::{Cmd, Token, Work};

/// What a run costs with the orders that are listed at first, in nRLC.
pub const COST: u64 = 110;

/// The name of the secret that results are encrypted for.
const KEY: &str = "iexec-result-encryption-public-key";

/// A chain, its market and SMS, and the folder of a requester.
pub struct Requester<'t> {
    pub seen: Seen,
    pub books: Books,
    pub sms: Sms,
    pub work: Work<'t>,
}

impl Requester<'static> {
    /// One with a wallet in the environment, and a result key that is published; or nothing and a word to the reader.
    pub fn start() -> Option<Self> {
        Self::with(Work::without_token())
    }
}

impl<'t> Requester<'t> {
    /// One that has a token.
    pub fn with_token(token: &'t Token) -> Option<Self> {
        Self::with(Work::new(token))
    }

    fn with(work: Work<'t>) -> Option<Self> {
        let seen = Seen::start()?;
        let (books, sms) = (Books::start(Is::Honest), Sms::start());
        books.list(&seen.sign(Who::AppOwner, seen.app()));
        books.list(&seen.sign(Who::Scheduler, seen.workerpool()));
        sms.store(&Who::Requester.address().to_string(), KEY, "bm8ga2V5");
        Some(Self {
            seen,
            books,
            sms,
            work,
        })
    }

    /// A proxy that requests to the node go through.
    pub fn node(&self) -> Web {
        Web::in_front_of(&self.seen.chain.node.url())
    }

    /// Has commands see the chain through this node.
    pub fn at(&self, node: &str) {
        self.at_market(node, &self.books.web.url());
    }

    /// And its market at this URL.
    pub fn at_market(&self, node: &str, market: &str) {
        self.at_services(node, &[("iexecGateway", market)]);
    }

    /// And these of its services at these URLs.
    pub fn at_services(&self, node: &str, others: &[(&str, &str)]) {
        let (market, sms) = (self.books.web.url(), self.sms.url());
        let services = [("host", node), ("iexecGateway", &market), ("sms", &sms)];
        let services = [&services[..], others].concat();
        self.seen.chain.write_chain_json(&self.work, &services);
    }

    /// A command of the requester.
    pub fn cmd(&self, args: &[&str]) -> Cmd {
        let cmd = self.work.cmd(args);
        cmd.env("IEXEC_HSM_WALLET_KEY", Who::Requester.private_key())
    }

    /// A run of the app.
    pub fn run(&self, args: &[&str]) -> Cmd {
        let app = self.seen.chain.address("app").to_string();
        let run = ["app", "run", app.as_str(), "--trust-project"];
        self.cmd(&run).args(args)
    }

    /// Goes on with a run.
    pub fn resume(&self) -> Cmd {
        self.at(&self.seen.chain.node.url());
        self.cmd(&["app", "run", "--resume", "--trust-project", "--raw"])
    }

    /// The deals of the chain, in their order.
    pub fn deals(&self) -> Vec<Id> {
        let hub = &self.seen.hub;
        let last = hub.newest_block().unwrap();
        let made = hub.deals_made(0, last, &mut |_| {}).unwrap();
        made.iter().map(|it| it.id).collect()
    }

    /// What the requester has in the hub, in nRLC: free, and held by deals.
    pub fn money(&self) -> (u64, u64) {
        self.seen.money(Who::Requester)
    }

    /// How many transactions the requester has in blocks.
    pub fn sent(&self) -> Value {
        let of = json!([Who::Requester.address().to_string(), "latest"]);
        self.seen.chain.node.rpc("eth_getTransactionCount", of)
    }

    /// What the journal has that could be sent.
    pub fn journal(&self) -> Vec<PathBuf> {
        let folder = self.work.home().join(".local/state/iexec-hsm");
        let Ok(files) = fs::read_dir(folder) else {
            return Vec::new();
        };
        let paths = files.map(|file| file.unwrap().path());
        paths
            .filter(|it| it.extension().is_some_and(|it| it == "json"))
            .collect()
    }

    /// Takes the orders of a book off the market; a new market has the others.
    pub fn relist(&mut self, is: Is) {
        self.books = Books::start(is);
    }
}
