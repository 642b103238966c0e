//! Whatever stands for an order, for the parameters of one, or for a page of the market's books: it is read or refused in
//! words. What is read is written as it was understood, so that what is signed is what was read.
#![no_main]

use std::fmt::Debug;

use iexec_hsm::chain::order::{AppOrder, DatasetOrder, Order, Params, RequestOrder, Signed, Tag, WorkerpoolOrder};
use iexec_hsm::chain::poco::Domain;
use iexec_hsm::fuzzing::market_book;
use libfuzzer_sys::fuzz_target;
use properties::check_message;

fuzz_target!(|input: &[u8]| {
    let Some((kind, json)) = input.split_first() else {
        return;
    };
    match kind {
        0 => order::<AppOrder>(json),
        1 => order::<DatasetOrder>(json),
        2 => order::<WorkerpoolOrder>(json),
        3 => order::<RequestOrder>(json),
        4 => book(json),
        _ => params(json, *kind),
    }
});

fn order<O: Order + PartialEq + Debug>(json: &[u8]) {
    let read = match Signed::<O>::from_json(json) {
        Ok(read) => read,
        Err(error) => {
            check_message(&error);
            assert!(error.to_string().chars().count() < 200, "{error}");
            return;
        }
    };
    let again = serde_json::to_vec(&read).unwrap();
    let again = Signed::<O>::from_json(&again).unwrap();
    assert!(again == read);
    let domain = Domain::new(134, [1; 20].into());
    assert_eq!(again.order.hash(&domain), read.order.hash(&domain));
}

fn book(body: &[u8]) {
    match market_book(body) {
        // The shortest order has more bytes than this.
        Ok(orders) => assert!(orders * 400 <= body.len()),
        Err(error) => check_message(&error),
    }
}

fn params(json: &[u8], kind: u8) {
    let Ok(json) = std::str::from_utf8(json) else {
        return;
    };
    let tag = if kind & 1 == 0 { Tag::NONE } else { Tag::TEE | Tag::TDX };
    let callback = [kind & 2; 20].into();
    let written = match Params::read(json).and_then(|it| it.finish(tag, callback)) {
        Ok(written) => written,
        Err(error) => {
            check_message(&error);
            assert!(error.to_string().chars().count() < 3_000, "{error}");
            return;
        }
    };
    // Workers read what is written, and so it means the same again.
    let again = Params::read(&written).unwrap().finish(tag, callback);
    assert_eq!(again.unwrap(), written);
}
