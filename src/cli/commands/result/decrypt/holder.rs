use std::num::NonZero;
use std::thread;

use super::keys::Keys;
use super::run::Run;
use super::shared_keys::SharedKeys;
use crate::cli::pins::Pins;
use crate::cli::ui::failure::Failure;
use crate::code::Code;
use crate::token::{Session, TokenKeys};

/// The logged-in token, once an archive is there to be opened with it.
pub(super) struct Holder<'r, 'p> {
    run: &'r Run<'r>,
    pins: Option<&'p mut Pins>,
    keys: Option<TokenKeys<&'p mut Pins>>,
    /// Archives that are still to be opened.
    left: usize,
}

impl<'r, 'p> Holder<'r, 'p> {
    pub(super) fn new(run: &'r Run<'r>, pins: &'p mut Pins, archives: usize) -> Self {
        Self {
            run,
            pins: Some(pins),
            keys: None,
            left: archives,
        }
    }

    /// The keys in as many sessions as it makes sense to open `archives` more with; none before the
    /// log-in, and where one session does as well.
    pub(super) fn shared(
        &mut self,
        archives: usize,
    ) -> Option<SharedKeys<&mut TokenKeys<&'p mut Pins>>> {
        let processors = thread::available_parallelism().map_or(1, NonZero::get);
        // A session for a single archive costs as much as it saves.
        let sessions = processors.min(archives / 2);
        let keys = self.keys.as_mut().filter(|_| sessions > 1)?;
        SharedKeys::open(keys, sessions)
    }

    fn log_in(&self, pins: &'p mut Pins) -> Result<TokenKeys<&'p mut Pins>, Failure> {
        let context = self.run.context;
        let recorded = self.run.recorded()?;
        let (module, token) = context.locate(&recorded)?;
        let (mut session, pin) = Session::log_in(&module, &token, pins)?;
        recorded.make_known(&mut session);
        let mut keys = session.private_keys()?;
        if keys.is_empty() || context.settings.key.is_some() {
            keys = vec![recorded.choose(&token, keys, context.settings.key.as_ref())?];
        }
        keys.sort_by_key(|key| !recorded.have(&token, key));
        Ok(TokenKeys::new(session, keys, pins)
            .with_pin(pin.as_ref())
            .with_device_timeout(context.settings.device_timeout))
    }
}

impl<'p> Keys for Holder<'_, 'p> {
    type Held = TokenKeys<&'p mut Pins>;

    /// Logs in the first time.
    fn keys(&mut self) -> Result<&mut TokenKeys<&'p mut Pins>, Failure> {
        if let Some(pins) = self.pins.take() {
            self.keys = Some(self.log_in(pins)?);
        }
        self.left = self.left.saturating_sub(1);
        if let (0, Some(keys)) = (self.left, &mut self.keys) {
            keys.forget_pin_after_next();
        }
        // Without keys the log-in failed before, and every other archive is given up with it.
        self.keys
            .as_mut()
            .ok_or_else(|| Failure::new(Code::DeviceFailed, "the token is not logged in"))
    }
}
