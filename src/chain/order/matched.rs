use alloy_primitives::U256;

use super::checker::{CheckError, Checker, Sides};
use super::kind::{Order, Side};
use super::misfit::Misfit;
use super::orders::Orders;
use super::tag::Tag;
use crate::chain::poco::{Domain, Hub, Id};

/// The deal that orders would make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Match {
    /// Its id.
    pub deal: Id,
    /// The hash of the request.
    pub request: Id,
    /// The number of its first task.
    pub first_task: U256,
    /// How many tasks it has.
    pub volume: U256,
    /// What is asked of the workers.
    pub tag: Tag,
    /// What the requester pays, in nRLC.
    pub cost: U256,
    /// What the owner of the workerpool has at stake, in nRLC.
    pub pool_stake: U256,
    /// What the requester must have free in the hub, in nRLC: more than the cost where the workerpool is its own.
    pub needed: U256,
}

impl Orders {
    /// Holds all four orders against each other and against the hub. Those that are not signed yet have to be the
    /// requester's to sign.
    ///
    /// # Errors
    /// When the hub would refuse them, or the node cannot be asked.
    pub fn check(&self, hub: &Hub, domain: &Domain) -> Result<Match, CheckError> {
        self.agree()?;
        let request = &self.request.order;
        let pool = &self.workerpool.order;
        let checker = Checker {
            hub,
            domain,
            sides: Sides {
                app: request.app,
                dataset: request.dataset,
                workerpool: Some(pool.workerpool),
                requester: request.requester,
            },
        };
        if !checker.admits(request.workerpool, Some(pool.workerpool))? {
            return Err(CheckError::Misfit(Misfit::Other {
                side: Side::Workerpool,
                wanted: request.workerpool,
                found: pool.workerpool,
            }));
        }
        if !hub.has_category(request.category)? {
            return Err(Misfit::NoCategory(request.category).into());
        }
        let left = checker.left(request)?;
        checker.is_signed(&self.request, request.requester)?;
        let mut volume = left.min(checker.offer(&self.app)?.left);
        if let Some(dataset) = &self.dataset {
            volume = volume.min(checker.offer(dataset)?.left);
        }
        let pool_offer = checker.offer(&self.workerpool)?;
        volume = volume.min(pool_offer.left);
        let cost = self.cost(volume).ok_or(Misfit::TooDear)?;
        let pool_stake = checker.stake(pool_offer.owner, pool.price, volume)?;
        let needed = match pool_offer.owner == request.requester {
            true => cost.saturating_add(pool_stake),
            false => cost,
        };
        let (hash, first_task) = (request.hash(domain), request.volume.saturating_sub(left));
        Ok(Match {
            deal: hash.deal(first_task),
            request: hash,
            first_task,
            volume,
            tag: self.tag(),
            cost,
            pool_stake,
            needed,
        })
    }

    /// What the requester pays for so many tasks, in nRLC; none where no number is so large.
    fn cost(&self, volume: U256) -> Option<U256> {
        let dataset = self.dataset.as_ref().map(|it| it.order.price);
        let each = self
            .app
            .order
            .price
            .checked_add(self.workerpool.order.price)?;
        let each = each.checked_add(dataset.unwrap_or_default())?;
        each.checked_mul(volume)
    }
}
