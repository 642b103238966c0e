//! An order held against the other sides and against the hub, as the hub does when it makes a deal of it. What the market
//! said of it counts for nothing.

use alloy_primitives::U256;

use super::kind::{Offer, Order, Side};
use super::misfit::Misfit;
use super::signed::Signed;
use crate::chain::poco::{Domain, Hub, Registry};
use crate::chain::rpc::RpcError;
use crate::wallet::address::Address;

/// The percent of its price that a workerpool has at stake.
const POOL_STAKE: u64 = 30;

/// Why orders were not checked to the end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// One is of no use.
    #[error(transparent)]
    Misfit(#[from] Misfit),
    /// The node cannot be asked.
    #[error(transparent)]
    Node(#[from] RpcError),
}

/// Who is on each side of a deal, as far as that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sides {
    pub(crate) app: Address,
    /// Nobody where none is used.
    pub(crate) dataset: Address,
    pub(crate) workerpool: Option<Address>,
    pub(crate) requester: Address,
}

/// An order that the hub would take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Checked {
    /// Who has signed it, or is to sign it.
    pub(super) owner: Address,
    /// How many tasks are left of it.
    pub(super) left: U256,
}

impl Sides {
    /// Who is on a side; none where nobody knows yet.
    fn get(&self, side: Side) -> Option<Address> {
        match side {
            Side::App => Some(self.app),
            Side::Dataset => Some(self.dataset),
            Side::Workerpool => self.workerpool,
            Side::Requester => Some(self.requester),
        }
    }
}

/// Asks the hub about orders.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Checker<'a> {
    pub(crate) hub: &'a Hub,
    pub(crate) domain: &'a Domain,
    pub(crate) sides: Sides,
}

impl Checker<'_> {
    /// Holds an owner's order against the other sides and the hub.
    pub(crate) fn offer<O: Offer>(&self, signed: &Signed<O>) -> Result<Checked, CheckError> {
        let (order, side) = (&signed.order, O::SIDE);
        self.is_of(side, order.what())?;
        for (other, only) in order.restrictions() {
            if !self.admits(only, self.sides.get(other))? {
                return Err(Misfit::Restricted { side, other, only }.into());
            }
        }
        let left = self.left(order)?;
        let owner = owner(self.hub, side, order.what())?;
        self.is_signed(signed, owner)?;
        if side == Side::Workerpool {
            self.stake(owner, order.price(), U256::from(1))?;
        }
        Ok(Checked { owner, left })
    }

    /// What the owner of a workerpool has at stake for so many tasks, in nRLC, if it has that. The requester's own money is
    /// the requester's to look at.
    pub(super) fn stake(
        &self,
        owner: Address,
        price: U256,
        volume: U256,
    ) -> Result<U256, CheckError> {
        let each = price.checked_mul(U256::from(POOL_STAKE));
        let needed = each.and_then(|it| (it / U256::from(100)).checked_mul(volume));
        let needed = needed.ok_or(Misfit::TooDear)?;
        if owner == self.sides.requester || needed.is_zero() {
            return Ok(needed);
        }
        let there = self.hub.account(owner)?.stake;
        match there < needed {
            true => Err(CheckError::Misfit(Misfit::PoolStake {
                owner,
                there,
                needed,
            })),
            false => Ok(needed),
        }
    }

    /// What is left of an order, if anything is.
    pub(crate) fn left<O: Order>(&self, order: &O) -> Result<U256, CheckError> {
        let consumed = self.hub.consumed(order.hash(self.domain))?;
        let left = order.volume().saturating_sub(consumed);
        if left.is_zero() {
            let (side, volume) = (O::SIDE, order.volume());
            return Err(Misfit::NothingLeft { side, volume }.into());
        }
        Ok(left)
    }

    fn is_of(&self, side: Side, found: Address) -> Result<(), CheckError> {
        match self.sides.get(side) {
            Some(wanted) if wanted != found => Err(Misfit::Other {
                side,
                wanted,
                found,
            }
            .into()),
            _ => Ok(()),
        }
    }

    /// Whether a restriction admits somebody; where nobody is known yet, whether it admits anybody.
    pub(super) fn admits(&self, only: Address, who: Option<Address>) -> Result<bool, RpcError> {
        match who {
            _ if only.is_zero() => Ok(true),
            Some(who) if who == only => Ok(true),
            Some(who) => self.hub.is_member(only, who),
            None => Ok(false),
        }
    }

    /// An order that is not signed yet is the requester's to sign.
    pub(super) fn is_signed<O: Order>(
        &self,
        signed: &Signed<O>,
        signer: Address,
    ) -> Result<(), CheckError> {
        let is_good = match signed.is_unsigned() {
            true => signer == self.sides.requester,
            false => {
                let hash = signed.order.hash(self.domain);
                self.hub.has_signed(signer, hash, &signed.sign)?
            }
        };
        let side = O::SIDE;
        match is_good {
            true => Ok(()),
            false => Err(Misfit::NotSigned { side, signer }.into()),
        }
    }
}

/// The owner of what an order is of.
pub(crate) fn owner(hub: &Hub, side: Side, address: Address) -> Result<Address, CheckError> {
    let registry = match side {
        Side::App => Registry::Apps,
        Side::Dataset => Registry::Datasets,
        Side::Workerpool => Registry::Workerpools,
        Side::Requester => return Ok(address),
    };
    let owner = hub.owner(registry, address)?;
    owner.ok_or_else(|| Misfit::NotDeployed { side, address }.into())
}
