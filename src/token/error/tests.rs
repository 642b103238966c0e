use super::super::PinState;
use cryptoki::error::RvError;

use super::*;

#[test]
fn what_the_token_says_of_attempts_is_in_the_message() {
    let wrong = |state| TokenError::PinWrong {
        label: "mine".into(),
        state,
    };
    let refused = "the token \"mine\" refused the PIN";
    assert_eq!(wrong(PinState::Ok).to_string(), refused);
    assert_eq!(
        wrong(PinState::FinalTry).to_string(),
        format!("{refused}; one attempt is left")
    );
}

#[test]
fn return_values_have_their_names() {
    assert_eq!(rv_name(&RvError::PinIncorrect), "PinIncorrect");
    assert_eq!(rv_name(&RvError::VendorDefined(0x8000_0001)), "0x80000001");
}

#[test]
fn only_a_login_may_have_cost_an_attempt() {
    let login = TokenError::login(CallError {
        call: "C_Login",
        rv: RvError::DeviceError,
    });
    assert!(matches!(login, TokenError::Device { pin_sent: true, .. }));
    let other = TokenError::device("C_Decrypt", "DeviceError");
    assert!(matches!(
        other,
        TokenError::Device {
            pin_sent: false,
            ..
        }
    ));
}

#[test]
fn a_login_that_did_not_come_to_the_pin_cost_no_attempt() {
    let login = |rv| {
        TokenError::login(CallError {
            call: "C_Login",
            rv,
        })
    };
    for rv in [RvError::SessionHandleInvalid, RvError::UserTypeInvalid] {
        let sent = matches!(login(rv), TokenError::Device { pin_sent: true, .. });
        assert!(!sent, "{rv:?}");
    }
}
