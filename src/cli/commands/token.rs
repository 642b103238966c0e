mod mechanisms;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::cli::context::Context;
use crate::cli::options::groups;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::code::Code;
use crate::token::{Mechanism, Module, Pin, TokenError, TokenInfo, init_token};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List every token of the module as paste-ready URIs
    #[command(
        after_help = "Example:\n  iexec-hsm token list --module /usr/lib/softhsm/libsofthsm2.so"
    )]
    List,
    /// Show one token, and what it can do
    Info(Info),
    /// Initialise an empty token and set its PIN
    Init(Init),
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  iexec-hsm token info --token demo\n  iexec-hsm token info --all"
)]
pub(crate) struct Info {
    /// List the mechanisms that are not used, too
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  iexec-hsm token init --token-label demo\n  iexec-hsm token init --token-label demo --pin-file pin --so-pin-file so-pin"
)]
pub(crate) struct Init {
    /// The label that the token gets
    #[arg(long, value_name = "LABEL", value_parser = parse_label)]
    token_label: String,
    #[command(flatten)]
    so_pin_file: groups::SoPinFile,
    /// Initialise a token that is set up already; all keys on it are lost
    #[arg(long)]
    force: bool,
    /// With --force: the token's present label, or its serial where it has none, in place of
    /// typing it
    #[arg(long, value_name = "LABEL", requires = "force")]
    confirm_label: Option<String>,
}

impl Init {
    /// For an empty token alone.
    pub(crate) fn empty(token_label: String) -> Self {
        Self {
            token_label,
            so_pin_file: groups::SoPinFile,
            force: false,
            confirm_label: None,
        }
    }
}

impl Command {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::List => "token list",
            Self::Info(_) => "token info",
            Self::Init(_) => "token init",
        }
    }
}

pub(crate) fn run(context: &mut Context, command: Command) -> Result<Reply, Failure> {
    match command {
        Command::List => list(context),
        Command::Info(options) => info(context, &options),
        Command::Init(init) => {
            let (fresh, _) = initialise(context, init)?;
            Ok(Reply::new(json!({ "token": to_json(&fresh) }))
                .note(format!("Token \"{}\" is initialised", fresh.label))
                .text(fresh.uri().to_string()))
        }
    }
}

fn list(context: &Context) -> Result<Reply, Failure> {
    let module = context.module()?;
    let tokens = module.tokens()?;
    let json: Vec<Value> = tokens.iter().map(to_json).collect();
    let reply = Reply::new(json!({ "module": module.path(), "tokens": json }));
    let reply = reply.note(format!("Module {}", module.path().display()));
    if tokens.is_empty() {
        return Ok(reply.note("It shows no token."));
    }
    Ok(tokens
        .iter()
        .fold(reply, |reply, token| reply.text(to_text(token))))
}

fn info(context: &Context, options: &Info) -> Result<Reply, Failure> {
    let module = context.module()?;
    let token = context.token(&module, None)?;
    let all = module.mechanisms(&token)?;
    let mut json = to_json(&token);
    json["mechanisms"] = all.iter().map(mechanism_json).collect();
    let reply = Reply::new(json!({ "module": module.path(), "token": json }));
    let reply = reply
        .note(format!("Module {}", module.path().display()))
        .text(to_text(&token));
    let reply = mechanisms::used(&all).fold(reply, Reply::text);
    if options.all {
        return Ok(mechanisms::others(&all).fold(reply, Reply::text));
    }
    let others = mechanisms::others(&all).count();
    Ok(reply.note(format!(
        "{others} more mechanisms, which are not used, are listed with --all"
    )))
}

/// Initialises the token that options name. Returns it as it is then, and the PIN that a person
/// chose for it.
pub(crate) fn initialise(
    context: &mut Context,
    init: Init,
) -> Result<(TokenInfo, Option<Pin>), Failure> {
    let mut pins = context.pins()?;
    let module = context.module()?;
    let token = choose(context, &module, init.force)?;
    if token.initialised() {
        let what = format!("All keys on the token \"{}\" will be lost.", token.label);
        // An empty line must not be enough.
        let label = match token.label.as_str() {
            "" => &token.serial,
            label => label,
        };
        if !context.label_repeated(init.confirm_label.as_deref(), label, &what) {
            return Err(Failure::new(
                Code::Usage,
                format!("the token \"{label}\" was left as it is"),
            )
            .hint("Type its label when asked, or give it with --confirm-label."));
        }
    }
    let fresh = init_token(&module, &token, &init.token_label, &mut pins)?;
    Ok((fresh, pins.chosen))
}

/// The empty token, or with `force` the one that is named.
fn choose(context: &Context, module: &Module, force: bool) -> Result<TokenInfo, Failure> {
    let wanted = context.settings.token.as_ref();
    let mut fitting: Vec<TokenInfo> = module
        .tokens()?
        .into_iter()
        .filter(|token| wanted.is_none_or(|uri| token.fits(uri)))
        .collect();
    if !force || wanted.is_none() {
        let set_up = fitting.iter().find(|token| token.initialised()).cloned();
        fitting.retain(|token| !token.initialised());
        if let (Some(token), true) = (set_up, fitting.is_empty()) {
            return Err(Failure::new(
                Code::NotSupported,
                format!("the token \"{}\" is initialised already", token.label),
            )
            .hint("To lose all keys on it, name it with --token and add --force."));
        }
    }
    match (fitting.len(), fitting.pop()) {
        (1, Some(token)) => Ok(token),
        (_, Some(last)) => {
            fitting.push(last);
            // The URIs of empty tokens may all be alike: only the slot tells them apart.
            let uris = fitting
                .iter()
                .map(|token| format!("{};slot-id={}", token.uri(), token.slot_id()));
            Err(TokenError::TokenAmbiguous(uris.collect()).into())
        }
        _ => Err(TokenError::NoToken {
            wanted: "an empty token".into(),
            present: vec![],
        }
        .into()),
    }
}

fn to_json(token: &TokenInfo) -> Value {
    json!({
        "uri": token.uri().to_string(),
        "label": token.label,
        "serial": token.serial,
        "manufacturer": token.manufacturer,
        "model": token.model,
        "slotId": token.slot_id(),
        "initialised": token.initialised(),
        "pin": token.pin_state().as_str(),
        "pinPad": token.protected_authentication_path(),
        "writeProtected": token.write_protected(),
    })
}

fn to_text(token: &TokenInfo) -> String {
    if !token.initialised() {
        return format!("{}\n  empty, slot-id={}", token.uri(), token.slot_id());
    }
    format!(
        "{}\n  \"{}\", {} {}, serial {}, PIN {}",
        token.uri(),
        token.label,
        token.manufacturer,
        token.model,
        token.serial,
        token.pin_state().as_str(),
    )
}

fn mechanism_json(mechanism: &Mechanism) -> Value {
    json!({
        "name": mechanism.name,
        "minKeySize": mechanism.key_size.0,
        "maxKeySize": mechanism.key_size.1,
        "decrypt": mechanism.decrypt,
        "generateKeyPair": mechanism.generate_key_pair,
    })
}

/// A token label: at most 32 bytes, as PKCS#11 has no room for more.
pub(crate) fn parse_label(text: &str) -> Result<String, &'static str> {
    if text.trim().is_empty() || text.len() > 32 {
        return Err("a token label has 1 to 32 bytes");
    }
    Ok(text.to_owned())
}
