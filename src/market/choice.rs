//! The orders that a request is matched with, as the SDK chooses them: of each book the cheapest that fits. The market is
//! asked with the tag that is signed, and whatever it answers is checked.

use std::fmt;

use super::book::Listed;
use super::choice_error::ChoiceError;
use super::client::Market;
use super::query::{apps, datasets, workerpools};
use super::terms::Terms;
use crate::chain::order::{
    AppOrder, CheckError, Checker, DatasetOrder, Misfit, Offer, Orders, Side, Sides, Signed, Tag,
    WorkerpoolOrder, owner,
};
use crate::chain::poco::{Domain, Hub, U256};
use crate::wallet::address::Address;

/// Orders of a book that the hub is asked about at most. A market that lists more that are of no use lists no others.
const MOST_ASKED: usize = 30;

/// Categories that are tried at most.
const MOST_CATEGORIES: u64 = 50;

/// A step on the way to the orders of a request. Shown in the SDK's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// This one was named.
    Using(Side, Address),
    /// None was named: there is no dataset, and any workerpool will do.
    UsingNone(Side),
    /// The requester owns it, and signs an order itself.
    Creating(Side),
    /// The market is asked.
    Fetching(Side),
}

/// Chooses orders.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Choice<'a> {
    hub: &'a Hub,
    domain: &'a Domain,
    market: Option<&'a Market>,
}

/// What is in the way of the first order that is of no use.
#[derive(Debug, Default)]
struct Nearest(Option<Box<Misfit>>);

impl<'a> Choice<'a> {
    /// Chooses on this chain. Without a market all orders have to be the requester's own.
    pub fn new(hub: &'a Hub, domain: &'a Domain, market: Option<&'a Market>) -> Self {
        Self {
            hub,
            domain,
            market,
        }
    }

    /// The orders for a request, and the request. Those that are the requester's are not signed yet.
    ///
    /// # Errors
    /// When something is not deployed, the market has nothing that fits, or a service cannot be asked.
    pub fn orders(
        &self,
        terms: &Terms,
        on_step: &mut dyn FnMut(Step),
    ) -> Result<Orders, ChoiceError> {
        let app = self.app(terms, on_step)?;
        let dataset = self.dataset(terms, on_step)?;
        let of_dataset = dataset.as_ref().map(|it| it.order.tag).unwrap_or_default();
        let tag = app.order.tag | of_dataset.without_framework() | terms.tag;
        let workerpool = self.workerpool(terms, tag, on_step)?;
        let used = dataset.as_ref().map(|it| &it.order);
        let request = terms.request(&app.order, used, &workerpool.order);
        Ok(Orders {
            app,
            dataset,
            workerpool,
            request: Signed::unsigned(request),
        })
    }

    fn app(
        &self,
        terms: &Terms,
        on_step: &mut dyn FnMut(Step),
    ) -> Result<Signed<AppOrder>, ChoiceError> {
        let side = Side::App;
        on_step(Step::Using(side, terms.app));
        if self.is_own(side, terms.app, terms)? {
            on_step(Step::Creating(side));
            return Ok(Signed::unsigned(terms.own_app()));
        }
        on_step(Step::Fetching(side));
        let fits = |order: &AppOrder| {
            at_least(order, terms.tag.of_enclave())?;
            at_most(order, terms.tag)
        };
        let mut nearest = Nearest::default();
        for query in apps(terms, self.domain) {
            let listed = self.market(side)?.book::<AppOrder>(&query)?;
            if let Some(order) = self.first(listed, terms.sides(), &fits, &mut nearest)? {
                return Ok(order);
            }
            if nearest.0.is_some() {
                break;
            }
        }
        Err(nearest.no_order(side, terms.app))
    }

    fn dataset(
        &self,
        terms: &Terms,
        on_step: &mut dyn FnMut(Step),
    ) -> Result<Option<Signed<DatasetOrder>>, ChoiceError> {
        let side = Side::Dataset;
        let Some(dataset) = terms.dataset else {
            on_step(Step::UsingNone(side));
            return Ok(None);
        };
        on_step(Step::Using(side, dataset));
        if self.is_own(side, dataset, terms)? {
            on_step(Step::Creating(side));
            return Ok(Some(Signed::unsigned(terms.own_dataset(dataset))));
        }
        on_step(Step::Fetching(side));
        let fits = |order: &DatasetOrder| at_most(order, terms.tag);
        let mut nearest = Nearest::default();
        for query in datasets(terms, dataset, self.domain) {
            let listed = self.market(side)?.book::<DatasetOrder>(&query)?;
            if let Some(order) = self.first(listed, terms.sides(), &fits, &mut nearest)? {
                return Ok(Some(order));
            }
            if nearest.0.is_some() {
                break;
            }
        }
        Err(nearest.no_order(side, dataset))
    }

    /// A workerpool that has all of `tag`.
    fn workerpool(
        &self,
        terms: &Terms,
        tag: Tag,
        on_step: &mut dyn FnMut(Step),
    ) -> Result<Signed<WorkerpoolOrder>, ChoiceError> {
        let side = Side::Workerpool;
        match terms.workerpool {
            Some(pool) => {
                on_step(Step::Using(side, pool));
                if self.is_own(side, pool, terms)? {
                    on_step(Step::Creating(side));
                    return Ok(Signed::unsigned(terms.own_workerpool(pool, tag)));
                }
            }
            None => on_step(Step::UsingNone(side)),
        }
        on_step(Step::Fetching(side));
        let mut nearest = Nearest::default();
        // Where the market has nothing to these terms, it is asked for all, to say what is in the way.
        for is_strict in [true, false] {
            for category in self.categories(terms) {
                let category = category?;
                let fits = |order: &WorkerpoolOrder| serves(order, terms, tag, category);
                let query = workerpools(terms, tag, category, is_strict, self.domain);
                let listed = self.market(side)?.book::<WorkerpoolOrder>(&query)?;
                if let Some(order) = self.first(listed, terms.sides(), &fits, &mut nearest)? {
                    return Ok(order);
                }
            }
            if nearest.0.is_some() {
                break;
            }
        }
        Err(ChoiceError::NoWorkerpool {
            category: terms.category,
            nearest: nearest.0,
        })
    }

    /// The category that was named, or all that the chain has.
    fn categories(
        &self,
        terms: &Terms,
    ) -> impl Iterator<Item = Result<U256, ChoiceError>> + use<'_> {
        let named = terms.category.map(Ok).into_iter();
        let most = if terms.category.is_some() {
            0
        } else {
            MOST_CATEGORIES
        };
        let all = (0..most).map(U256::from).map(|category| {
            let is_there = self.hub.has_category(category)?;
            Ok(is_there.then_some(category))
        });
        named.chain(all.map_while(Result::transpose))
    }

    /// The first order that fits, and that the hub would take.
    fn first<O: Offer>(
        &self,
        listed: Vec<Listed<O>>,
        sides: Sides,
        fits: &dyn Fn(&O) -> Result<(), Misfit>,
        nearest: &mut Nearest,
    ) -> Result<Option<Signed<O>>, ChoiceError> {
        let checker = Checker {
            hub: self.hub,
            domain: self.domain,
            sides,
        };
        let mut asked = 0;
        for Listed { signed, chain_id } in listed {
            let is_here = U256::from(chain_id) == self.domain.chain_id;
            let fit = match is_here {
                true => fits(&signed.order),
                false => Err(Misfit::OtherChain { found: chain_id }),
            };
            if let Err(misfit) = fit {
                nearest.learn(misfit);
                continue;
            }
            asked += 1;
            // Nobody but this program makes orders without a signature.
            let checked = match signed.is_unsigned() {
                true => Err(CheckError::Misfit(Misfit::NotSigned {
                    side: O::SIDE,
                    signer: signed.order.what(),
                })),
                false => checker.offer(&signed),
            };
            match checked {
                Ok(_) => return Ok(Some(signed)),
                Err(CheckError::Misfit(misfit)) => nearest.learn(misfit),
                Err(CheckError::Node(error)) => return Err(error.into()),
            }
            if asked == MOST_ASKED {
                break;
            }
        }
        Ok(None)
    }

    fn is_own(&self, side: Side, what: Address, terms: &Terms) -> Result<bool, ChoiceError> {
        match owner(self.hub, side, what) {
            Ok(owner) => Ok(owner == terms.requester),
            Err(CheckError::Node(error)) => Err(error.into()),
            Err(CheckError::Misfit(_)) => Err(ChoiceError::NotDeployed {
                side,
                address: what,
            }),
        }
    }

    fn market(&self, side: Side) -> Result<&'a Market, ChoiceError> {
        self.market.ok_or(ChoiceError::NoMarket(side))
    }
}

impl Nearest {
    fn learn(&mut self, misfit: Misfit) {
        self.0.get_or_insert_with(|| Box::new(misfit));
    }

    fn no_order(self, side: Side, address: Address) -> ChoiceError {
        ChoiceError::NoOrder {
            side,
            address,
            nearest: self.0,
        }
    }
}

/// Refuses an order that lacks some of `tag`.
fn at_least<O: Offer>(order: &O, tag: Tag) -> Result<(), Misfit> {
    let (side, missing) = (O::SIDE, tag.without(order.tag()));
    match missing.is_none() {
        true => Ok(()),
        false => Err(Misfit::MissingTags { side, missing }),
    }
}

/// Refuses an order that asks for more than `tag`.
fn at_most<O: Offer>(order: &O, tag: Tag) -> Result<(), Misfit> {
    let asked = match O::SIDE {
        Side::Dataset => order.tag().without_framework(),
        _ => order.tag(),
    };
    let (side, extra) = (O::SIDE, asked.without(tag));
    match extra.is_none() {
        true => Ok(()),
        false => Err(Misfit::ExtraTags { side, extra }),
    }
}

/// Refuses a workerpool's order that is for something else.
fn serves(order: &WorkerpoolOrder, terms: &Terms, tag: Tag, category: U256) -> Result<(), Misfit> {
    at_least(order, tag)?;
    if order.category != category {
        return Err(Misfit::Category {
            wanted: category,
            found: order.category,
        });
    }
    if order.trust < terms.trust {
        return Err(Misfit::Trust {
            wanted: terms.trust,
            found: order.trust,
        });
    }
    Ok(())
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Using(side, address) => write!(f, "Using {side} {address}"),
            Self::UsingNone(Side::Workerpool) => f.write_str("Using any workerpool"),
            Self::UsingNone(side) => write!(f, "Not using {side}"),
            Self::Creating(side) => write!(f, "Creating {side}order"),
            Self::Fetching(side) => write!(f, "Fetching {side}order from iExec Marketplace"),
        }
    }
}
