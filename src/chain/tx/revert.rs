//! Why contracts refuse: their words, and what iExec's codes mean.

use alloy_sol_types::{Revert, SolError as _};

use crate::chain::rpc::RpcError;
use crate::text::escape::Shown as _;

/// What the codes of `matchOrders` mean (PoCo 6.1.0, `IexecPoco1Facet`).
const MATCH_ORDERS: [(&str, &str); 28] = [
    ("0x00", "the orders are of different categories"),
    ("0x01", "there is no such category"),
    ("0x02", "the workerpool offers less trust than is asked for"),
    ("0x03", "the app costs more than is offered"),
    ("0x04", "the dataset costs more than is offered"),
    ("0x05", "the workerpool costs more than is offered"),
    (
        "0x06",
        "the workerpool does not offer all that the tags ask for",
    ),
    (
        "0x07",
        "the app is not one for the enclave that is asked for",
    ),
    ("0x10", "the orders are for different apps"),
    ("0x11", "the orders are for different datasets"),
    ("0x12", "the request is for another workerpool"),
    ("0x13", "the app's order is for another dataset"),
    ("0x14", "the app's order is for another workerpool"),
    ("0x15", "the app's order is for another requester"),
    ("0x16", "the dataset's order is for another app"),
    ("0x17", "the dataset's order is for another workerpool"),
    ("0x18", "the dataset's order is for another requester"),
    ("0x19", "the workerpool's order is for another app"),
    ("0x1a", "the workerpool's order is for another dataset"),
    ("0x1b", "the workerpool's order is for another requester"),
    ("0x20", "the app is not registered"),
    ("0x21", "the app's order is not signed by its owner"),
    ("0x30", "the dataset is not registered"),
    ("0x31", "the dataset's order is not signed by its owner"),
    ("0x40", "the workerpool is not registered"),
    ("0x41", "the workerpool's order is not signed by its owner"),
    ("0x50", "the request is not signed by its requester"),
    (
        "0x60",
        "an order has nothing left: this request may have been made already",
    ),
];

/// The words of the contract that refused a call, if it was one; empty where it has none.
pub fn reason(error: &RpcError) -> Option<String> {
    let RpcError::Refused { message, data, .. } = error else {
        return None;
    };
    if let Ok(revert) = Revert::abi_decode(data) {
        return Some(revert.reason);
    }
    let (_, rest) = message.split_once("revert")?;
    let rest = rest.trim_start_matches("ed").trim_start_matches([':', ' ']);
    Some(rest.to_owned())
}

/// The words of a contract with what is known of their meaning, in one line.
pub fn in_words(reason: &str) -> String {
    let code = reason.strip_prefix("iExecV5-matchOrders-");
    let known = code.and_then(|code| MATCH_ORDERS.iter().find(|(known, _)| *known == code));
    let meaning = match (known, reason) {
        (Some((_, meaning)), _) => meaning,
        (None, "") => return "it gives no reason".to_owned(),
        (None, _) if reason.contains("transfer amount exceeds balance") => {
            "there is not enough money"
        }
        (None, _) => return reason.shown().into_owned(),
    };
    format!("{meaning} ({})", reason.shown())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(message: &str, data: Vec<u8>) -> RpcError {
        RpcError::Refused {
            origin: String::new(),
            method: "eth_call",
            code: 3,
            message: message.to_owned(),
            data,
        }
    }

    #[test]
    fn the_contracts_words_are_found_in_data_and_in_messages() {
        let data = Revert::from("iExecV5-matchOrders-0x60").abi_encode();
        let error = refused("execution reverted", data);
        assert_eq!(reason(&error).as_deref(), Some("iExecV5-matchOrders-0x60"));
        let error = refused("execution reverted: task-pending", vec![]);
        assert_eq!(reason(&error).as_deref(), Some("task-pending"));
        assert_eq!(
            reason(&refused("execution reverted", vec![1, 2])).as_deref(),
            Some("")
        );
        assert_eq!(reason(&refused("nonce too low", vec![])), None);
    }

    #[test]
    fn codes_are_explained_and_other_words_are_made_safe() {
        let said = in_words("iExecV5-matchOrders-0x60");
        assert!(said.starts_with("an order has nothing left"), "{said}");
        assert!(said.ends_with("(iExecV5-matchOrders-0x60)"), "{said}");
        assert_eq!(in_words(""), "it gives no reason");
        assert!(!in_words("\u{1b}[2J").contains('\u{1b}'));
        assert_eq!(
            in_words("iExecV5-matchOrders-0x61"),
            "iExecV5-matchOrders-0x61"
        );
    }
}
