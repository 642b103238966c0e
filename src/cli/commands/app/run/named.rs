//! The app, the dataset and the workerpool, by their addresses or as `deployed.json` names them.

use std::str::FromStr;

use crate::chain::Deployed;
use crate::cli::context::Context;
use crate::cli::node::Place;
use crate::cli::ui::failure::Failure;
use crate::code::Code;
use crate::wallet::address::{Address, AddressError};

/// An address, or the word that has it looked up in `deployed.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    Address(Address),
    Deployed,
}

/// What a run is made of, as the options name it.
pub(super) struct Names {
    pub(super) app: Option<Address>,
    pub(super) dataset: Option<Named>,
    pub(super) workerpool: Option<Named>,
}

/// What a run is made of.
pub(super) struct Things {
    pub(super) app: Address,
    pub(super) dataset: Option<Address>,
    pub(super) workerpool: Option<Address>,
}

impl FromStr for Named {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        match text {
            "deployed" => Ok(Self::Deployed),
            address => address.parse().map(Self::Address),
        }
    }
}

impl Things {
    /// Finds them. Nobody is asked.
    pub(super) fn find(context: &Context, place: &Place, names: &Names) -> Result<Self, Failure> {
        let is_deployed = |named: Option<Named>| named == Some(Named::Deployed);
        let needed =
            names.app.is_none() || is_deployed(names.dataset) || is_deployed(names.workerpool);
        let deployed = match needed {
            true => Deployed::load(&context.cwd).map_err(|it| Failure::new(Code::Usage, it))?,
            false => Deployed::default(),
        };
        let chain = place.chain.entry.id.unwrap_or_default();
        let missing = |what: &str| {
            let what = format!("{what} found in \"deployed.json\" for chain {chain}");
            Failure::new(Code::Usage, what).hint("Give its address.")
        };
        let find = |named: Option<Named>, there: Option<Address>, name: &str| match named {
            None => Ok(None),
            Some(Named::Address(address)) => Ok(Some(address).filter(|it| !it.is_zero())),
            Some(Named::Deployed) => {
                context.tell(format_args!(
                    "Using last {name} deployed from \"deployed.json\""
                ));
                there
                    .ok_or_else(|| missing(&format!("No {name}")))
                    .map(Some)
            }
        };
        let app = match names.app {
            Some(app) => app,
            None => {
                context.tell("No app specified, using last app deployed from \"deployed.json\"");
                let app = deployed.app(chain);
                app.ok_or_else(|| missing("Missing appAddress and no app"))?
            }
        };
        Ok(Self {
            app,
            dataset: find(names.dataset, deployed.dataset(chain), "dataset")?,
            workerpool: find(names.workerpool, deployed.workerpool(chain), "workerpool")?,
        })
    }
}
