//! The market's books of orders: what it lists of one kind, page by page.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::client::Market;
use super::error::MarketError;
use crate::chain::order::{Offer, Side, Signed};

/// Orders on a page; the most that it grants.
const PAGE: usize = 100;

/// Pages that are read at most. The cheapest orders come first, so none that matters is on a later one, and a market that
/// has no end of them holds nobody up.
const MOST_PAGES: usize = 10;

/// An order that the market lists. None of what it says of it is proven.
#[derive(Clone, Debug)]
pub(crate) struct Listed<O: Offer> {
    pub(crate) signed: Signed<O>,
    /// The chain that the market says it is of.
    pub(crate) chain_id: u64,
}

/// A page of a book.
#[derive(Debug)]
pub(crate) struct BookPage<O: Offer> {
    pub(crate) orders: Vec<Listed<O>>,
    /// Whether there are more.
    pub(crate) has_next: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    ok: bool,
    #[serde(borrow)]
    orders: Vec<Entry<'a>>,
    #[serde(default)]
    next_page: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    chain_id: u64,
    #[serde(borrow)]
    order: &'a RawValue,
}

/// The page of orders in the body of an answer. An entry that is no order is passed over: anybody may publish one.
pub(crate) fn read_book<O: Offer>(origin: String, body: &[u8]) -> Result<BookPage<O>, MarketError> {
    let answer: Option<Answer<'_>> = serde_json::from_slice(body).ok();
    let answer = answer.filter(|it| it.ok && it.orders.len() <= PAGE);
    let answer = answer.ok_or(MarketError::NotAMarket { origin })?;
    let listed = |entry: Entry<'_>| {
        Some(Listed {
            signed: Signed::from_json(entry.order.get().as_bytes()).ok()?,
            chain_id: entry.chain_id,
        })
    };
    Ok(BookPage {
        has_next: answer.next_page.is_some_and(|it| !it.is_null()),
        orders: answer.orders.into_iter().filter_map(listed).collect(),
    })
}

impl Market {
    /// The orders that fit a query, the cheapest first and each once.
    pub(crate) fn book<O: Offer>(&self, query: &str) -> Result<Vec<Listed<O>>, MarketError> {
        let path = match O::SIDE {
            Side::App => "apporders",
            Side::Dataset => "datasetorders",
            _ => "workerpoolorders",
        };
        let (mut orders, mut seen) = (Vec::new(), HashSet::new());
        for index in 0..MOST_PAGES {
            let query = format!("{query}&pageIndex={index}&pageSize={PAGE}");
            let page = self.get(path, &query, read_book::<O>)?;
            let known = orders.len();
            // An order that is listed meanwhile pushes others to the next page, where they are seen again.
            let is_new = |it: &Listed<O>| seen.insert((it.signed.order.words(), it.chain_id));
            orders.extend(page.orders.into_iter().filter(is_new));
            if !page.has_next || orders.len() == known {
                break;
            }
        }
        // As the market sorts them, if it does. Among those that cost the same its order stays.
        orders.sort_by_key(|it| it.signed.order.price());
        Ok(orders)
    }
}
