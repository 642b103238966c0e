//! Orders held against each other alone. Nobody is asked.

use alloy_primitives::U256;

use super::kind::{Offer, Side};
use super::misfit::Misfit;
use super::orders::Orders;
use super::tag::Tag;
use crate::wallet::address::Address;

impl Orders {
    /// What the orders together ask of the workers. The framework of a dataset does not count.
    pub fn tag(&self) -> Tag {
        let dataset = self.dataset.as_ref().map(|it| it.order.tag);
        let dataset = dataset.unwrap_or_default().without_framework();
        self.app.order.tag | dataset | self.request.order.tag
    }

    /// Refuses orders that contradict each other.
    pub(super) fn agree(&self) -> Result<(), Misfit> {
        let (request, pool) = (&self.request.order, &self.workerpool.order);
        if request.category != pool.category {
            return Err(Misfit::Category {
                wanted: request.category,
                found: pool.category,
            });
        }
        if request.trust > pool.trust {
            return Err(Misfit::Trust {
                wanted: request.trust,
                found: pool.trust,
            });
        }
        dear(&self.app.order, request.app_max_price)?;
        if let Some(dataset) = &self.dataset {
            dear(&dataset.order, request.dataset_max_price)?;
        }
        dear(pool, request.workerpool_max_price)?;
        let tag = self.tag();
        missing(Side::Workerpool, tag.without(pool.tag))?;
        missing(Side::App, (tag & Tag::TEE).without(self.app.order.tag))?;
        let dataset = self.dataset.as_ref().map(|it| it.order.dataset);
        let dataset = dataset.unwrap_or(Address::ZERO);
        match dataset == request.dataset {
            true => Ok(()),
            false => Err(Misfit::Other {
                side: Side::Dataset,
                wanted: request.dataset,
                found: dataset,
            }),
        }
    }
}

fn dear<O: Offer>(order: &O, max: U256) -> Result<(), Misfit> {
    let (side, price) = (O::SIDE, order.price());
    match price > max {
        true => Err(Misfit::Price { side, price, max }),
        false => Ok(()),
    }
}

fn missing(side: Side, missing: Tag) -> Result<(), Misfit> {
    match missing.is_none() {
        true => Ok(()),
        false => Err(Misfit::MissingTags { side, missing }),
    }
}
