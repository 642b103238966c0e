use std::path::{Path, PathBuf};

use super::terminal;
use crate::token::{Pin, PinError, PinRequest, PinSource, PinState, PinUse, TokenInfo};

/// Name of the systemd credential that holds the PIN.
const CREDENTIAL: &str = "iexec-hsm-pin";

/// Where the PIN comes from, in this order: a file, a systemd credential, the environment, the
/// terminal. A reader with a pad of its own is not asked here.
#[derive(Debug, Default)]
pub(super) struct Pins {
    /// `--pin-file`, or a URI's `pin-source`.
    pub(super) file: Option<PathBuf>,
    /// `IEXEC_HSM_PIN`.
    pub(super) environment: Option<Pin>,
    /// What was read from a file: a pipe that stands for one gives it only once.
    pub(super) read: Option<Pin>,
    /// `--so-pin-file`.
    pub(super) so_file: Option<PathBuf>,
    /// `IEXEC_HSM_SO_PIN`.
    pub(super) so_environment: Option<Pin>,
    /// `--no-input`.
    pub(super) no_input: bool,
    /// `--final-pin-try`.
    pub(super) final_try: bool,
    /// Credential and environment hold the PIN of another token.
    pub(super) file_only: bool,
}

impl PinSource for Pins {
    fn pin(&mut self, request: &PinRequest<'_>) -> Result<Pin, PinError> {
        if request.purpose == PinUse::NewSo {
            return self.so_pin(request);
        }
        if let Some(pin) = &self.read {
            return Ok(pin.clone());
        }
        if let Some(path) = self.file.clone().or_else(|| self.credential()) {
            let pin = Pin::from_file(path)?;
            return Ok(self.read.insert(pin).clone());
        }
        if let Some(pin) = &self.environment {
            return pin.clone().not_empty("IEXEC_HSM_PIN");
        }
        self.ask(
            request,
            if self.file_only {
                "add ?pin-source=file:/path to the URI that names the wallet"
            } else {
                "set --pin-file or IEXEC_HSM_PIN_FILE to a file that holds it, or IEXEC_HSM_PIN to the PIN"
            },
        )
    }

    fn allow_final_try(&mut self, token: &TokenInfo) -> bool {
        if self.final_try || self.no_input {
            return self.final_try;
        }
        let question = format!(
            "The token \"{}\" has one PIN try left; if it is wrong, the token locks.\nUse it? Type yes: ",
            token.label
        );
        terminal::open().is_some_and(|it| {
            terminal::ask_line(&it, &question).is_ok_and(|answer| answer == "yes")
        })
    }

    fn on_reader(&mut self, request: &PinRequest<'_>) {
        if !self.no_input
            && let Some(terminal) = terminal::open()
        {
            terminal::tell(&terminal, &on_reader(request));
        }
    }

    fn forget(&mut self) {
        self.read = None;
        self.environment = None;
        self.so_environment = None;
    }
}

impl Pins {
    /// The same for a token that none of these PINs was given for.
    pub(super) fn for_other_token(&self, file: Option<PathBuf>) -> Self {
        Self {
            file,
            file_only: true,
            no_input: self.no_input,
            final_try: self.final_try,
            ..Self::default()
        }
    }

    /// The file of the systemd credential, if there is one.
    fn credential(&self) -> Option<PathBuf> {
        if self.file_only {
            return None;
        }
        let folder = std::env::var_os("CREDENTIALS_DIRECTORY")?;
        let path = Path::new(&folder).join(CREDENTIAL);
        path.exists().then_some(path)
    }

    fn so_pin(&self, request: &PinRequest<'_>) -> Result<Pin, PinError> {
        if let Some(path) = &self.so_file {
            return Pin::from_file(path);
        }
        if let Some(pin) = &self.so_environment {
            return pin.clone().not_empty("IEXEC_HSM_SO_PIN");
        }
        self.ask(
            request,
            "set --so-pin-file to a file that holds it, or IEXEC_HSM_SO_PIN to the PIN",
        )
    }

    fn ask(&self, request: &PinRequest<'_>, instead: &str) -> Result<Pin, PinError> {
        let nobody = || PinError::NobodyToAsk {
            token: request.token.label.clone(),
            hint: format!("Run it in a terminal, or {instead}."),
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
        let pin = ask(&question(request))?;
        if pin.is_empty() {
            return Err(PinError::NotGiven("no PIN was typed".into()));
        }
        request.check(&pin)?;
        if matches!(request.purpose, PinUse::New | PinUse::NewSo)
            && !ask("Once more: ")?.equals(&pin)
        {
            return Err(PinError::NotGiven("the two PINs are not the same".into()));
        }
        Ok(pin)
    }
}

fn question(request: &PinRequest<'_>) -> String {
    let label = &request.token.label;
    match &request.purpose {
        PinUse::Login => format!("PIN of the token \"{label}\"{}: ", tries(request.token)),
        PinUse::KeyUse(key) => {
            format!(
                "The key \"{key}\" wants the PIN for each use{}.\nPIN of the token \"{label}\": ",
                tries(request.token)
            )
        }
        PinUse::New => format!("New PIN of the token \"{label}\": "),
        PinUse::NewSo => format!("Security officer's PIN of the token \"{label}\": "),
    }
}

fn on_reader(request: &PinRequest<'_>) -> String {
    let (what, why) = match &request.purpose {
        PinUse::Login => ("the PIN", String::new()),
        PinUse::KeyUse(key) => (
            "the PIN",
            format!("The key \"{key}\" wants the PIN for each use. "),
        ),
        PinUse::New => ("the new PIN", String::new()),
        PinUse::NewSo => ("the security officer's PIN", String::new()),
    };
    format!(
        "{why}Enter {what} of the token \"{}\" on its reader{}.",
        request.token.label,
        tries(request.token)
    )
}

fn tries(token: &TokenInfo) -> &'static str {
    match token.pin_state() {
        PinState::CountLow => " (the last one was wrong; tries may be running out)",
        PinState::FinalTry => " (the last try)",
        _ => "",
    }
}
