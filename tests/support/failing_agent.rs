//! An agent in front of a token that fails by a script.

use std::path::PathBuf;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use tempfile::TempDir;

use super::agent::{Agent, command};
use super::{Cmd, Faulty, Keyed, Work, openssl};

pub const CONTENT_KEY: [u8; 32] = [7; 32];

/// An agent that was unlocked.
pub struct FailingAgent<'t> {
    pub agent: Agent,
    pub faulty: Faulty<'t>,
    pub key: String,
    /// The content key, wrapped.
    pub wrapped: Vec<u8>,
    _work: Work<'t>,
}

impl<'t> FailingAgent<'t> {
    /// With these options, and a token that follows `rules`.
    pub fn new(keyed: &'t Keyed, args: &[&str], rules: &[&str]) -> Self {
        Self::started(keyed, args, rules, Cmd::pin)
    }

    /// Does the same, and gives it no PIN.
    pub fn without_pin(keyed: &'t Keyed, args: &[&str], rules: &[&str]) -> Self {
        Self::started(keyed, args, rules, |cmd| cmd)
    }

    fn started(
        keyed: &'t Keyed,
        args: &[&str],
        rules: &[&str],
        furnish: impl Fn(Cmd) -> Cmd,
    ) -> Self {
        let work = keyed.work();
        // Each worker of the agent has the module loaded for itself.
        let faulty = Faulty::before(&keyed.token).rule("one-device");
        let faulty = rules.iter().fold(faulty, Faulty::rule);
        let agent = Agent::start(furnish(faulty.drive(command(&work, args))));
        Self {
            key: agent.key(),
            wrapped: openssl::rsa_wrap(&keyed.public, &CONTENT_KEY),
            agent,
            faulty,
            _work: work,
        }
    }

    /// The code of a refusal; nothing where the right key comes.
    pub fn unwrap(&self) -> Option<String> {
        let (status, body) = self.agent.unwrap(&self.key, &self.wrapped);
        if status == 200 {
            assert_eq!(body["contentKey"], BASE64_STANDARD.encode(CONTENT_KEY));
            return None;
        }
        Some(body["error"]["code"].as_str().unwrap().to_owned())
    }

    /// Asks without a look at the answer.
    pub fn unwrap_anything(&self) {
        self.agent.unwrap(&self.key, &self.wrapped);
    }

    #[track_caller]
    pub fn works(&self) {
        assert_eq!(self.unwrap(), None);
    }

    #[track_caller]
    pub fn fails(&self, code: &str) {
        assert_eq!(self.unwrap().as_deref(), Some(code));
    }

    pub fn until(&mut self, state: &str) {
        self.agent.until(state, |agent| agent.state() == state);
    }
}

/// A file that ends a hang once it is there.
pub fn gate() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let gate = folder.path().join("go");
    (folder, gate)
}
