//! A manual page: what clap knows of a command, then examples, environment, files, exit status and other pages.

use clap::Command;
use clap::builder::{Resettable, StyledStr};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::cli::options::{Kind, SETTINGS, Setting};
use crate::code::Code;

/// The files of a user, and what is in them.
const FILES: [(&str, &str); 8] = [
    (
        "~/.config/iexec-hsm/config.toml",
        "The settings. `iexec-hsm config show` prints them and where each comes from.",
    ),
    (
        ".secrets/beneficiary/<address>_key",
        "The key file. It holds no secret: it names the private key on its token.",
    ),
    (
        ".secrets/beneficiary/<address>_key.pub",
        "The public key, as PEM.",
    ),
    (
        "chain.json",
        "The chains of a project folder, as the iExec SDK reads them.",
    ),
    (
        "~/.ethereum/keystore",
        "The wallets of the iExec SDK (--keystoredir names another folder).",
    ),
    (
        "$XDG_RUNTIME_DIR/iexec-hsm/agent.sock",
        "The socket of the agent.",
    ),
    (
        "~/.local/state/iexec-hsm",
        "The journal of transactions that were sent.",
    ),
    (
        "encryptedResults.zip, results.zip",
        "The archive and the result of `iexec-hsm result decrypt`, unless others are named.",
    ),
];

/// Pages of other projects.
const OTHERS: [(&str, &str); 2] = [("pkcs11-tool", "1"), ("p11-kit", "8")];

/// The page of `command`, which is below `parents`, in the language of `man`.
pub(super) fn page(command: &Command, parents: &[&Command]) -> String {
    // A page tells of an option what the long help tells, also of one that the short help leaves out.
    let told = command.clone().mut_args(|it| it.hide_short_help(false));
    let without = told.after_help(Resettable::Reset);
    let man = Man::new(without.after_long_help(Resettable::Reset))
        .source(concat!("iexec-hsm ", env!("CARGO_PKG_VERSION")))
        .manual("iexec-hsm");
    let mut page = Vec::new();
    let written = man.render(&mut page);
    debug_assert!(written.is_ok(), "a vector takes all");
    let mut page = String::from_utf8_lossy(&page).into_owned();
    let epilogues = command.get_after_long_help().or(command.get_after_help());
    page.extend(epilogues.map(epilogue));
    // Without the preamble, which the page has already.
    page.push_str(&environment(command, parents.is_empty()).to_roff());
    page.push_str(
        &entries(
            "FILES",
            FILES.map(|(name, text)| (name.to_owned(), text.to_owned())),
        )
        .to_roff(),
    );
    page.push_str(&exit_status(parents.is_empty()).to_roff());
    page.push_str(&see_also(command, parents).to_roff());
    page
}

/// Makes what follows the options: examples under a heading of their own, then the rest.
fn epilogue(text: &StyledStr) -> String {
    let text = text.to_string();
    let mut roff = Roff::new();
    for part in text
        .split("\n\n")
        .filter(|it| !it.starts_with("Exit status: "))
    {
        match part.split_once(":\n") {
            Some(("Example" | "Examples", examples)) => {
                roff.control("SH", ["EXAMPLES"]).control("nf", []);
                lines(&mut roff, examples);
                roff.control("fi", []);
            }
            _ => {
                roff.control("SH", ["NOTES"]);
                lines(&mut roff, part);
            }
        }
    }
    roff.to_roff()
}

fn lines(roff: &mut Roff, text: &str) {
    for line in text.lines() {
        roff.text([roman(line)]);
    }
}

/// A section of names, each with a sentence.
fn entries(title: &str, entries: impl IntoIterator<Item = (String, String)>) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", [title]);
    for (name, text) in entries {
        roff.control("TP", []);
        roff.text([bold(name)]).text([roman(text)]);
    }
    roff
}

/// The variables that the command looks at; those of all commands on the page of the whole program.
fn environment(command: &Command, is_whole: bool) -> Roff {
    let used = SETTINGS
        .iter()
        .filter(|it| is_whole || is_used(it, command));
    entries("ENVIRONMENT", used.map(|it| (it.variable(), meaning(it))))
}

/// Whether a command has the option of a setting. A secret has none: it stands beside the option that names its file.
fn is_used(setting: &Setting, command: &Command) -> bool {
    let option = match setting.id {
        "pin" => "pin_file",
        "so_pin" => "so_pin_file",
        "wallet_key" | "wallet_password" => "password_file",
        id => id,
    };
    command.get_arguments().any(|it| it.get_id() == option)
}

fn meaning(setting: &Setting) -> String {
    match setting.kind {
        Kind::Secret => format!(
            "{}. It is erased from the environment when the program starts.",
            setting.help
        ),
        _ => format!("The same as --{}.", setting.name()),
    }
}

/// The codes: all of them on the page of the whole program, which the other pages name.
fn exit_status(is_whole: bool) -> Roff {
    if is_whole {
        let mut rows = vec![("0".to_owned(), "done".to_owned())];
        for code in Code::all() {
            let exit = code.exit().to_string();
            match rows.last_mut() {
                Some((last, words)) if *last == exit => {
                    words.push_str(&format!(", {}", code.word()))
                }
                _ => rows.push((exit, code.word().to_owned())),
            }
        }
        return entries("EXIT STATUS", rows);
    }
    let rows = [
        ("0", "The command is done."),
        ("2", "The command line or the configuration is wrong."),
        ("other", "The command failed. iexec-hsm(1) lists the codes."),
    ];
    entries(
        "EXIT STATUS",
        rows.map(|(exit, text)| (exit.to_owned(), text.to_owned())),
    )
}

/// The pages above and below, or those of other projects.
fn see_also(command: &Command, parents: &[&Command]) -> Roff {
    let name = |command: &Command| {
        let name = command.get_display_name().unwrap_or(command.get_name());
        (name.to_owned(), "1")
    };
    let mut pages: Vec<_> = parents.iter().map(|it| name(it)).collect();
    let beside = parents.last().map(|it| it.get_subcommands());
    let beside = beside.into_iter().flatten();
    let beside = beside.filter(|it| parents.len() > 1 && it.get_name() != command.get_name());
    let below = command.get_subcommands();
    pages.extend(beside.chain(below).filter(|it| !it.is_hide_set()).map(name));
    if parents.is_empty() {
        pages.extend(OTHERS.map(|(name, section)| (name.to_owned(), section)));
    }
    let mut roff = Roff::new();
    roff.control("SH", ["SEE ALSO"]);
    let last = pages.len().saturating_sub(1);
    for (at, (name, section)) in pages.into_iter().enumerate() {
        let end = if at == last { "" } else { "," };
        roff.text([bold(name), roman(format!("({section}){end}"))]);
    }
    roff
}
