//! The token that was there before is found again.

use super::*;
use crate::token::testing::{SET_UP, token};

fn found(all: &[TokenInfo], wanted: &TokenInfo) -> Option<(String, String)> {
    same(all.to_vec(), wanted).map(|it| (it.serial, it.label))
}

fn named(serial: &str, label: &str) -> Option<(String, String)> {
    Some((serial.to_owned(), label.to_owned()))
}

#[test]
fn a_token_is_known_by_serial_and_label() {
    let all = [
        token("mine", "0", SET_UP),
        token("other", "1", SET_UP),
        token("mine", "1", SET_UP),
    ];
    assert_eq!(found(&all, &all[2]), named("1", "mine"));
    assert_eq!(found(&all, &all[1]), named("1", "other"));
}

#[test]
fn one_that_has_another_label_now_is_known_by_its_serial_alone() {
    let before = token("mine", "1", SET_UP);
    let all = [token("mine", "0", SET_UP), token("new", "1", SET_UP)];
    assert_eq!(found(&all, &before), named("1", "new"));
    assert_eq!(found(&all[..1], &before), None);
    assert_eq!(found(&[], &before), None);
}

#[test]
fn of_two_that_it_may_be_it_is_none() {
    let before = token("mine", "1", SET_UP);
    let all = [token("new", "1", SET_UP), token("newer", "1", SET_UP)];
    assert_eq!(found(&all, &before), None);
}
