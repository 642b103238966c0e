use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::describe::to_json;
use crate::cli::agent_link::Link;
use crate::cli::context::Context;
use crate::cli::key_records::KeyRecords;
use crate::cli::options::groups;
use crate::cli::pins::Pins;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::token::{Pin, PinError, PinOwner, PinRequest, PinSource, PinUse, TokenInfo, change_pin};

/// The longest wait for an agent to tell what it holds.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  iexec-hsm token change-pin --token demo\n  iexec-hsm token change-pin --so\n  iexec-hsm token change-pin --pin-file old --new-pin-file new"
)]
pub(crate) struct ChangePin {
    /// Change the SO PIN in place of the user PIN
    #[arg(long)]
    so: bool,
    /// A file whose first line is the new PIN
    #[arg(long, value_name = "FILE")]
    new_pin_file: Option<PathBuf>,
    #[command(flatten)]
    so_pin_file: groups::SoPinFile,
}

pub(super) fn run(context: &Context, command: &ChangePin) -> Result<Reply, Failure> {
    let (module, token) = context.locate(&KeyRecords::default())?;
    let mut pins = OldAndNew {
        old: context.pins()?,
        new: context.new_pins(command.new_pin_file.clone()),
    };
    let (owner, what) = match command.so {
        true => (PinOwner::So, "SO PIN"),
        false => (PinOwner::User, "user PIN"),
    };
    let token = change_pin(&module, &token, owner, &mut pins)?;
    let reply = Reply::new(to_json(&token))
        .with(json!({ "changed": what }))
        .note(format!(
            "The {what} of the token {:?} is changed",
            token.name()
        ));
    let records = KeyRecords::default();
    let agent = Link::find_within(context, &records, PATIENCE);
    let holds_it = agent.is_some_and(|it| it.status.token == token.uri().to_string());
    Ok(match holds_it && !command.so {
        // It would send the old one, once, when the device comes back.
        true => reply.note("An agent holds this token with the old PIN: run `iexec-hsm agent lock`, then `iexec-hsm agent unlock`"),
        false => reply,
    })
}

/// Changes the user PIN, with a person who types both.
pub(in crate::cli::commands) fn change_user_pin(context: &Context) -> Result<Reply, Failure> {
    let command = ChangePin {
        so: false,
        new_pin_file: None,
        so_pin_file: groups::SoPinFile,
    };
    run(context, &command)
}

/// The sources of two PINs.
struct OldAndNew {
    old: Pins,
    new: Pins,
}

impl OldAndNew {
    fn of(&mut self, purpose: &PinUse) -> &mut Pins {
        match purpose {
            PinUse::New | PinUse::NewSo => &mut self.new,
            _ => &mut self.old,
        }
    }
}

impl PinSource for OldAndNew {
    fn pin(&mut self, request: &PinRequest<'_>) -> Result<Pin, PinError> {
        self.of(&request.purpose).pin(request)
    }

    fn is_given(&self, request: &PinRequest<'_>) -> bool {
        self.old.is_given(request)
    }

    fn allow_final_try(&mut self, token: &TokenInfo) -> bool {
        self.old.allow_final_try(token)
    }

    fn on_reader(&mut self, request: &PinRequest<'_>) {
        self.of(&request.purpose).on_reader(request);
    }

    fn forget(&mut self) {
        self.old.forget();
        self.new.forget();
    }
}
