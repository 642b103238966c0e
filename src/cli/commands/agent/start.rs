mod confirm;
mod descriptors;
mod detach;
mod outcome;
mod worker;

use std::path::Path;
use std::time::Duration;

use clap::Args;
use serde_json::json;

use crate::agent::server::{Confirm, Ended, NotLocated, Settings, Socket, serve, since_boot};
use crate::agent::wire::{Secret, State, Unlock};
use crate::cli::context::Context;
use crate::cli::key_records::KeyRecords;
use crate::cli::options::groups;
use crate::cli::pins::Pins;
use crate::cli::secrets;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::hints;
use crate::cli::ui::reply::Reply;
use crate::cli::ui::status_line;
use crate::code::Code;
use crate::confine;
use crate::token::TokenInfo;
use outcome::{to_json, to_text};
use worker::{NotFound, workers};

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  iexec-hsm agent start --detach\n  iexec-hsm agent start --exit-when-idle --idle 8h\n\nThe agent is unlocked at once if --pin-file, a systemd credential or IEXEC_HSM_PIN gives the PIN. Otherwise `iexec-hsm agent unlock` asks for it. SIGHUP locks the agent, and SIGUSR1 makes it reopen its audit log."
)]
pub(crate) struct Start {
    /// Run in the background, and return once the agent answers
    #[arg(long)]
    detach: bool,
    /// Print the path of the socket, and start nothing
    #[arg(long, hide_short_help = true)]
    print_socket: bool,
    #[command(flatten)]
    locking: groups::Locking,
    /// Stop when --idle or --max-lifetime is over; without it, the agent locks
    #[arg(long)]
    exit_when_idle: bool,
    #[command(flatten)]
    sessions: groups::Sessions,
    /// Keep the PIN in memory, to log in again if the token ends the login
    #[arg(long)]
    keep_pin: bool,
    #[command(flatten)]
    request_timeout: groups::RequestTimeout,
    /// Answer root as well
    #[arg(long, hide_short_help = true)]
    allow_root: bool,
    #[command(flatten)]
    confirming: groups::Confirming,
    #[command(flatten)]
    no_confinement: groups::NoConfinement,
    #[command(flatten)]
    audit_log: groups::AuditLog,
    /// Said by --detach to the process that it starts
    #[arg(long, hide = true)]
    detached: bool,
    /// Said by the agent to the processes that it starts for the module
    #[arg(long, hide = true)]
    worker: bool,
}

impl Start {
    /// Whether this process becomes the agent, or is a worker of one.
    pub(super) fn serves(&self) -> bool {
        !self.print_socket && (!self.detach || self.detached)
    }

    /// Whether it is a worker.
    pub(super) fn is_worker(&self) -> bool {
        self.worker
    }

    fn settings(
        &self,
        context: &Context,
        recorded: &KeyRecords,
        confirm: Option<Confirm>,
    ) -> Settings {
        let set = |time: Duration| Some(time).filter(|time| !time.is_zero());
        let settings = &context.settings;
        let audit_log = settings.audit_log.as_deref();
        // All of them: the token may not be there yet.
        let known = recorded.public_keys();
        Settings {
            idle: set(settings.idle),
            max_lifetime: set(settings.max_lifetime),
            clock: since_boot,
            exit_when_idle: self.exit_when_idle,
            sessions: settings.sessions,
            keep_pin: self.keep_pin,
            request_timeout: settings.request_timeout,
            device_timeout: settings.device_timeout,
            allow_root: self.allow_root,
            confirm,
            audit_log: audit_log.map(|path| context.absolute(path)),
            known: known.map(|(uri, key)| (uri.clone(), key.clone())).collect(),
            hint: hints::agent,
        }
    }
}

pub(super) fn run(context: Context, start: &Start) -> Result<Reply, Failure> {
    if start.worker {
        return worker::run(context);
    }
    let context = &context;
    let passed = Socket::passed()?;
    if start.print_socket {
        let path = context.agent_socket()?;
        return Ok(Reply::new(json!({ "socket": path })).exact(path.to_string_lossy()));
    }
    let confirm = confirm::settings(context)?;
    descriptors::ready()?;
    if !start.serves() {
        return detach::run(context);
    }
    // Before the module: of two that start, one does not touch the token.
    let (socket, path) = match passed {
        Some(socket) => (socket, None),
        None => {
            let path = context.agent_socket()?;
            (Socket::bind(&path)?, Some(path))
        }
    };
    let pins = context.pins()?;
    let unlock = match start.detached {
        // Whoever started it has the PIN.
        true => None,
        false => given(&pins)?,
    };
    drop(pins);
    let recorded = context.every_key_record()?;
    if !context.settings.no_confinement {
        confine::agent();
    }
    let located = workers().locate().map_err(not_located)?;
    let token = located.token().clone();
    let needs_none = !start.detached && !token.login_required();
    let unlock = unlock.or_else(|| needs_none.then(Unlock::default));
    if unlock.is_some() && !token.is_there() && !token.is_named() {
        context.warn("no token is named that the PIN is for, so the PIN is not kept: the agent stays locked when a token appears; --token names it");
    }
    secrets::no_swap();
    let raw = context.global.raw;
    let ready = |state| match start.detached {
        true => detach::ready(),
        false => tell(&token, path.as_deref(), state, raw),
    };
    let settings = start.settings(context, &recorded, confirm);
    match serve(located, socket, unlock, settings, ready)? {
        Ended::Well => Ok(Reply::done(None)),
        Ended::Hung => {
            let failure = Failure::new(
                Code::DeviceFailed,
                "the agent has ended while a call was in the token's module",
            );
            failure.print(&context.global.command, raw);
            // Finalising the module, or its exit handlers, could wait for ever.
            signal_hook::low_level::exit(Code::DeviceFailed.exit().into());
        }
    }
}

fn not_located(error: NotLocated<NotFound>) -> Failure {
    match error {
        NotLocated::Program(failure) => failure.into(),
        NotLocated::Token(error) => error.into(),
        other => Failure::new(Code::Failed, other),
    }
}

/// Returns the PIN that unlocks the agent at once, where the PIN is in a file, a credential or the environment.
fn given(pins: &Pins) -> Result<Option<Unlock>, Failure> {
    // The token's length of PINs is not known yet: the agent looks at it.
    let Some(pin) = pins.given(true).transpose()? else {
        return Ok(None);
    };
    Ok(Some(Unlock {
        pin: Some(Secret::new(pin.bytes().to_vec().into())),
        final_try: pins.final_try,
    }))
}

/// Tells at once what a command tells when it is done otherwise.
fn tell(token: &TokenInfo, path: Option<&Path>, state: State, raw: bool) {
    let absent = !token.is_there();
    let token = token.uri().to_string();
    if raw {
        let json = to_json(&token, path, state, std::process::id());
        Reply::new(json).print("agent start", true);
    } else {
        status_line::say(&to_text(&token, path, state, absent));
    }
}
