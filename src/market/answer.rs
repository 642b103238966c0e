use serde::Deserialize;

use super::error::MarketError;
use crate::chain::poco::Id;

/// A page of deals.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) deals: Vec<Listed>,
    /// Whether there are more.
    pub(crate) has_next: bool,
}

/// A deal, as far as anything that the market says of it is used.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) id: Id,
    /// The block that it was made in.
    pub(crate) block: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    ok: bool,
    deals: Vec<Entry>,
    #[serde(default)]
    next_page: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    dealid: String,
    #[serde(default)]
    block_number: Option<serde_json::Value>,
}

/// The page of deals in the body of an answer.
pub(crate) fn read_page(origin: String, body: &[u8]) -> Result<Page, MarketError> {
    let answer: Option<Answer> = serde_json::from_slice(body).ok();
    let page = answer.filter(|it| it.ok).and_then(|answer| {
        let deals = answer.deals.into_iter().map(listed);
        Some(Page {
            deals: deals.collect::<Option<_>>()?,
            has_next: answer.next_page.is_some(),
        })
    });
    page.ok_or(MarketError::NotAMarket { origin })
}

fn listed(entry: Entry) -> Option<Listed> {
    Some(Listed {
        id: entry.dealid.parse().ok()?,
        block: entry.block_number.and_then(|it| it.as_u64()),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_ids_and_says_whether_there_is_another() {
        let id = format!("0x{}", "aB".repeat(32));
        let body = format!(
            r#"{{"ok":true,"count":21,"nextPage":20,"deals":[{{"dealid":"{id}","app":{{}},"blockNumber":7}}]}}"#
        );
        let page = read_page(String::new(), body.as_bytes()).unwrap();
        assert_eq!(page.deals[0].id.to_string(), id.to_lowercase());
        assert_eq!(page.deals[0].block, Some(7));
        assert!(page.has_next);
        let last = read_page(String::new(), br#"{"ok":true,"count":0,"deals":[]}"#).unwrap();
        assert!(last.deals.is_empty() && !last.has_next);
    }

    #[test]
    fn what_no_market_says_is_named_as_that() {
        for body in [
            "",
            "<html>",
            "{}",
            r#"{"ok":false,"error":"no"}"#,
            r#"{"ok":true}"#,
            r#"{"ok":true,"deals":[{}]}"#,
            r#"{"ok":true,"deals":[{"dealid":"0x12"}]}"#,
        ] {
            let error = read_page("http://market.test".into(), body.as_bytes()).unwrap_err();
            assert!(
                error.to_string().starts_with("http://market.test answers"),
                "{body}"
            );
        }
    }
}
