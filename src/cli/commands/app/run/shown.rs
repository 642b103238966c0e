//! What a run would cost, and what it is, before anybody agrees to it.

use serde_json::{Value, json};

use super::preflight::Needs;
use crate::chain::money::rlc;
use crate::chain::order::{Match, Orders};
use crate::chain::poco::U256;
use crate::cli::commands::task::{row, whose};
use crate::cli::context::Context;
use crate::cli::node::Place;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::moments::long;
use crate::code::Code;
use crate::text::escape::Shown as _;

/// A run that is ready to be signed.
pub(super) struct Shown<'a> {
    pub(super) context: &'a Context,
    pub(super) place: &'a Place,
    pub(super) orders: &'a Orders,
    pub(super) deal: &'a Match,
    /// The most that gas may cost, in wei.
    pub(super) gas: U256,
    /// What is free in the account, in nRLC.
    pub(super) stake: U256,
    /// The seconds that the task has.
    pub(super) time: U256,
}

impl Shown<'_> {
    /// The lines that a person reads.
    pub(super) fn lines(&self) -> Vec<String> {
        let request = &self.orders.request.order;
        let mut lines = vec![row(
            "app",
            format_args!("{} ({})", request.app, amount(request.app_max_price)),
        )];
        if self.orders.dataset.is_some() {
            let (dataset, price) = (request.dataset, request.dataset_max_price);
            lines.push(row(
                "dataset",
                format_args!("{dataset} ({})", amount(price)),
            ));
        }
        let (pool, price) = (request.workerpool, request.workerpool_max_price);
        lines.push(row(
            "workerpool",
            format_args!("{pool} ({})", amount(price)),
        ));
        lines.push(row(
            "category",
            format_args!(
                "{} (times out after {})",
                request.category,
                long(self.time.saturating_to())
            ),
        ));
        lines.push(row("tag", self.deal.tag));
        let whose = whose(self.context, request.beneficiary);
        lines.push(row(
            "beneficiary",
            format_args!("{}{whose}", request.beneficiary),
        ));
        if !request.callback.is_zero() {
            lines.push(row("callback", request.callback));
        }
        let encryption = match Needs::of(request).asks_for_encryption() {
            true => "asked for",
            false => "not asked for: the result can be read by anybody",
        };
        lines.push(row("encryption", encryption));
        lines.push(row("params", request.params.shown()));
        lines.push(row("costs", amount(self.deal.cost)));
        lines.push(row(
            "deposited",
            format_args!("{} before", amount(self.stake)),
        ));
        if self.has_gas() {
            lines.push(row(
                "gas",
                format_args!("{} at most", self.place.coins(self.gas)),
            ));
        }
        lines
    }

    /// What `--raw` says of a run that is not sent.
    pub(super) fn json(&self) -> Value {
        let request = &self.orders.request.order;
        json!({
            "dryRun": true,
            "dealid": self.deal.deal.to_string(),
            "requestorder": request,
            "apporder": self.orders.app.order,
            "datasetorder": self.orders.dataset.as_ref().map(|it| &it.order),
            "workerpoolorder": self.orders.workerpool.order,
            "cost": {
                "nRLC": self.deal.cost.to_string(),
                "gas": self.gas.to_string(),
            },
            "stake": self.stake.to_string(),
            "seconds": self.time.to_string(),
        })
    }

    /// Refuses to spend more than `max_cost`.
    pub(super) fn bound(&self, max_cost: Option<U256>) -> Result<(), Failure> {
        let cost = self.deal.cost;
        if let Some(most) = max_cost.filter(|most| cost > *most) {
            let what = format!(
                "the run costs {}, and --max-cost is {}",
                amount(cost),
                rlc(most)
            );
            return Err(Failure::new(Code::NotAgreed, what).hint("Nothing was signed."));
        }
        Ok(())
    }

    /// Has a person, or the options, agree to what is spent.
    pub(super) fn agree(&self, force: bool) -> Result<(), Failure> {
        let cost = self.deal.cost;
        self.lines()
            .into_iter()
            .for_each(|line| self.context.tell(line));
        if force {
            return Ok(());
        }
        let gas = match self.has_gas() {
            true => format!(", and up to {} for gas,", self.place.coins(self.gas)),
            false => String::new(),
        };
        let question = format!(
            "Do you want to spend {}{gas} to execute the request above? (y/N) ",
            rlc(cost)
        );
        if self.context.confirm(&question) {
            return Ok(());
        }
        let what = format!("spending {} was not agreed to", amount(cost));
        Err(Failure::new(Code::NotAgreed, what)
            .hint("In scripts, --force agrees and --max-cost sets the limit. Nothing was signed."))
    }

    fn has_gas(&self) -> bool {
        self.place.chain.entry.use_gas != Some(false)
    }
}

/// An amount in both units.
fn amount(nrlc: U256) -> String {
    format!("{}, {nrlc} nRLC", rlc(nrlc))
}
