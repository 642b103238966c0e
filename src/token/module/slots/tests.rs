//! The token that was there before is found again.

use super::*;
use crate::token::testing::{SET_UP, token};

fn found(all: &[TokenInfo], wanted: &TokenInfo) -> Option<(String, String)> {
    same(all.to_vec(), wanted).map(|it| (it.serial, it.label))
}

fn in_slot(slot: CK_SLOT_ID, mut token: TokenInfo) -> TokenInfo {
    token.slot = slot;
    token
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

#[test]
fn of_two_that_look_like_it_it_is_the_one_in_its_slot() {
    let at = |slot| in_slot(slot, token("mine", "1", SET_UP));
    let slot_of =
        |all: &[TokenInfo], wanted: &TokenInfo| same(all.to_vec(), wanted).map(|it| it.slot);
    assert_eq!(slot_of(&[at(3), at(4)], &at(4)), Some(4));
    assert_eq!(slot_of(&[at(3), at(4)], &at(5)), None);
    assert_eq!(slot_of(&[at(3)], &at(5)), Some(3));
}

#[test]
fn a_serial_of_zeros_makes_two_tokens_no_one_device() {
    let before = token("mine", "0000", SET_UP);
    assert_eq!(found(&[token("new", "0000", SET_UP)], &before), None);
    assert_eq!(
        found(std::slice::from_ref(&before), &before),
        named("0000", "mine")
    );
}

#[test]
fn tokens_know_the_labels_of_those_with_their_serial() {
    let all = acquainted(vec![
        in_slot(1, token("one", "5", SET_UP)),
        in_slot(2, token("two", "5", SET_UP)),
        in_slot(3, token("three", "6", SET_UP)),
        in_slot(4, token("", "5", 0)),
    ]);
    let others: Vec<&[String]> = all.iter().map(TokenInfo::other_labels).collect();
    let (one, two) = (["one".to_owned()], ["two".to_owned()]);
    let both = ["one".to_owned(), "two".to_owned()];
    assert_eq!(others, [&two[..], &one, &[], &both]);
}
