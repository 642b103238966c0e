//! `iexec-hsm setup`: the way from nothing to a key that can be published, in one dialogue.
//!
//! The work is that of `token init`, `result generate-encryption-keypair` and `key adopt`. Here is
//! only what is asked, and in which order.

mod args;
mod candidates;
mod key;
mod questions;
mod settings;

use serde_json::json;

use super::token::change_user_pin;
use crate::cli::context::Context;
use crate::cli::factory_pins;
use crate::cli::init_token::{TokenToInit, initialise};
use crate::cli::options::{SETTINGS, parse_token_label};
use crate::cli::ui::failure::Failure;
use crate::cli::ui::hints;
use crate::cli::ui::reply::Reply;
use crate::code::Code;
use crate::text::escape::Shown as _;
use crate::token::Pin;
use crate::wallet::address::Address;
pub(crate) use args::Setup;
use candidates::Candidate;
use questions::Questions;
use settings::Settings;

pub(crate) fn run(context: Context, setup: &Setup) -> Result<Reply, Failure> {
    let is_typed = !context.has_pin();
    let questions = Questions::of(&context);
    let mut settings = Settings::read()?;
    let (context, candidate, initialised) = ready_token(context, setup, &questions)?;
    settings.set(&SETTINGS.module, candidate.module_text(&context)?);
    let arguments = context.settings.module_args.clone();
    if let Some(arguments) = arguments.filter(|_| context.settings.found.module_args.is_given()) {
        settings.set(&SETTINGS.module_args, arguments);
    }
    settings.set(&SETTINGS.token, candidate.token.uri().to_string());
    let (context, address) = address(context, &questions)?;
    settings.of_person(&context, &address)?;
    // Before a key is made that the settings would then not lead to.
    settings.agree(&questions, setup.replace)?;
    let temporaries = context.temporaries.clone();
    let (context, reply, key) = key::ready(context, setup, &questions, &candidate, &address)?;
    let written = settings.write(&temporaries)?;
    offer_another_pin(&context, &questions, is_typed);
    let reply = reply.with(json!({
        "configFile": settings.path(),
        "written": written,
        "address": address.to_string(),
        "token": candidate.token.uri().to_string(),
        "initialised": initialised,
        "keyIs": key.as_str(),
    }));
    let path = settings.path().shown();
    let reply = match written.as_slice() {
        [] => reply.note(format!("{path} already says all that")),
        written => reply.note(format!("{path} written: {}", written.join(", "))),
    };
    Ok(reply
        .note("Next, check that everything works, and publish the key:")
        .note("  iexec-hsm doctor --selftest")
        .note("  iexec-hsm result push-encryption-key --chain arbitrum-mainnet")
        .note("Open a result:")
        .note("  iexec-hsm result decrypt encryptedResults.zip --extract my-result")
        .note("A private key is lost with its token, and so are the results that only it opens. \"Loss and replacement\" in the book says what to do before that."))
}

/// Offers to change a PIN that the device was delivered with. One that a file, a credential or the environment
/// gives would be sent again from there.
fn offer_another_pin(context: &Context, questions: &Questions, is_typed: bool) {
    if factory_pins::was_taken() && is_typed && questions.yes("Change the PIN now?") {
        // All else is done, whatever becomes of it.
        let raw = context.global.raw;
        match change_user_pin(context) {
            Ok(reply) => reply.print("setup", raw),
            Err(failure) => failure.print("setup", raw),
        };
    }
}

/// The token that is chosen, which is initialised if it was empty; and whether it was. The context
/// is that of a command that names it.
fn ready_token(
    context: Context,
    setup: &Setup,
    questions: &Questions,
) -> Result<(Context, Candidate, bool), Failure> {
    let all = candidates::find(&context)?;
    let mut chosen = candidates::choose(all, setup.token_label.as_deref(), questions)?;
    let given = context.settings.token.as_ref();
    let pin_source = given.and_then(|uri| uri.pin_source.clone());
    let mut context = context.typed(&SETTINGS.module, chosen.module.clone())?;
    let empty = !chosen.token.initialised();
    if empty && context.settings.key.is_some() && !setup.new_key {
        let what = "a key is named, and the token is empty";
        return Err(Failure::new(Code::Usage, what)
            .hint("Add --new-key to make one, or name the token that has the key with --token."));
    }
    if empty {
        questions.tell(&format!("Found: {}", chosen.text()));
        let label = label(setup, questions)?;
        let mut uri = chosen.token.uri();
        uri.slot_id = Some(chosen.token.slot_id());
        uri.pin_source = pin_source.clone();
        context = context.typed(&SETTINGS.token, uri.to_string())?;
        // That of the environment is taken by this, and needed once more for the key.
        let given = context.secrets.pin.show(Pin::clone);
        let init = TokenToInit {
            label,
            ..TokenToInit::default()
        };
        let (token, typed) = initialise(&context, &init)?;
        chosen.token = token;
        context.secrets.pin.put(given.or(typed));
        context.tell(format_args!(
            "Token {:?} is initialised",
            chosen.token.label
        ));
    } else {
        context.tell(format_args!("Token {}", chosen.text()));
    }
    let mut uri = chosen.token.uri();
    uri.pin_source = pin_source;
    let context = context.typed(&SETTINGS.token, uri.to_string())?;
    Ok((context, chosen, empty))
}

fn label(setup: &Setup, questions: &Questions) -> Result<String, Failure> {
    if let Some(label) = &setup.token_label {
        return Ok(label.clone());
    }
    questions.tell("The token is empty. It gets a label and two PINs: the SO PIN, which can");
    questions.tell("reset the other one, and the user PIN, which you use every day.");
    let label = questions.line(
        "Label of the token",
        Some("iexec"),
        "the token is empty: name its label with --token-label",
        |text| parse_token_label(text).map_err(str::to_owned),
    )?;
    Ok(label)
}

/// The beneficiary: of options and wallets, else the one that is typed.
fn address(context: Context, questions: &Questions) -> Result<(Context, Address), Failure> {
    let located = match context.located() {
        Ok(located) => {
            context.tell(format_args!(
                "Results are for {} ({})",
                located.address,
                hints::origin(&located.origin)
            ));
            located.address
        }
        // What was named and is not right is not to be typed over.
        Err(failure) if context.settings.wallet_file.is_some() || !questions.can_ask() => {
            return Err(failure);
        }
        Err(_) => questions.line(
            "Address that results are for (0x...)",
            None,
            "the address is not known: name it with --wallet-address",
            |text| Address::parse_beneficiary(text).map_err(|error| error.to_string()),
        )?,
    };
    if context.settings.wallet_file.is_some() {
        return Ok((context, located));
    }
    let context = context.typed(&SETTINGS.wallet_address, located.to_string())?;
    Ok((context, located))
}
