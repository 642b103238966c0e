use std::fs::File;
use std::path::{Path, PathBuf};

use super::factory_pins;
use super::pin_effect::PinEffect;
use super::taken_pin::TakenPin;
use super::ui::{status_line, terminal};
use crate::agent::wire::Status;
use crate::text::escape::Shown as _;
use crate::token::{MissingPin, Pin, PinError, PinRequest, PinSource, PinState, PinUse, TokenInfo};

/// Name of the systemd credential that holds the PIN.
const CREDENTIAL: &str = "iexec-hsm-pin";

/// What a person has to know of an SO PIN.
const SO_PIN: &str = "The SO PIN sets a new user PIN when that is blocked, and can erase the token. Write it down and keep it apart from the token.";

/// The sources of PINs, in this order: a file, a systemd credential, the environment, the terminal. A reader with a pad of its own is not asked here.
#[derive(Debug, Default)]
pub(crate) struct Pins {
    /// `--pin-file`, or a URI's `pin-source`.
    pub(crate) file: Option<PathBuf>,
    /// `IEXEC_HSM_PIN`.
    pub(crate) environment: Option<Pin>,
    /// The PIN that was read from a file: a pipe gives it only once.
    pub(crate) read: Option<Pin>,
    /// The new PIN that a person chose for a token.
    pub(crate) chosen: Option<Pin>,
    /// The PIN that a token has taken in an earlier part of the command.
    pub(crate) taken: Option<TakenPin>,
    /// `--so-pin-file`.
    pub(crate) so_file: Option<PathBuf>,
    /// `IEXEC_HSM_SO_PIN`.
    pub(crate) so_environment: Option<Pin>,
    /// Whether a person is told what is odd.
    pub(crate) tells: bool,
    /// `--no-input`.
    pub(crate) no_input: bool,
    /// `--final-pin-try`.
    pub(crate) final_try: bool,
    /// Credential and environment hold the PIN of another token.
    pub(crate) file_only: bool,
    /// The socket of the agent, which may hold the token as well.
    pub(crate) agent: Option<PathBuf>,
}

impl PinSource for Pins {
    fn pin(&mut self, request: &PinRequest<'_>) -> Result<Pin, PinError> {
        if matches!(request.purpose, PinUse::So | PinUse::NewSo) {
            return self.so_pin(request);
        }
        // A pipe as a PIN file gives it only once.
        if request.purpose == PinUse::Login
            && let Some(pin) = self.taken.take().and_then(|it| it.for_token(request.token))
        {
            return Ok(pin);
        }
        if let Some(pin) = &self.read {
            return Ok(pin.clone());
        }
        if let Some(given) = self.given(request.takes_empty()) {
            let given = given?;
            if let Some(max) = request.exceeded(&given).filter(|_| self.tells) {
                let warning = format!("warning: {}; it is sent anyway", too_long(&given, max));
                status_line::say(&warning);
            }
            return Ok(self.read.insert(given).clone());
        }
        let missing = match (&request.purpose, self.file_only) {
            (PinUse::New | PinUse::NewSo, true) => MissingPin::New,
            (_, true) => MissingPin::OtherToken,
            (_, false) => MissingPin::User,
        };
        let check = |pin: &Pin| request.check(pin).map(|()| request.exceeded(pin));
        let pin = self.ask(&Asked::of(request), check, missing)?;
        if matches!(request.purpose, PinUse::New) {
            self.chosen = Some(pin.clone());
        }
        Ok(pin)
    }

    fn is_given(&self, _: &PinRequest<'_>) -> bool {
        self.read.is_some() || self.are_given()
    }

    fn allow_final_try(&mut self, token: &TokenInfo) -> bool {
        self.allows_final_try(&token.label)
    }

    fn on_reader(&mut self, request: &PinRequest<'_>) {
        self.tell_of_reader(&Asked::of(request));
    }

    fn taken(&mut self, request: &PinRequest<'_>, pin: &Pin) {
        if self.tells {
            factory_pins::warn(request, pin);
        }
    }

    fn forget(&mut self) {
        self.read = None;
        self.chosen = None;
        self.taken = None;
        self.environment = None;
        self.so_environment = None;
    }
}

/// The file of the systemd credential, if there is one.
pub(crate) fn credential() -> Option<PathBuf> {
    let folder = std::env::var_os("CREDENTIALS_DIRECTORY")?;
    let path = Path::new(&folder).join(CREDENTIAL);
    path.exists().then_some(path)
}

impl Pins {
    /// Returns the sources for another token, which none of these PINs is for.
    pub(crate) fn for_other_token(&self, file: Option<PathBuf>) -> Self {
        Self {
            file,
            file_only: true,
            no_input: self.no_input,
            tells: self.tells,
            final_try: self.final_try,
            agent: self.agent.clone(),
            ..Self::default()
        }
    }

    /// The file of the systemd credential, if there is one for this token.
    fn credential(&self) -> Option<PathBuf> {
        credential().filter(|_| !self.file_only)
    }

    /// Whether a file, a credential or the environment has one. None of them is read.
    pub(crate) fn are_given(&self) -> bool {
        self.file.is_some() || self.credential().is_some() || self.environment.is_some()
    }

    /// The PIN in a file, a credential or the environment, if one is set. An empty one is a mistake,
    /// unless the token takes it.
    pub(crate) fn given(&self, takes_empty: bool) -> Option<Result<Pin, PinError>> {
        let (pin, from) = match self.file.clone().or_else(|| self.credential()) {
            Some(path) => (Pin::first_line(&path), path.shown().into_owned()),
            None => {
                let pin = self.environment.clone()?;
                (Ok(pin), "IEXEC_HSM_PIN".to_owned())
            }
        };
        Some(match takes_empty {
            true => pin,
            false => pin.and_then(|pin| pin.not_empty(&from)),
        })
    }

    /// The PIN of a token that an agent holds; `None` where the reader asks for it itself.
    pub(crate) fn for_agent(&self, agent: &Status) -> Result<Option<Pin>, PinError> {
        let asked = Asked {
            label: &agent.label,
            purpose: &PinUse::Login,
            attempts: attempts_left(&agent.pin),
            takes_empty: agent.empty_pin,
            holder: Holder::Agent(agent),
        };
        if agent.pin_pad {
            self.tell_of_reader(&asked);
            return Ok(None);
        }
        // The agent knows which PINs are too short.
        let max = agent.longest_pin;
        let check = |pin: &Pin| Ok(max.filter(|max| pin.len() as u64 > *max));
        let ask = || self.ask(&asked, check, MissingPin::User);
        self.given(agent.empty_pin).unwrap_or_else(ask).map(Some)
    }

    /// Whether the last attempt that a token grants may be used.
    pub(crate) fn allows_final_try(&self, label: &str) -> bool {
        if self.final_try || self.no_input {
            return self.final_try;
        }
        let question = format!(
            "The token {label:?} has one PIN attempt left; if it is wrong, the token blocks it.\nUse it? Type yes: "
        );
        terminal::open().is_some_and(|it| {
            terminal::ask_line(&it, &question).is_ok_and(|answer| answer == "yes")
        })
    }

    fn tell_of_reader(&self, asked: &Asked<'_>) {
        if !self.no_input
            && let Some(terminal) = terminal::open()
        {
            let effect = asked.effect(self.agent.as_deref());
            terminal::tell(&terminal, &asked.on_reader(effect));
        }
    }

    fn so_pin(&self, request: &PinRequest<'_>) -> Result<Pin, PinError> {
        if let Some(path) = &self.so_file {
            return Pin::from_file(path);
        }
        if let Some(pin) = &self.so_environment {
            return pin.clone().not_empty("IEXEC_HSM_SO_PIN");
        }
        self.ask(
            &Asked::of(request),
            |pin| request.check(pin).map(|()| None),
            MissingPin::So,
        )
    }

    fn ask(
        &self,
        asked: &Asked<'_>,
        check: impl Fn(&Pin) -> Result<Option<u64>, PinError>,
        missing: MissingPin,
    ) -> Result<Pin, PinError> {
        let nobody = || PinError::NobodyToAsk {
            token: asked.label.to_owned(),
            missing,
        };
        if self.no_input {
            return Err(nobody());
        }
        let terminal = terminal::open().ok_or_else(nobody)?;
        let ask = |question: &str| {
            terminal::ask_secret(&terminal, question)
                .map(Pin::new)
                .map_err(|error| PinError::NotGiven(format!("no PIN was typed: {error}")))
        };
        let effect = asked.effect(self.agent.as_deref());
        if *asked.purpose == PinUse::NewSo {
            terminal::tell(&terminal, SO_PIN);
        }
        if matches!(asked.purpose, PinUse::New | PinUse::NewSo) {
            return choose_new(&terminal, &asked.question(effect), ask, check);
        }
        let pin = ask(&asked.question(effect))?;
        // The Enter key alone must not cost an attempt.
        let question = "Send an empty PIN? Type yes: ";
        let is_meant = || terminal::ask_line(&terminal, question).is_ok_and(|it| it == "yes");
        if pin.is_empty() && !(asked.takes_empty && is_meant()) {
            return Err(PinError::NotGiven("no PIN was typed".into()));
        }
        if let Some(max) = check(&pin)? {
            // What was pasted may be something else.
            let question = format!("{}. Send it? Type yes: ", capitalised(&too_long(&pin, max)));
            if !terminal::ask_line(&terminal, &question).is_ok_and(|it| it == "yes") {
                return Err(PinError::NotGiven("the PIN was not sent".into()));
            }
        }
        Ok(pin)
    }
}

/// A new PIN, which is typed twice. After a mistake, which cost nothing, it is asked for again.
fn choose_new(
    terminal: &File,
    question: &str,
    ask: impl Fn(&str) -> Result<Pin, PinError>,
    check: impl Fn(&Pin) -> Result<Option<u64>, PinError>,
) -> Result<Pin, PinError> {
    loop {
        let pin = ask(question)?;
        let mistake = match check(&pin) {
            _ if pin.is_empty() => return Err(PinError::NotGiven("no PIN was typed".into())),
            Err(error) => error.to_string(),
            Ok(_) if ask("Once more: ")?.equals(&pin) => return Ok(pin),
            Ok(_) => "the two PINs are not the same".to_owned(),
        };
        terminal::tell(terminal, &format!("{}. Try again.", capitalised(&mistake)));
    }
}

/// What is odd about a PIN that is longer than the token says.
fn too_long(pin: &Pin, max: u64) -> String {
    let len = pin.len();
    format!("the PIN has {len} bytes, and the token says that its own have {max} at most")
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|it| it.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}

/// A question for a PIN, with what a person has to know to answer it.
struct Asked<'a> {
    label: &'a str,
    purpose: &'a PinUse,
    attempts: &'static str,
    takes_empty: bool,
    holder: Holder<'a>,
}

/// Who gets the PIN.
enum Holder<'a> {
    Agent(&'a Status),
    Token(&'a TokenInfo),
}

impl<'a> Asked<'a> {
    fn of(request: &'a PinRequest<'_>) -> Self {
        Self {
            label: &request.token.label,
            purpose: &request.purpose,
            attempts: match request.purpose {
                // What the token says is of the user's PIN.
                PinUse::So | PinUse::NewSo => "",
                _ => attempts_left(request.token.pin_state().as_str()),
            },
            takes_empty: request.takes_empty(),
            holder: Holder::Token(request.token),
        }
    }

    /// What it does to the agent at `socket`, where there is one, and that can be asked.
    fn effect(&self, socket: Option<&Path>) -> Option<PinEffect> {
        match (&self.holder, self.purpose) {
            (Holder::Agent(status), _) => Some(PinEffect::of_unlocking(status)),
            (Holder::Token(token), PinUse::Login) => PinEffect::of_use(socket?, token),
            _ => None,
        }
    }

    fn question(&self, effect: Option<PinEffect>) -> String {
        let (label, attempts) = (self.label, self.attempts);
        let effect = effect.map_or_else(String::new, |it| format!("{it}\n"));
        match self.purpose {
            PinUse::Login => format!("{effect}PIN of the token {label:?}{attempts}: "),
            PinUse::KeyUse(key) => format!(
                "The key {key:?} needs the PIN for each use{attempts}.\nPIN of the token {label:?}: "
            ),
            PinUse::New => format!("New user PIN of the token {label:?}{}: ", self.limits()),
            PinUse::So => format!("SO PIN of the token {label:?}: "),
            PinUse::NewSo => format!("New SO PIN of the token {label:?}: "),
        }
    }

    /// What the token says of the length of its PINs.
    fn limits(&self) -> String {
        match &self.holder {
            Holder::Token(TokenInfo {
                pin_len: Some((min, max)),
                ..
            }) => format!(" ({min} to {max} characters)"),
            _ => String::new(),
        }
    }

    fn on_reader(&self, effect: Option<PinEffect>) -> String {
        let (what, why) = match self.purpose {
            PinUse::Login => ("the PIN", String::new()),
            PinUse::KeyUse(key) => (
                "the PIN",
                format!("The key {key:?} needs the PIN for each use. "),
            ),
            PinUse::New => ("the new PIN", String::new()),
            PinUse::So | PinUse::NewSo => ("the SO PIN", String::new()),
        };
        let (label, attempts) = (self.label, self.attempts);
        let effect = effect.map_or_else(String::new, |it| format!("{it}\n"));
        format!("{effect}{why}Enter {what} of the token {label:?} on its reader{attempts}.")
    }
}

/// Returns what a question says of a PIN in a state of [`PinState::as_str`].
fn attempts_left(state: &str) -> &'static str {
    if state == PinState::CountLow.as_str() {
        " (the last one was wrong; attempts may be running out)"
    } else if state == PinState::FinalTry.as_str() {
        " (the last attempt)"
    } else {
        ""
    }
}
