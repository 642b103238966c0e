//! What is asked for, from the options to the orders that fit.

use super::args::Run;
use super::named::{Names, Things};
use crate::chain::TeeFramework;
use crate::chain::order::{Orders, Params, Tag, salt};
use crate::chain::poco::{Domain, U256};
use crate::cli::commands::task::{Wanted, whose};
use crate::cli::context::Context;
use crate::cli::node::{Place, market};
use crate::cli::sending::Sender;
use crate::cli::ui::failure::Failure;
use crate::code::Code;
use crate::market::{Choice, Terms};
use crate::wallet::address::Address;

/// What a requester wants.
pub(super) struct Asked {
    terms: Terms,
    encrypts: bool,
}

impl Asked {
    /// What the options say.
    pub(super) fn of(
        context: &Context,
        sender: &Sender<'_>,
        command: &Run,
    ) -> Result<Self, Failure> {
        let (request, place) = (&command.request, &sender.place);
        let names = Names {
            app: command.app,
            dataset: request.dataset,
            workerpool: request.workerpool,
        };
        let things = Things::find(context, place, &names)?;
        let tag = tag(place, request.tag)?;
        let callback = request.callback.unwrap_or(Address::ZERO);
        let mut params = match &request.params {
            Some(json) => Params::read(json)?,
            None => Params::default(),
        };
        if let Some(args) = &request.args {
            params.set_args(args);
        }
        if !request.input_files.is_empty() {
            params.set_input_files(&request.input_files)?;
        }
        if !request.secret.is_empty() {
            params.set_secrets(&request.secret)?;
        }
        if let Some(provider) = &request.storage_provider {
            params.set_storage_provider(provider)?;
        }
        if request.encrypt_result {
            params.set_result_encryption(true);
        }
        let encrypts = params.asks_for_encryption();
        let terms = Terms {
            requester: sender.account,
            app: things.app,
            dataset: things.dataset,
            workerpool: things.workerpool,
            category: request.category.map(U256::from),
            tag,
            trust: U256::from(request.trust.unwrap_or_default()),
            beneficiary: request.beneficiary.unwrap_or(sender.account),
            callback,
            params: params.finish(tag, callback)?,
            salt: salt().map_err(|error| {
                Failure::new(
                    Code::Failed,
                    format!("no random number is available: {error}"),
                )
            })?,
        };
        Ok(Self { terms, encrypts })
    }

    /// Refuses what could not be opened, and warns where it is for somebody else.
    pub(super) fn check(&self, context: &Context, wanted: Option<&Wanted>) -> Result<(), Failure> {
        if wanted.is_some_and(Wanted::is_decrypted) && !self.encrypts {
            let what = "the result would not be encrypted, and there would be nothing to decrypt";
            return Err(Failure::new(Code::Usage, what).hint(
                "Add --encrypt-result; or take --download without --decrypt, --extract and --entry. Nothing was signed.",
            ));
        }
        let (beneficiary, requester) = (self.terms.beneficiary, self.terms.requester);
        if beneficiary != requester && whose(context, beneficiary).is_empty() {
            context.warn(format_args!(
                "THE RESULT IS NOT FOR YOU: its beneficiary {beneficiary} is not one of your addresses here"
            ));
        }
        Ok(())
    }

    /// The orders that fit, none of them signed by the requester yet.
    pub(super) fn orders(
        &self,
        context: &Context,
        place: &Place,
        domain: &Domain,
    ) -> Result<Orders, Failure> {
        let market = market(context, &place.chain, place.options.clone())?;
        let choice = Choice::new(&place.hub, domain, market.as_ref());
        let orders = choice.orders(&self.terms, &mut |step| context.tell(step))?;
        context.tell("Creating requestorder");
        Ok(orders)
    }
}

/// The tag, which has to be of a framework that the chain has an SMS for.
fn tag(place: &Place, given: Option<Tag>) -> Result<Tag, Failure> {
    let there = match place.chain.has_built_in_hub() {
        true => place.chain.frameworks(),
        // Of a chain of one's own it is not known.
        false => TeeFramework::ALL.to_vec(),
    };
    let default = match there.contains(&TeeFramework::Tdx) {
        true => Tag::enclave(TeeFramework::Tdx),
        false => Tag::NONE,
    };
    let tag = given.unwrap_or(default);
    tag.check(false)?;
    tag.check_framework(place.chain.label(), &there)?;
    Ok(tag)
}
