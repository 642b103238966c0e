use std::time::Duration;

use super::args::SendArgs;
use super::failure;
use crate::chain::journal::{self, Entry};
use crate::chain::poco::{Id, U256};
use crate::chain::tx::{self, Offer, Receipt, Signed, Transaction, TxError};
use crate::chain::watch::Pace;
use crate::cli::context::Context;
use crate::cli::node::{Place, tell_of_node};
use crate::cli::ui::failure::Failure;
use crate::wallet::address::Address;
use crate::wallet::sign::Wallet;

/// The time between two looks for a transaction.
const INTERVAL: Duration = Duration::from_millis(500);
/// How often the price of gas may rise before a transaction is sent.
const RAISES: u32 = 3;

/// What it takes to send one transaction.
pub(super) struct Sending<'a> {
    pub(super) context: &'a Context,
    pub(super) place: &'a Place,
    pub(super) account: Address,
    pub(super) slot: &'a journal::Place,
    pub(super) args: &'a SendArgs,
    pub(super) what: &'a str,
    /// The deal that it makes, if it makes one.
    pub(super) deal: Option<Id>,
    /// The most wei that were agreed to for gas.
    pub(super) most_for_gas: Option<U256>,
}

impl Sending<'_> {
    pub(super) fn send(
        &self,
        wallet: &mut dyn Wallet,
        transaction: Transaction,
    ) -> Result<Receipt, Failure> {
        let call = transaction.call.clone();
        let (entry, signed) = self.hand_over(wallet, transaction)?;
        let receipt = self.wait(&entry, &signed)?;
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
    ) -> Result<(Entry, Signed), Failure> {
        let failed = |error| failure::of(self.place, error);
        let mut raises = 0;
        loop {
            self.check_gas(&transaction)?;
            let signed = transaction.sign(wallet)?;
            let entry = Entry::new(self.what, self.account, &transaction, &signed);
            let entry = entry.with_deal(self.deal);
            self.slot.write(&self.context.temporaries, &entry)?;
            self.context
                .tell(format_args!("Transaction {}", signed.hash()));
            let error = match tx::offer(&self.place.hub, &signed) {
                Ok(Offer::Unknown(error)) => {
                    self.context
                        .say(|| format!("the answer to it was lost: {error}"));
                    return Ok((entry, signed));
                }
                Ok(_) => return Ok((entry, signed)),
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

    /// Tells of what gas costs, and refuses more than was agreed to.
    fn check_gas(&self, transaction: &Transaction) -> Result<(), Failure> {
        let cost = transaction.gas_cost();
        match self.most_for_gas {
            Some(most) if cost > most => {
                return Err(failure::gas_rose(self.place, most, cost));
            }
            // It was shown with the question.
            Some(_) => {}
            None if self.place.chain.entry.use_gas == Some(false) => {}
            None => self
                .context
                .tell(format_args!("Gas costs {} at most", self.place.coins(cost))),
        }
        Ok(())
    }

    /// Waits for a transaction that may have been sent, and forgets it once its end is known.
    pub(super) fn wait(&self, entry: &Entry, signed: &Signed) -> Result<Receipt, Failure> {
        let pace = Pace::new(INTERVAL, Some(self.args.transaction_timeout));
        let waiting = self.context.waiting("the transaction", pace.at_most);
        let waited = tx::wait(
            &self.place.hub,
            (self.account, entry.nonce),
            signed,
            (pace, self.args.confirms),
            &mut tell_of_node(self.context),
        );
        drop(waiting);
        match &waited {
            Ok(receipt) if receipt.succeeded => {
                self.slot.settle(&self.context.temporaries, entry)?;
            }
            Err(TxError::Unknown { .. } | TxError::Node(_)) => {}
            _ => self.slot.clear()?,
        }
        waited.map_err(|error| failure::of(self.place, error))
    }
}
