use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::keys::Keys;
use super::run::Run;
use crate::agent::client::{AgentClient, AgentKeys, Waits};
use crate::agent::wire::{Key, State, Status};
use crate::cli::agent_keys::{names, records};
use crate::cli::agent_link::Link;
use crate::cli::pins::Pins;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::status_line;
use crate::code::Code;
use crate::envelope::Steadiness;
use crate::token::choose_one;

/// An agent that is not needed, and does not tell its state within this time, is not spoken of.
const PATIENCE: Duration = Duration::from_millis(200);

/// An agent that runs, in the place of the token.
pub(super) struct Agent<'r> {
    run: &'r Run<'r>,
    path: PathBuf,
    /// Whether it is another user's, which root has named.
    is_foreign: bool,
    /// Sessions that it has open.
    pub(super) sessions: usize,
    ready: Mutex<Ready>,
    steadiness: Steadiness,
    /// The time after which it gives a request up.
    request: Option<Duration>,
}

/// The state of the search for keys.
enum Ready {
    NotYet(Box<Link>),
    Yes(Vec<Key>),
    Never(Code),
}

impl<'r> Run<'r> {
    /// The agent that runs and holds the token that is wanted; a PIN that is given for this run
    /// goes to the token itself.
    pub(super) fn agent(&'r self, pins: &Pins) -> Result<Option<Agent<'r>>, Failure> {
        let required = self.command.opening.holding.require_agent;
        if !required && self.context.settings.no_agent {
            return Ok(None);
        }
        if !required && pins.are_given() {
            self.tell_of_idle_agent()?;
            return Ok(None);
        }
        let link = Link::find(self.context, &self.recorded()?);
        if link.is_none() && required {
            let message = "no agent holds the token that is wanted";
            return Err(Failure::new(Code::AgentNotAvailable, message)
                .hint("Start one with `iexec-hsm agent start`; -v says what was found."));
        }
        let link = link.filter(|link| required || !self.is_for_token(&link.status));
        if link.is_some() {
            self.context.note_agent();
        }
        Ok(link.map(|link| Agent {
            run: self,
            path: link.path.clone(),
            is_foreign: link.client.is_foreign(),
            sessions: link.status.sessions.max(1),
            steadiness: Steadiness::default(),
            request: link.status.request_time(),
            ready: Mutex::new(Ready::NotYet(Box::new(link))),
        }))
    }

    /// Says why an unlocked agent is not asked: a PIN is given for this run.
    fn tell_of_idle_agent(&self) -> Result<(), Failure> {
        if self.context.global.raw || self.context.global.quiet {
            return Ok(());
        }
        let agent = Link::find_within(self.context, &self.recorded()?, PATIENCE);
        if agent.is_some_and(|it| it.status.state == State::Unlocked && !it.status.hung) {
            self.context.tell("Your agent is unlocked, but is not asked: a PIN is given, and goes to the token. With --require-agent it is asked.");
        }
        Ok(())
    }

    /// Whether the token itself is asked in the place of this agent: one that somebody has locked stays locked, whatever PIN is
    /// typed here. Where nobody can type one, that it is locked is all there is to say.
    fn is_for_token(&self, agent: &Status) -> bool {
        let has_way = self.context.can_ask() || agent.pin_pad || !agent.login_required;
        let is_for_token = agent.locked_by_hand && has_way;
        if is_for_token {
            self.context
                .say(|| "not the agent: it was locked by hand".into());
        }
        is_for_token
    }
}

/// A connection to the agent, for one thread.
pub(super) struct Connection<'a> {
    agent: &'a Agent<'a>,
    pins: &'a Pins,
    keys: Option<AgentKeys>,
}

impl Keys for Connection<'_> {
    type Held = AgentKeys;

    /// Connects anew for each archive: the agent may have been started again. The first time, a
    /// locked agent is unlocked with the PIN that a person types.
    fn keys(&mut self) -> Result<&mut AgentKeys, Failure> {
        let keys = self.agent.ready(self.pins)?;
        let waits = self.agent.waits();
        let connect = match self.agent.is_foreign {
            true => AgentClient::connect_to_any_within,
            false => AgentClient::connect_within,
        };
        let client = connect(&self.agent.path, waits)?;
        let keys = AgentKeys::new(client, keys).with_waits(waits);
        let keys = keys.with_steadiness(self.agent.steadiness.clone());
        Ok(self.keys.insert(keys))
    }
}

impl Agent<'_> {
    /// A connection for one thread. Nothing is done before its first use.
    pub(super) fn connection<'a>(&'a self, pins: &'a Pins) -> Connection<'a> {
        Connection {
            agent: self,
            pins,
            keys: None,
        }
    }

    fn waits(&self) -> Waits {
        let settings = &self.run.context.settings;
        Waits {
            device: settings.device_timeout,
            agent: settings.agent_wait,
            request: self.request,
            say: || status_line::say("Waiting for the agent to come back ..."),
        }
    }

    fn ready(&self, pins: &Pins) -> Result<Vec<Key>, Failure> {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *ready {
            Ready::Yes(keys) => Ok(keys.clone()),
            Ready::Never(code) => Err(Failure::new(*code, "the agent was not unlocked")),
            Ready::NotYet(link) => {
                let keys = self.first(link, pins);
                *ready = match &keys {
                    Ok(keys) => Ready::Yes(keys.clone()),
                    Err(failure) => Ready::Never(failure.code),
                };
                keys
            }
        }
    }

    fn first(&self, link: &mut Link, pins: &Pins) -> Result<Vec<Key>, Failure> {
        let unlocked = match link.status.locked_by_hand {
            // Whatever PIN is at hand: it was not given for that.
            true => Err(None),
            false => link.unlock(pins).map_err(Some),
        };
        if let Err(failure) = unlocked {
            if let Some(failure) = failure.filter(|it| it.code != Code::PinNeeded) {
                return Err(failure);
            }
            let reason = link
                .status
                .reason
                .as_deref()
                .unwrap_or("it is being unlocked");
            let message = format!("the agent is locked: {reason}");
            return Err(Failure::new(Code::AgentNotAvailable, message).hint(
                "Unlock it with `iexec-hsm agent unlock`, or use the token itself with --no-agent.",
            ));
        }
        let mut keys = link.client.keys_of_login_within(self.waits())?;
        if link.status.confirm_seconds.is_some() && !self.run.context.global.quiet {
            let context = self.run.context;
            context.tell(
                "The agent asks a person whether the key may be used, and waits for the answer",
            );
        }
        let recorded = self.run.recorded()?;
        let wanted = self.run.context.settings.key.as_ref();
        if keys.is_empty() || wanted.is_some() {
            let uri = |key: &Key| key.key.clone();
            let place = (link.status.label.as_str(), link.status.login_required);
            let chosen = choose_one(place, keys, wanted, uri, names);
            keys = vec![link.recorded(&recorded).explain(chosen)?];
        }
        keys.sort_by_key(|key| !recorded.any(|it| records(it, key)));
        if !keys.iter().any(|key| key.usable) {
            return Err(Failure::new(
                Code::NotSupported,
                "the key needs the PIN for each use, and the agent does not keep the PIN",
            )
            .hint("Use the token itself with --no-agent, or start the agent with --keep-pin."));
        }
        Ok(keys)
    }
}
