use clap::{Args, ValueEnum};

use crate::chain::money::{AmountError, Unit, parse_rlc};
use crate::chain::poco::U256;
use crate::cli::ui::failure::Failure;
use crate::code::Code;

/// An amount with its unit, in one argument or in two, as the SDK's commands take it.
#[derive(Debug, Args)]
pub(super) struct Amount {
    /// The amount, such as 100, or 1.5 RLC
    #[arg(value_name = "AMOUNT")]
    amount: String,
    /// The unit of the amount [default: nRLC]
    #[arg(value_name = "UNIT", value_enum)]
    unit: Option<AmountUnit>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum AmountUnit {
    #[value(name = "nRLC")]
    Nrlc,
    #[value(name = "RLC")]
    Rlc,
}

impl Amount {
    /// The amount in nRLC.
    pub(super) fn nrlc(&self) -> Result<U256, Failure> {
        let text = match self.unit {
            None => self.amount.clone(),
            Some(AmountUnit::Nrlc) => format!("{} nRLC", self.amount),
            Some(AmountUnit::Rlc) => format!("{} RLC", self.amount),
        };
        parse_rlc(&text, Unit::NanoRlc).map_err(|error| {
            let hint = match error {
                AmountError::TooFine => "Write the unit after the amount, as in `1.5 RLC`.",
                AmountError::Unit => "Write `100` for nRLC, or `1.5 RLC`.",
                _ => "",
            };
            Failure::new(Code::Usage, error).hint(hint)
        })
    }
}
