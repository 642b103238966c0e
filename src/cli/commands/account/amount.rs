use clap::{Args, ValueEnum};

use crate::chain::money::{AmountError, Unit, parse_rlc};
use crate::chain::poco::U256;
use crate::cli::ui::failure::Failure;
use crate::code::Code;

/// An amount with its unit, as the SDK's commands take it.
#[derive(Debug, Args)]
pub(super) struct Amount {
    /// The amount, such as 100; or 1.5 with the unit RLC
    #[arg(value_name = "AMOUNT")]
    amount: String,
    /// The unit of the amount
    #[arg(value_name = "UNIT", value_enum, default_value_t = AmountUnit::Nrlc)]
    unit: AmountUnit,
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
        let unit = match self.unit {
            AmountUnit::Nrlc => Unit::NanoRlc,
            AmountUnit::Rlc => Unit::Rlc,
        };
        parse_rlc(&self.amount, unit).map_err(|error| {
            let hint = match error {
                AmountError::TooFine => "Write the unit behind the amount, as in `1.5 RLC`.",
                _ => "",
            };
            Failure::new(Code::Usage, error).hint(hint)
        })
    }
}
