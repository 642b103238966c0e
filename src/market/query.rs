//! What the market is asked for. It filters by what it is told, and is not relied on.

use std::fmt::Write as _;

use super::terms::Terms;
use crate::chain::order::Tag;
use crate::chain::poco::{Domain, U256};
use crate::wallet::address::Address;

/// A query in the making.
struct Query(String);

impl Query {
    fn new(domain: &Domain) -> Self {
        Self(format!("chainId={}", domain.chain_id))
    }

    fn and(mut self, key: &str, value: impl std::fmt::Display) -> Self {
        // A text takes all that is written to it.
        let _ = write!(self.0, "&{key}={value}");
        self
    }

    fn and_if(self, key: &str, value: Option<Address>) -> Self {
        match value {
            Some(value) => self.and(key, value),
            None => self,
        }
    }

    /// That of several sides the restricted orders are wanted as well.
    fn lax(self, sides: [&str; 3]) -> Self {
        let add = |query: Self, side| query.and(&format!("is{side}Strict"), false);
        sides.into_iter().fold(self, add)
    }
}

/// The orders of the app that the request can be matched with; then all of the app, to say what is in the way.
pub(super) fn apps(terms: &Terms, domain: &Domain) -> [String; 2] {
    let all = || Query::new(domain).and("app", terms.app);
    let fitting = all()
        .and_if("dataset", terms.dataset)
        .and_if("workerpool", terms.workerpool)
        .and("requester", terms.requester)
        .and("minTag", terms.tag.of_enclave().to_hex())
        .and("maxTag", terms.tag.to_hex())
        .lax(["Dataset", "Workerpool", "Requester"]);
    [fitting.0, all().0]
}

/// Likewise of the dataset.
pub(super) fn datasets(terms: &Terms, dataset: Address, domain: &Domain) -> [String; 2] {
    let all = || Query::new(domain).and("dataset", dataset);
    let fitting = all()
        .and("app", terms.app)
        .and_if("workerpool", terms.workerpool)
        .and("requester", terms.requester)
        .and("maxTag", terms.tag.to_hex())
        .lax(["App", "Workerpool", "Requester"])
        .and("bulkOnly", false);
    [fitting.0, all().0]
}

/// The orders of workerpools in a category: those that the request can be matched with, or all.
pub(super) fn workerpools(
    terms: &Terms,
    tag: Tag,
    category: U256,
    is_strict: bool,
    domain: &Domain,
) -> String {
    let all = Query::new(domain)
        .and("category", category)
        .and_if("workerpool", terms.workerpool);
    if !is_strict {
        return all.0;
    }
    let fitting = all
        .and("app", terms.app)
        .and_if("dataset", terms.dataset)
        .and("requester", terms.requester)
        .and("minTag", tag.to_hex())
        .lax(["App", "Dataset", "Requester"]);
    match terms.trust.is_zero() {
        true => fitting.0,
        false => fitting.and("minTrust", terms.trust).0,
    }
}
