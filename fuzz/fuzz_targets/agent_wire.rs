//! The bodies of requests to the agent, and of its answers: what is understood is written again as the same, and a
//! secret is not shown.
#![no_main]

use iexec_hsm::agent::wire;
use libfuzzer_sys::fuzz_target;
use serde::Serialize;
use serde::de::DeserializeOwned;

fuzz_target!(|json: &[u8]| {
    let unwrap: Option<wire::Unwrap> = same(json);
    let unlock: Option<wire::Unlock> = same(json);
    same::<wire::SignSmsChallenge>(json);
    same::<wire::Status>(json);
    same::<wire::Keys>(json);
    same::<wire::Unwrapped>(json);
    same::<wire::Refused>(json);
    // One text is not two requests.
    assert!(unwrap.is_none() || unlock.is_none());
    if let Some(pin) = unlock.and_then(|it| it.pin) {
        assert_eq!(format!("{pin:?}"), "Secret(..)");
    }
});

fn same<T: Serialize + DeserializeOwned>(json: &[u8]) -> Option<T> {
    let value: T = serde_json::from_slice(json).ok()?;
    let text = serde_json::to_vec(&value).expect("it was read");
    let again: T = serde_json::from_slice(&text).expect("what is written can be read");
    assert_eq!(serde_json::to_vec(&again).expect("it was read"), text);
    Some(value)
}
