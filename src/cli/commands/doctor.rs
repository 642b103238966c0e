//! `iexec-hsm doctor`: walks the set-up part by part, and says what is wrong and what to do.
//!
//! Nothing is changed, nothing secret is asked for, and no PIN is tried unless it is wanted.

mod aes;
mod agent;
mod args;
mod chain;
mod check;
mod clock;
mod configuration;
mod confinement;
mod exposed;
mod files;
mod foreign_settings;
mod gateway;
mod keys;
mod market;
mod mechanisms;
mod memory;
mod modules;
mod node;
mod pcscd;
mod report;
mod secret_files;
mod selftest;
mod sms;
mod tokens;
mod wallets;

use std::sync::Arc;

use crate::cli::agent_beside::name_holder;
use crate::cli::config::{ConfigFile, Entry};
use crate::cli::context::Context;
use crate::cli::pins::Pins;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::token::{Module, Session, TokenInfo};
pub(crate) use args::Doctor;
use check::Check;

/// Looks at all of a set-up, in the context that `with` makes of the settings in the file.
pub(crate) fn run(
    with: impl FnOnce(Vec<Entry>) -> Result<Context, Failure>,
    command: Doctor,
) -> Result<Reply, Failure> {
    let (file, problem) = match ConfigFile::of_user() {
        Ok(file) => (file, None),
        Err(error) => (None, Some(Failure::from(error))),
    };
    let entries = file.map(|file| file.entries).unwrap_or_default();
    // Without its configuration a set-up can still be looked at.
    let context = with(entries)?;
    let mut checks = vec![
        configuration::check(problem),
        clock::check(),
        aes::check(),
        memory::check(),
        confinement::check(),
        pcscd::check(),
        modules::p11_kit_check(),
    ];
    checks.extend(foreign_settings::checks());
    checks.extend(secret_files::checks(&context));
    checks.extend(exposed::unit_files());
    let session = on_module(&context, &command, &mut checks)?;
    checks.push(agent::check(&context));
    checks.push(wallets::check(&context, session.as_ref()));
    let (chain, place) = chain::check(&context, &command.sms);
    checks.push(chain);
    checks.extend(node::check(&context, &command));
    checks.extend(market::check(&context, &command));
    checks.extend(gateway::checks(&context, &command));
    if let Some(place) = place {
        checks.extend(sms::checks(&context, &command, place));
    }
    drop(session);
    report::print(&context, checks)
}

/// Checks all that a module is needed for. The session is one for who looks for more on the token.
fn on_module(
    context: &Context,
    command: &Doctor,
    checks: &mut Vec<Check>,
) -> Result<Option<Session>, Failure> {
    let recorded = context.every_key_record().unwrap_or_default();
    let (found, module) = modules::checks(context, &recorded);
    checks.extend(found);
    let Some(module) = module else {
        checks.push(Check::skipped("token", "there is no module to ask"));
        return Ok(None);
    };
    checks.push(tokens::slots(&module));
    let (found, token) = tokens::check(context, &module, &recorded);
    checks.push(found);
    let Some(token) = token else {
        return Ok(None);
    };
    checks.push(tokens::pin(&token));
    checks.extend(mechanisms::checks(&module, &token));
    let mut pins = context.pins()?;
    let wants_login = command.login || command.selftest;
    let Some(session) = open(context, &module, &token, wants_login, &mut pins, checks) else {
        return Ok(None);
    };
    let logged_in = wants_login && !session.needs_no_login();
    checks.extend(keys::checks(&session, logged_in, &recorded));
    checks.extend(files::checks(context, &session, logged_in));
    if command.selftest {
        // The one that tests takes its session with it.
        checks.push(selftest::check(context, session, &mut pins));
        return Ok(Session::open(&module, &token).ok());
    }
    Ok(Some(session))
}

fn open(
    context: &Context,
    module: &Arc<Module>,
    token: &TokenInfo,
    login: bool,
    pins: &mut Pins,
    checks: &mut Vec<Check>,
) -> Option<Session> {
    let session = if login {
        Session::open_user(module, token, pins)
    } else {
        Session::open(module, token)
    };
    checks.push(match &session {
        Ok(session) if login && session.needs_no_login() => Check::ok(
            "login",
            "the token says that it needs none, and no PIN is given",
        ),
        Ok(_) if login => Check::ok("login", "the token took the PIN"),
        Ok(_) => Check::skipped("login", "no PIN is tried without --login"),
        Err(_) => Check::skipped("keys", "the token could not be opened"),
    });
    session
        .map_err(|error| {
            let name = if login { "login" } else { "session" };
            checks.insert(
                checks.len() - 1,
                Check::failed(name, name_holder(context, error.into())),
            );
        })
        .ok()
}
