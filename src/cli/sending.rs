//! What the commands share that change something on a chain: a transaction is tried, paid for, signed, written down,
//! sent, and waited for, in this order.

mod args;
mod failure;
mod resumed;
mod slot;
mod transaction;
mod trust;

use super::context::Context;
use super::node::Place;
use super::signer::{Signer, owner_and_signer};
use super::token_sessions::TokenSessions;
use super::ui::failure::Failure;
use crate::chain::journal;
use crate::chain::poco::{Call, Hub, Id, U256};
use crate::chain::tx::{self, Receipt, Rehearsal};
use crate::wallet::address::Address;
use crate::wallet::sign::Wallet;

pub(crate) use args::SendArgs;
pub(crate) use failure::not_enough;
pub(crate) use resumed::{Settled, resume};
use slot::{settle, slot};
use transaction::Sending;

/// An account, and who signs for it.
pub(crate) struct Sender<'a> {
    context: &'a Context,
    args: &'a SendArgs,
    pub(crate) place: Place,
    pub(crate) account: Address,
    signer: Signer,
    slot: journal::Place,
    // Dropped last: a module may take long to end, and nothing secret waits for it.
    sessions: TokenSessions,
}

impl<'a> Sender<'a> {
    /// Finds the chain, the account and its wallet. Nothing is unlocked yet. An earlier transaction of the account must
    /// have come to its end.
    pub(crate) fn new(context: &'a Context, args: &'a SendArgs) -> Result<Self, Failure> {
        let sender = Self::find(context, args)?;
        settle(context, &sender.place, &sender.slot)?;
        Ok(sender)
    }

    /// Does so for a new deal: an earlier one must have been told of, or it would be paid for twice.
    pub(crate) fn for_deal(context: &'a Context, args: &'a SendArgs) -> Result<Self, Failure> {
        let sender = Self::find(context, args)?;
        match sender.slot.open_entry()? {
            Some(entry) if entry.deal().is_some() => Err(failure::unsettled(&entry)),
            _ => {
                settle(context, &sender.place, &sender.slot)?;
                Ok(sender)
            }
        }
    }

    /// Keeps the PIN that the wallet is unlocked with, for a later part of the command.
    pub(crate) fn keep_pin(&mut self) {
        self.sessions.keep_pin();
    }

    fn find(context: &'a Context, args: &'a SendArgs) -> Result<Self, Failure> {
        let place = args.node.place(context)?;
        trust::agree(context, &args.trust, &place.chain)?;
        let mut sessions = TokenSessions::new(context)?;
        let (account, unlocked) = owner_and_signer(context, &mut sessions)?;
        let signer = match unlocked {
            Some(signer) => signer,
            None => Signer::find(context, &mut sessions, &account)?,
        };
        context.tell(format_args!("Using wallet {account}"));
        let slot = slot(&place, account)?;
        Ok(Self {
            context,
            args,
            place,
            account,
            signer,
            slot,
            sessions,
        })
    }

    /// Sends the calls one after the other, each once the one before is in a block. `done` is told of each.
    pub(crate) fn send(
        self,
        what: &str,
        calls: Vec<Call>,
        mut done: impl FnMut(&Receipt),
    ) -> Result<(), Failure> {
        let mut calls = calls.into_iter();
        let Some(first) = calls.next() else {
            return Ok(());
        };
        // Before a PIN is asked for.
        let first = tx::prepare(&self.place.hub, self.account, first);
        let first = first.map_err(|error| failure::of(&self.place, error))?;
        let sent = self.with_wallet(what, |sending, wallet| {
            done(&sending.send(wallet, first)?);
            for call in calls {
                let transaction = tx::prepare(&sending.place.hub, sending.account, call);
                let transaction = transaction.map_err(|it| failure::of(sending.place, it))?;
                done(&sending.send(wallet, transaction)?);
            }
            Ok(())
        });
        sent.map(|_| ())
    }

    /// What a call that the account has yet to sign for would cost. Nothing is sent.
    pub(crate) fn rehearse(&self, call: &Call) -> Result<Rehearsal, Failure> {
        let rehearsal = tx::rehearse(&self.place.hub, self.account, call);
        rehearsal.map_err(|error| failure::of(&self.place, error))
    }

    /// Has the wallet sign the orders in `unsigned`, and makes the deal of them with no more gas than `most_for_gas`, in
    /// wei. What was signed leaves this machine only once it is written down.
    pub(crate) fn make_deal(
        self,
        what: &str,
        (unsigned, most_for_gas): (&Call, U256),
        sign: impl FnOnce(&Hub, &mut dyn Wallet) -> Result<(Call, Id), Failure>,
    ) -> Result<(Place, Settled), Failure> {
        // What was agreed to may have taken its time.
        let rehearsal = self.rehearse(unsigned)?;
        self.with_wallet(what, |sending, wallet| {
            let Sending { place, account, .. } = sending;
            let (call, deal) = sign(&place.hub, wallet)?;
            let transaction = rehearsal.transaction(&place.hub, account, call);
            let transaction = transaction.map_err(|error| place.failure(error))?;
            sending.context.tell(format_args!("Deal {deal}"));
            let sending = Sending {
                deal: Some(deal),
                most_for_gas: Some(most_for_gas),
                ..sending
            };
            let receipt = sending.send(wallet, transaction);
            let receipt = receipt.map_err(|it| failure::of_deal(it, deal))?;
            Ok(Settled {
                what: what.to_owned(),
                deal: Some(deal),
                hash: receipt.hash,
                block: Some(receipt.block),
            })
        })
    }

    /// Unlocks the wallet, and has `act` send with it.
    fn with_wallet<T>(
        self,
        what: &str,
        act: impl FnOnce(Sending<'_>, &mut dyn Wallet) -> Result<T, Failure>,
    ) -> Result<(Place, T), Failure> {
        let Self {
            context,
            args,
            place,
            account,
            signer,
            slot,
            mut sessions,
        } = self;
        let sending = Sending {
            context,
            place: &place,
            account,
            slot: &slot,
            args,
            what,
            deal: None,
            most_for_gas: None,
        };
        let act = |wallet: &mut dyn Wallet| act(sending, wallet);
        let done = signer.with_wallet(context, &mut sessions, account, act)?;
        Ok((place, done))
    }
}
