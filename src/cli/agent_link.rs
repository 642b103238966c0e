use std::path::{Path, PathBuf};
use std::time::Duration;

use super::context::Context;
use super::key_records::KeyRecords;
use super::pins::Pins;
use super::ui::failure::Failure;
use crate::agent::client::{AgentClient, ClientError};
use crate::agent::wire::{Secret, Status, Unlock};
use crate::code::Code;
use crate::text::escape::Shown as _;
use crate::token::uri::TokenFields;
use crate::token::{Pin, PinState, Uri, is_recorded_as};

/// A connection to the agent that runs, and how it was when it was made.
pub(crate) struct Link {
    pub(crate) path: PathBuf,
    pub(crate) client: AgentClient,
    pub(crate) status: Status,
}

impl Link {
    /// Connects to the agent at the socket that is set, to look after it: root looks after anybody's.
    pub(crate) fn connect(context: &Context) -> Result<Self, Failure> {
        let path = context.agent_socket()?;
        let client = AgentClient::connect_to_any(&path)?;
        Ok(Self::of(path, client, None)?)
    }

    /// Does the same, if it tells its state within `patience`.
    pub(crate) fn connect_within(context: &Context, patience: Duration) -> Result<Self, Failure> {
        let path = context.agent_socket()?;
        let client = AgentClient::connect_to_any(&path)?;
        Ok(Self::of(path, client, Some(patience))?)
    }

    /// The agent that runs, whatever token it holds, if it tells its state within `patience`.
    pub(crate) fn beside(context: &Context, patience: Duration) -> Option<Self> {
        let path = context.agent_socket().ok()?;
        let client = AgentClient::connect(&path).ok()?;
        Self::of(path, client, Some(patience)).ok()
    }

    fn of(
        path: PathBuf,
        mut client: AgentClient,
        patience: Option<Duration>,
    ) -> Result<Self, ClientError> {
        let status = match patience {
            Some(patience) => client.status_within(patience),
            None => client.status(),
        }?;
        Ok(Self {
            path,
            client,
            status,
        })
    }

    /// The agent that runs, if there is one and its token is the one that options name, else one that
    /// `records` are on.
    /// Where root names its socket, it may be another user's.
    pub(crate) fn find(context: &Context, records: &KeyRecords) -> Option<Self> {
        let connect = match context.settings.agent_sock {
            Some(_) => AgentClient::connect_to_any,
            None => AgentClient::connect,
        };
        let found = Self::look_for(context, records, connect, None)?;
        if found.client.is_foreign() {
            let path = found.path.shown();
            context.warn(format_args!(
                "another user's agent at {path} says which content key opens an archive"
            ));
        }
        Some(found)
    }

    /// Does the same for an agent of this user or of root, if it tells its state within `patience`.
    pub(crate) fn find_within(
        context: &Context,
        records: &KeyRecords,
        patience: Duration,
    ) -> Option<Self> {
        Self::look_for(context, records, AgentClient::connect, Some(patience))
    }

    fn look_for(
        context: &Context,
        records: &KeyRecords,
        connect: fn(&Path) -> Result<AgentClient, ClientError>,
        patience: Option<Duration>,
    ) -> Option<Self> {
        let path = context.agent_socket().ok()?;
        let settings = &context.settings;
        let named = settings.token.as_ref().or(settings.key.as_ref());
        let is_named = settings.found.agent_sock.is_set() || path.exists();
        let linked = connect(&path).and_then(|client| Self::of(path, client, patience));
        match linked {
            Ok(link) if link.holds(named, records) => {
                context.say(|| format!("agent {}", link.path.shown()));
                Some(link)
            }
            Ok(link) => {
                context.say(|| format!("not the agent: it holds {}", link.status.token));
                None
            }
            Err(error) => {
                context.say(|| match &error {
                    ClientError::NotThere(path) => format!("no agent at {}", path.shown()),
                    error => format!("not the agent: {error}"),
                });
                // One that nobody names may well not be there.
                if is_named {
                    context.note_missed_agent(error.into());
                }
                None
            }
        }
    }

    /// Whether the agent's token can be the one that is named, else one that `records` are on.
    fn holds(&self, named: Option<&Uri>, records: &KeyRecords) -> bool {
        let Ok(token) = self.status.token.parse::<Uri>() else {
            return false;
        };
        let fields = fields(&token);
        let Some(wanted) = named else {
            return records.is_empty() || !self.recorded(records).is_empty();
        };
        // What the agent does not tell of slot and library may be anything.
        let in_doubt = wanted.slot_id.is_some()
            || wanted.slot_description.is_some()
            || wanted.slot_manufacturer.is_some()
            || wanted.library_description.is_some()
            || wanted.library_manufacturer.is_some()
            || wanted.library_version.is_some();
        !in_doubt && wanted.matches_token(&fields)
    }

    /// Returns those of `records` that are on the agent's token.
    pub(crate) fn recorded(&self, records: &KeyRecords) -> KeyRecords {
        let Ok(token) = self.status.token.parse::<Uri>() else {
            return KeyRecords::default();
        };
        let others = &self.status.other_labels;
        records.filtered(|it| is_recorded_as(&fields(&token), others, &it.uri))
    }

    /// Logs the agent in with at most one PIN of `pins`, if it is locked.
    pub(crate) fn unlock(&mut self, pins: &Pins) -> Result<(), Failure> {
        if !self.status.is_locked() {
            return Ok(());
        }
        // Before a PIN is asked for.
        self.client.check_owner()?;
        let label = self.status.label.clone();
        let asks = self.status.login_required && self.status.pin != PinState::NotSet.as_str();
        if !asks && !pins.are_given() {
            self.status = self.client.unlock(&request(None, false))?;
            return Ok(());
        }
        let pin = pins.for_agent(&self.status)?;
        let allowed = self.is_final_try() && allow_final_try(pins, &label)?;
        self.status = match self.client.unlock(&request(pin.as_ref(), allowed)) {
            // The token says only now that one attempt is left; it was not used.
            Err(ClientError::Refused(refusal))
                if refusal.code == Code::PinBlocked && !allowed && self.became_final_try() =>
            {
                let allowed = allow_final_try(pins, &label)?;
                self.client.unlock(&request(pin.as_ref(), allowed))?
            }
            answer => answer?,
        };
        Ok(())
    }

    fn is_final_try(&self) -> bool {
        self.status.pin == PinState::FinalTry.as_str()
    }

    fn became_final_try(&mut self) -> bool {
        if let Ok(status) = self.client.status() {
            self.status = status;
        }
        self.is_final_try()
    }
}

/// What the agent's token says of itself in its URI.
fn fields(token: &Uri) -> TokenFields<'_> {
    TokenFields {
        label: token.token.as_deref().unwrap_or_default(),
        serial: token.serial.as_deref().unwrap_or_default(),
        manufacturer: token.manufacturer.as_deref().unwrap_or_default(),
        model: token.model.as_deref().unwrap_or_default(),
        ..TokenFields::default()
    }
}

fn request(pin: Option<&Pin>, final_try: bool) -> Unlock {
    let copy = |pin: &Pin| Secret::new(pin.bytes().to_vec().into());
    Unlock {
        pin: pin.map(copy),
        final_try,
    }
}

fn allow_final_try(pins: &Pins, label: &str) -> Result<bool, Failure> {
    if pins.allows_final_try(label) {
        return Ok(true);
    }
    Err(Failure::new(
        Code::PinBlocked,
        format!("the token {label:?} has one PIN attempt left, which was not used"),
    )
    .hint("Answer yes when asked, or add --final-pin-try."))
}
