//! `iexec-hsm agent install`.

mod systemctl;
mod units;

use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use clap::Args;
use rustix::process::geteuid;
use serde_json::json;

use self::systemctl::Manager;
use self::units::{SERVICE, SOCKET, Unit};
use crate::cli::config;
use crate::cli::context::Context;
use crate::cli::ui::command_line::CommandLine;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::code::Code;
use crate::file::{named, ownership, small};
use crate::text::escape::Shown as _;

/// The folder of an administrator's units.
const SYSTEM_UNITS: &str = "/etc/systemd/system";

/// Where systemd looks for the PIN of a service of the system.
const SYSTEM_PIN: &str = "/etc/iexec-hsm/pin";

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  iexec-hsm agent install\n  sudo iexec-hsm agent install --system --account iexec-hsm"
)]
pub(crate) struct Install {
    /// Install a service of the system, for a service account
    #[arg(long)]
    system: bool,
    /// The service account that runs it and may use it
    #[arg(
        long,
        value_name = "NAME",
        default_value = "iexec-hsm",
        requires = "system"
    )]
    account: String,
    /// The folder for the units [default: where systemd looks for them]
    #[arg(long, value_name = "FOLDER")]
    unit_dir: Option<PathBuf>,
    /// Only write the units
    #[arg(long)]
    no_enable: bool,
    /// Replace units that differ
    #[arg(long)]
    force: bool,
}

pub(super) fn run(context: &Context, command: &Install) -> Result<Reply, Failure> {
    let account = command.system.then_some(command.account.as_str());
    if let Some(account) = account {
        check_account(account)?;
    }
    let program = program(command.system)?;
    let folder = folder(context, command)?;
    let pin = pin_file(command.system).filter(|it| it.exists());
    let unit = Unit {
        program: &program,
        account,
        has_pin: pin.is_some(),
    };
    let files = [(SERVICE, unit.service()), (SOCKET, unit.socket())];
    let files = files.map(|(name, text)| (folder.join(name), text));
    for (path, text) in &files {
        check(path, text, command.force)?;
    }
    named::make_usual(&folder).map_err(|error| not_written(&folder, &error))?;
    check_folder(context, &folder)?;
    for (path, text) in &files {
        write(context, path, text).map_err(|error| not_written(path, &error))?;
    }
    let manager = Manager::of(command.system);
    let paths = files.map(|(path, _)| path);
    if !command.no_enable {
        manager.enable().map_err(|failed| {
            let places = folder.shown();
            Failure::new(
                Code::Failed,
                format!("the units are in {places}, but they are not enabled: {failed}"),
            )
            .hint(format!(
                "Run {} in a session of systemd; or remove the two files.",
                manager.enabling().join(" and ")
            ))
        })?;
    }
    Ok(reply(command, &manager, &paths, pin.as_deref()))
}

fn reply(command: &Install, manager: &Manager, paths: &[PathBuf; 2], pin: Option<&Path>) -> Reply {
    let socket = match command.system {
        true => "/run/iexec-hsm/agent.sock",
        false => "$XDG_RUNTIME_DIR/iexec-hsm/agent.sock",
    };
    let remove = CommandLine::new("rm").operand(&paths[0]).operand(&paths[1]);
    let undo = match command.no_enable {
        true => vec![format!("`{remove}`")],
        false => manager.undoing(&remove.to_string()),
    };
    let mut reply = Reply::new(json!({
        "units": paths,
        "enabled": !command.no_enable,
        "socket": socket,
        "pinFile": pin,
        "undo": undo.iter().map(|it| it.trim_matches('`')).collect::<Vec<_>>(),
    }));
    for path in paths {
        reply = reply.note(format!("Wrote {}", path.shown()));
    }
    if !command.no_enable {
        reply = reply.note(format!("Ran {}", manager.enabling().join(" and ")));
    }
    reply = reply.note(match pin {
        Some(pin) => format!(
            "The agent starts when a program connects to {socket}, and takes the PIN from {}",
            pin.shown()
        ),
        None => format!(
            "The agent starts, locked, when a program connects to {socket}; `iexec-hsm agent unlock` unlocks it. With a PIN in {}, install it again, with --force.",
            pin_file(command.system).unwrap_or_default().shown()
        ),
    });
    if command.system {
        reply = reply.note(format!(
            "Programs of {} find it with IEXEC_HSM_AGENT_SOCK={socket}",
            command.account
        ));
    }
    reply.note(format!("To undo it: {}", undo.join(" and ")))
}

/// The path of this program, as it goes into a unit.
fn program(system: bool) -> Result<String, Failure> {
    let unusable = |why: String| {
        Failure::new(
            Code::Failed,
            format!("a unit cannot start this program: {why}"),
        )
        .hint("Install it as root, in /usr/local/bin for example, and run that.")
    };
    let path = std::env::current_exe().map_err(|error| unusable(error.to_string()))?;
    if system {
        ownership::of_file(&path, None)
            .map_err(|error| unusable(error.to_string()))?
            .map_err(|exposed| unusable(exposed.to_string()))?;
        let closed = path
            .ancestors()
            .find(|it| fs::metadata(it).is_ok_and(|found| found.permissions().mode() & 0o001 == 0));
        if let Some(closed) = closed {
            return Err(unusable(format!("{} is closed to others", closed.shown())));
        }
    }
    let path = path.into_os_string().into_string();
    path.map_err(|path| unusable(format!("its path is not UTF-8: {path:?}")))
}

/// Refuses a folder in which others could put units of their own in the place of these.
fn check_folder(context: &Context, folder: &Path) -> Result<(), Failure> {
    let found = ownership::of_file(folder, context.home.as_deref());
    found
        .map_err(|error| not_written(folder, &error))?
        .map_err(|exposed| {
            let what = format!("others could change the units: {exposed}");
            Failure::new(Code::Failed, what).hint("Name a folder of your own with --unit-dir.")
        })
}

fn check_account(account: &str) -> Result<(), Failure> {
    if !geteuid().is_root() {
        return Err(
            Failure::new(Code::Usage, "only root installs a service of the system")
                .hint("Run it with sudo; or leave --system out, for an agent of your own."),
        );
    }
    if Manager::knows_account(account) {
        return Ok(());
    }
    let make = CommandLine::new("useradd --system --create-home --home-dir /var/lib/iexec-hsm")
        .operand(account);
    Err(
        Failure::new(Code::Usage, format!("there is no account {account:?}"))
            .hint(format!("`{make}` makes one; --account names another.")),
    )
}

fn folder(context: &Context, command: &Install) -> Result<PathBuf, Failure> {
    if let Some(folder) = &command.unit_dir {
        return Ok(context.absolute(folder));
    }
    if command.system {
        return Ok(SYSTEM_UNITS.into());
    }
    let configuration = config::usual();
    let folder = configuration
        .as_deref()
        .and_then(|it| it.parent()?.parent());
    folder.map(|it| it.join("systemd/user")).ok_or_else(|| {
        Failure::new(Code::Usage, "there is no home folder")
            .hint("Set HOME, or name a folder with --unit-dir.")
    })
}

/// The file that the units take the PIN from.
fn pin_file(system: bool) -> Option<PathBuf> {
    match system {
        true => Some(SYSTEM_PIN.into()),
        false => config::usual().map(|it| it.with_file_name("pin")),
    }
}

/// Refuses to replace what somebody has changed.
fn check(path: &Path, text: &str, force: bool) -> Result<(), Failure> {
    let is_other = small::read(path).map_or_else(
        |error| error.kind() != io::ErrorKind::NotFound,
        |found| *found != text.as_bytes(),
    );
    if force || !is_other {
        return Ok(());
    }
    let what = format!("{} exists already, and is another one", path.shown());
    Err(Failure::new(Code::OutputExists, what).hint(
        "Replace it with --force; changes of your own belong into a drop-in (systemctl edit).",
    ))
}

fn write(context: &Context, path: &Path, text: &str) -> io::Result<()> {
    let mut pending = context.temporaries.file(path)?;
    pending.file().write_all(text.as_bytes())?;
    pending
        .file()
        .set_permissions(Permissions::from_mode(0o644))?;
    pending.publish(true)
}

fn not_written(path: &Path, error: &io::Error) -> Failure {
    let what = format!("{} cannot be written: {error}", path.shown());
    Failure::new(Code::IoFailed, what).hint("Name a folder with --unit-dir.")
}
