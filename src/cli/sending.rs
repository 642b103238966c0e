//! What the commands share that change something on a chain: a transaction is tried, paid for, signed, written down,
//! sent, and waited for, in this order.

mod failure;
mod trust;

use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::context::Context;
use super::node::{NodeArgs, Place, tell_of_node};
use super::options::{groups, parse_time};
use super::signer::{Signer, owner_and_signer};
use super::token_sessions::TokenSessions;
use super::trusted_hosts::TrustArgs;
use super::ui::failure::Failure;
use crate::chain::journal::{self, Entry, Journal};
use crate::chain::money::coins;
use crate::chain::poco::Call;
use crate::chain::tx::{self, Offer, Receipt, Signed, Transaction, TxError};
use crate::chain::watch::Pace;
use crate::code::Code;
use crate::wallet::address::Address;
use crate::wallet::sign::Wallet;

pub(crate) use failure::not_enough;

/// The time between two looks for a transaction.
const INTERVAL: Duration = Duration::from_millis(500);
/// How often the price of gas may rise before a transaction is sent.
const RAISES: u32 = 3;

/// The options of commands that send transactions.
#[derive(Debug, Args)]
pub(crate) struct SendArgs {
    /// Wait until the transaction is this deep: 1 is the block that it is in
    #[arg(long, value_name = "BLOCKS", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    confirms: u64,
    /// Wait no longer than this for the transaction (exit 37)
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = parse_time)]
    transaction_timeout: Duration,
    #[command(flatten)]
    payer: groups::Payer,
    #[command(flatten)]
    node: NodeArgs,
    #[command(flatten)]
    trust: TrustArgs,
}

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
        settle(context, &place, &slot)?;
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
        let Self {
            context,
            args,
            place,
            account,
            signer,
            slot,
            mut sessions,
        } = self;
        let hub = &place.hub;
        let failed = |error| failure::of(&place, error);
        let mut calls = calls.into_iter();
        let Some(first) = calls.next() else {
            return Ok(());
        };
        let first = tx::prepare(hub, account, first).map_err(failed)?;
        let sending = Sending {
            context,
            place: &place,
            account,
            slot: &slot,
            args,
            what,
        };
        signer.with_wallet(context, &mut sessions, account, |wallet| {
            done(&sending.send(wallet, first)?);
            for call in calls {
                let transaction = tx::prepare(hub, account, call).map_err(failed)?;
                done(&sending.send(wallet, transaction)?);
            }
            Ok(())
        })
    }
}

/// Goes on with the transaction that is not settled. Returns what it was for, and where it is now; nothing where there is
/// none.
pub(crate) fn resume(
    context: &Context,
    args: &SendArgs,
) -> Result<Option<(String, Receipt)>, Failure> {
    let place = args.node.place(context)?;
    trust::agree(context, &args.trust, &place.chain)?;
    let mut sessions = TokenSessions::new(context)?;
    let account = super::signer::owner(context, &mut sessions)?;
    let slot = slot(&place, account)?;
    let Some(entry) = slot.open_entry()? else {
        return Ok(None);
    };
    let Some(signed) = entry.signed() else {
        return Ok(None);
    };
    place.hub.check_identity().map_err(|it| place.failure(it))?;
    context.tell(format_args!(
        "Going on with {} ({})",
        entry.hash, entry.what
    ));
    let sending = Sending {
        context,
        place: &place,
        account,
        slot: &slot,
        args,
        what: &entry.what,
    };
    let receipt = sending.wait(entry.nonce, &signed)?;
    if !receipt.succeeded {
        let what = format!("the contract refused the transaction {}", receipt.hash);
        return Err(Failure::new(Code::ChainRefused, what)
            .with(json!({ "txHash": receipt.hash.to_string() })));
    }
    Ok(Some((entry.what, receipt)))
}

/// What it takes to send one transaction.
struct Sending<'a> {
    context: &'a Context,
    place: &'a Place,
    account: Address,
    slot: &'a journal::Place,
    args: &'a SendArgs,
    what: &'a str,
}

impl Sending<'_> {
    fn send(&self, wallet: &mut dyn Wallet, transaction: Transaction) -> Result<Receipt, Failure> {
        let call = transaction.call.clone();
        let (nonce, signed) = self.hand_over(wallet, transaction)?;
        let receipt = self.wait(nonce, &signed)?;
        if receipt.succeeded {
            return Ok(receipt);
        }
        let error = tx::why_reverted(&self.place.hub, self.account, &call, &receipt);
        Err(failure::of(self.place, error))
    }

    /// Signs the transaction, writes it down and sends it. At a price of gas that has risen meanwhile it is signed again,
    /// with the same number, so that it is one transaction whatever happens.
    fn hand_over(
        &self,
        wallet: &mut dyn Wallet,
        mut transaction: Transaction,
    ) -> Result<(u64, Signed), Failure> {
        let failed = |error| failure::of(self.place, error);
        let mut raises = 0;
        loop {
            self.tell_gas(&transaction);
            let signed = transaction.sign(wallet)?;
            let entry = Entry::new(self.what, self.account, &transaction, &signed);
            self.slot.write(&self.context.temporaries, &entry)?;
            self.context
                .tell(format_args!("Transaction {}", signed.hash()));
            let error = match tx::offer(&self.place.hub, &signed) {
                Ok(Offer::Unknown(error)) => {
                    self.context
                        .say(|| format!("the answer to it was lost: {error}"));
                    return Ok((transaction.nonce, signed));
                }
                Ok(_) => return Ok((transaction.nonce, signed)),
                Err(error) => error,
            };
            self.slot.clear()?;
            raises += 1;
            if !matches!(error, TxError::FeeTooLow { .. }) || raises > RAISES {
                return Err(failed(error));
            }
            transaction.fee = tx::fee(&self.place.hub).map_err(|it| failed(it.into()))?;
        }
    }

    fn tell_gas(&self, transaction: &Transaction) {
        let entry = &self.place.chain.entry;
        if entry.use_gas != Some(false) {
            let cost = coins(transaction.gas_cost());
            let coin = if entry.native == Some(true) {
                "RLC"
            } else {
                "ETH"
            };
            self.context
                .tell(format_args!("Gas costs {cost} {coin} at most"));
        }
    }

    /// Waits for a transaction that may have been sent, and forgets it once its end is known.
    fn wait(&self, nonce: u64, signed: &Signed) -> Result<Receipt, Failure> {
        let pace = Pace::new(INTERVAL, Some(self.args.transaction_timeout));
        let waited = tx::wait(
            &self.place.hub,
            (self.account, nonce),
            signed,
            (pace, self.args.confirms),
            &mut tell_of_node(self.context),
        );
        if !matches!(waited, Err(TxError::Unknown { .. } | TxError::Node(_))) {
            self.slot.clear()?;
        }
        waited.map_err(|error| failure::of(self.place, error))
    }
}

/// The account's place in the journal.
fn slot(place: &Place, account: Address) -> Result<journal::Place, Failure> {
    let Some(chain_id) = place.chain.entry.id else {
        return Err(place.failure(crate::chain::rpc::RpcError::NoChainId));
    };
    let folder = state_folder().ok_or_else(|| {
        Failure::new(
            Code::Usage,
            "there is no folder for the journal of transactions",
        )
        .hint("Set HOME or XDG_STATE_HOME.")
    })?;
    Ok(Journal::new(folder).place(chain_id, account)?)
}

/// Requires that what was sent before has come to its end.
fn settle(context: &Context, place: &Place, slot: &journal::Place) -> Result<(), Failure> {
    let Some(entry) = slot.open_entry()? else {
        return Ok(());
    };
    let found = entry.id().map(|hash| tx::receipt(&place.hub, hash));
    match found.transpose().map_err(|it| place.failure(it))?.flatten() {
        Some(receipt) => {
            let came_to = match receipt.succeeded {
                true => format!("is in block {}", receipt.block),
                false => "came to nothing: the contract refused it".to_owned(),
            };
            context.tell(format_args!(
                "The transaction {} from before ({}) {came_to}",
                entry.hash, entry.what
            ));
            Ok(slot.clear()?)
        }
        None => Err(failure::unsettled(&entry)),
    }
}

/// `$XDG_STATE_HOME/iexec-hsm`, or `~/.local/state/iexec-hsm`; none without a home.
fn state_folder() -> Option<std::path::PathBuf> {
    let xdg = std::env::var_os("XDG_STATE_HOME").map(std::path::PathBuf::from);
    let xdg = xdg.filter(|folder| folder.is_absolute());
    let folder = xdg.or_else(|| Some(std::env::home_dir()?.join(".local/state")))?;
    Some(folder.join("iexec-hsm"))
}
