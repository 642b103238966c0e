#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;
use crate::token::testing::{SET_UP, key, token};

fn uri(text: &str) -> Uri {
    text.parse().unwrap()
}

#[test]
fn a_key_is_chosen_by_id_and_label() {
    let token = token("one", "1", SET_UP);
    let keys = || vec![key(&[0, 1], "a"), key(&[0, 2], "a"), key(&[0, 3], "b")];
    let chosen = |text: &str| choose_key(&token, keys(), Some(&uri(text)));
    assert_eq!(chosen("pkcs11:id=%00%02").unwrap().id, [0, 2]);
    assert_eq!(chosen("pkcs11:object=b").unwrap().id, [0, 3]);
    assert_eq!(chosen("pkcs11:object=a;id=%00%01").unwrap().id, [0, 1]);
    assert_eq!(
        choose_key(&token, vec![key(&[9], "c")], None).unwrap().id,
        [9]
    );

    let error = chosen("pkcs11:object=a").unwrap_err();
    assert_eq!(
        error.to_string(),
        "more than one result key fits:\
         \n  \"a\" (id 0001)\
         \n    pkcs11:token=one;serial=1;object=a;type=private;id=%00%01\
         \n  \"a\" (id 0002)\
         \n    pkcs11:token=one;serial=1;object=a;type=private;id=%00%02"
    );
    let error = chosen("pkcs11:id=%09").unwrap_err();
    assert!(
        matches!(&error, TokenError::NoKey { present, .. } if present.len() == 3),
        "{error}"
    );
    let error = choose_key(&token, vec![], None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no result key on the token \"one\""
    );
}
