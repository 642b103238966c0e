//! `app run` that pays with a key on the token and opens the result with another: the PIN is asked for once.

use serde_json::json;

use crate::support::chain::proofs::{RIGHT, digest, result};
use crate::support::chain::{Deal, Requester, on_ipfs};
use crate::support::gateway::Gateway;
use crate::support::{Cmd, Faulty, Pty, Sealed, Token, without_wallets};

const QUESTION: &str = "PIN of the token";

/// A requester whose wallet is on a token, and who has a result key.
struct Holder<'t> {
    requester: Requester<'t>,
    token: &'t Token,
    gateway: Gateway,
    archive: Vec<u8>,
}

impl<'t> Holder<'t> {
    /// The result key is on the token of this label.
    fn start(token: &'t Token, of_key: &str) -> Option<Self> {
        let requester = Requester::with_token(token)?;
        let work = &requester.work;
        let made = work
            .cmd(["wallet", "create", "--token", &token.label])
            .pin()
            .run()
            .ok();
        let address = made.out().trim().to_owned();
        let generate = [
            "result",
            "generate-keys",
            "--bits",
            "2048",
            "--token",
            of_key,
        ];
        work.cmd(generate)
            .args(&["--wallet-address", &address])
            .pin()
            .run()
            .ok();
        let public = work.read(format!(".secrets/beneficiary/{address}_key.pub"));
        let public = String::from_utf8(public).unwrap();
        let archive = Sealed::current(&public, &result(RIGHT)).archive();
        requester
            .sms
            .store(&address, "iexec-result-encryption-public-key", "a2V5");
        let chain = &requester.seen.chain;
        let coins = json!([address, "0xde0b6b3a7640000"]);
        chain.node.rpc("anvil_setBalance", coins);
        chain.give(&address, 1_000);
        let gateway = Gateway::start();
        let ipfs = [("ipfsGateway", gateway.url())];
        let ipfs = ipfs.each_ref().map(|(name, url)| (*name, url.as_str()));
        requester.at_services(&chain.node.url(), &ipfs);
        let holder = Self {
            requester,
            token,
            gateway,
            archive,
        };
        holder.cmd(&["account", "deposit", "1000"]).pin().run().ok();
        Some(holder)
    }

    fn cmd(&self, args: &[&str]) -> Cmd {
        let wallet = [
            "--wallet",
            "pkcs11:object=iexec%20wallet",
            "--trust-project",
        ];
        self.requester.work.cmd(args).args(&wallet)
    }

    fn run(&self, folder: &str) -> Cmd {
        let app = self.requester.seen.chain.address("app").to_string();
        self.cmd(&[
            "app",
            "run",
            &app,
            "--force",
            "--encrypt-result",
            "--extract",
            folder,
        ])
    }

    /// Has a worker compute what the running program asks for, once a PIN was typed.
    fn compute(&self, pty: &mut Pty) {
        let (requester, chain) = (&self.requester, &self.requester.seen.chain);
        let before = requester.deals().len();
        self.answer(pty);
        while requester.deals().len() == before {
            std::thread::yield_now();
        }
        let id = requester.deals().pop().unwrap().to_string();
        let block = requester.seen.hub.newest_block().unwrap();
        let deal = Deal::found(id.parse().unwrap(), block, true);
        let cid = self.gateway.add(&self.archive);
        let results = on_ipfs(cid.trim_start_matches("/ipfs/"));
        chain.goes_on_now();
        let task = chain.begin(&deal, 0);
        chain.complete(&deal, task, &results, digest(RIGHT));
    }

    fn answer(&self, pty: &mut Pty) {
        pty.expect(QUESTION).until_echo(false);
        pty.send(&format!("{}\n", self.token.pin));
    }

    #[track_caller]
    fn is_there(&self, folder: &str) {
        let work = &self.requester.work;
        assert_eq!(work.read(format!("{folder}/result.txt")), RIGHT);
    }
}

#[test]
fn one_pin_pays_and_opens_the_result() {
    if without_wallets() {
        return;
    }
    let token = Token::new();
    let Some(holder) = Holder::start(&token, "test") else {
        return;
    };
    let mut pty = Pty::spawn(&holder.run("once"));
    holder.compute(&mut pty);
    let (code, said) = pty.wait();
    assert_eq!((code, said.matches(QUESTION).count()), (0, 1), "{said}");
    holder.is_there("once");
    // Somebody has entered a wrong PIN meanwhile: who knows whether this one is still right.
    let faulty = Faulty::before(&token).rule("flag +CKF_USER_PIN_COUNT_LOW");
    let mut pty = Pty::spawn(&faulty.drive(holder.run("again")));
    holder.compute(&mut pty);
    holder.answer(&mut pty);
    let (code, said) = pty.wait();
    assert_eq!((code, said.matches(QUESTION).count()), (0, 2), "{said}");
    holder.is_there("again");
    // It was changed meanwhile: that is found out once.
    let faulty = Faulty::before(&token).rule("C_Login 2 return CKR_PIN_INCORRECT");
    let mut pty = Pty::spawn(&faulty.drive(holder.run("changed")));
    holder.compute(&mut pty);
    let (code, said) = pty.wait();
    assert_eq!((code, said.matches(QUESTION).count()), (12, 1), "{said}");
    assert_eq!(faulty.ledger().count("C_Login"), 2);
    assert!(!holder.requester.work.exists("changed"));
}

#[test]
fn the_pin_of_one_token_is_not_sent_to_another() {
    if without_wallets() {
        return;
    }
    let token = Token::new();
    token.add("other");
    let Some(holder) = Holder::start(&token, "other") else {
        return;
    };
    let mut pty = Pty::spawn(&holder.run("out"));
    holder.compute(&mut pty);
    pty.expect(r#"PIN of the token "other""#).until_echo(false);
    pty.send(&format!("{}\n", token.pin));
    let (code, said) = pty.wait();
    assert_eq!((code, said.matches(QUESTION).count()), (0, 2), "{said}");
    holder.is_there("out");
}
