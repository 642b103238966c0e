use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::{AgentClient, ClientError, Trust};
use crate::agent::wire::{Code, Key, State};

/// Pauses between two looks at an agent that is waited for.
const PAUSE: Duration = Duration::from_millis(50);

/// The time in which an agent must answer a look.
const LOOK_TIME: Duration = Duration::from_secs(2);

/// Waits that take less time are not spoken of.
const SAY_AFTER: Duration = Duration::from_secs(2);

/// How long an agent is waited for that could be used before. Change the fields of a default one.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Waits {
    /// The time for an agent that brings its device back: 15 seconds.
    pub device: Duration,
    /// The time for an agent that is gone or locked, because it is started or unlocked again: 10
    /// seconds.
    pub agent: Duration,
    /// The time after which the agent gives a request up, where that is known: it is not waited for much
    /// longer.
    pub request: Option<Duration>,
    /// The function that is called once a wait takes long.
    pub say: fn(),
}

impl Default for Waits {
    fn default() -> Self {
        Self {
            device: Duration::from_secs(15),
            agent: Duration::from_secs(10),
            request: None,
            say: || {},
        }
    }
}

impl Waits {
    /// Makes a request, and makes it again where the agent could not answer it and can do so within the
    /// time.
    pub(super) fn patiently<T>(
        self,
        client: &mut AgentClient,
        mut request: impl FnMut(&mut AgentClient) -> Result<T, ClientError>,
    ) -> Result<T, ClientError> {
        let mut wait = None;
        loop {
            match request(client) {
                Ok(answer) => return Ok(answer),
                Err(failure) => {
                    // From the first failure on: the request may have waited for long itself.
                    let wait = wait.get_or_insert_with(|| Wait::new(self));
                    wait.until_ready(client, failure)?;
                }
            }
        }
    }
}

impl AgentClient {
    /// Asks for the result keys that the agent is logged in for, for as long as `waits` say where it cannot
    /// tell them just now.
    ///
    /// # Errors
    /// As for [`Self::keys_of_login`].
    pub fn keys_of_login_within(&mut self, waits: Waits) -> Result<Vec<Key>, ClientError> {
        waits.patiently(self, Self::keys_of_login)
    }

    /// Connects to the agent at `path`, for as long as `waits` say where there is none just now.
    ///
    /// # Errors
    /// As for [`Self::connect`].
    pub fn connect_within(path: &Path, waits: Waits) -> Result<Self, ClientError> {
        Self::connect_patiently(path, Trust::Own, waits)
    }

    /// Does the same where root may ask anybody's.
    ///
    /// # Errors
    /// As for [`Self::connect_to_any`].
    pub fn connect_to_any_within(path: &Path, waits: Waits) -> Result<Self, ClientError> {
        Self::connect_patiently(path, Trust::AnyForRoot, waits)
    }

    fn connect_patiently(path: &Path, trust: Trust, waits: Waits) -> Result<Self, ClientError> {
        let mut wait = Wait::new(waits);
        loop {
            match Self::connect_trusting(path, trust) {
                Err(failure) if failure.is_gone() && wait.has_time(waits.agent) => wait.pause(),
                connected => {
                    let mut client = connected?;
                    if let Some(time) = waits.request {
                        client.expect_answers_within(time);
                    }
                    return Ok(client);
                }
            }
        }
    }
}

impl ClientError {
    /// Whether there may be an agent again soon.
    fn is_gone(&self) -> bool {
        matches!(
            self,
            Self::NotThere(_) | Self::Io { .. } | Self::Silent(_) | Self::Locked(_)
        )
    }

    fn is_of_device(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.code == Code::DeviceFailed)
    }
}

/// A wait that is under way.
struct Wait {
    waits: Waits,
    since: Instant,
    said: bool,
    /// The device failed once although the agent says that it is there.
    failed: bool,
}

impl Wait {
    fn new(waits: Waits) -> Self {
        Self {
            waits,
            since: Instant::now(),
            said: false,
            failed: false,
        }
    }

    fn has_time(&self, limit: Duration) -> bool {
        self.since.elapsed() < limit
    }

    fn pause(&mut self) {
        if self.since.elapsed() > SAY_AFTER && !std::mem::replace(&mut self.said, true) {
            (self.waits.say)();
        }
        thread::sleep(PAUSE);
    }

    /// Waits, after `failure`, until the agent can use its keys; `failure` if it cannot.
    fn until_ready(
        &mut self,
        client: &mut AgentClient,
        failure: ClientError,
    ) -> Result<(), ClientError> {
        let of_device = failure.is_of_device();
        let limit = match of_device {
            true => self.waits.device,
            false if failure.is_gone() => self.waits.agent,
            false => return Err(failure),
        };
        while self.has_time(limit) {
            let status = AgentClient::connect_trusting(&client.path, client.trust)
                .and_then(|mut looking| looking.status_within(LOOK_TIME));
            match status {
                Ok(status) if status.hung => return Err(failure),
                Ok(status) => match status.state {
                    // It was asked again, and the device failed again.
                    State::Unlocked if of_device && self.failed => return Err(failure),
                    State::Unlocked => {
                        self.failed = of_device;
                        return client.reconnect();
                    }
                    // It has given its device up.
                    State::Locked if of_device => return Err(failure),
                    _ => {}
                },
                Err(error) if error.is_gone() => {}
                Err(error) => return Err(error),
            }
            self.pause();
        }
        Err(failure)
    }
}
