//! `chain.json`: every chain of it can be chosen or is refused in words, and an SMS is at an http address.
#![no_main]

use iexec_hsm::chain::{Chain, FrameworkChoice, TeeFramework};
use iexec_hsm::fuzzing::chain_file;
use libfuzzer_sys::fuzz_target;
use properties::check_message;

fuzz_target!(|text: &[u8]| {
    let file = match chain_file(text) {
        Ok(file) => file,
        Err(error) => return check_message(&error),
    };
    file.unknown_keys.iter().for_each(check_message);
    let names = file.chains.keys().map(|name| Some(name.as_str()));
    for wanted in names.chain([None, Some("134"), Some("none")]) {
        let chain = match Chain::choose(wanted, Some(&file)) {
            Ok(chain) => chain,
            Err(error) => {
                check_message(&error);
                continue;
            }
        };
        if let Some(name) = wanted.filter(|it| file.chains.contains_key(*it) && !it.is_empty()) {
            assert_eq!(chain.name, name);
        }
        let choices = TeeFramework::ALL.map(FrameworkChoice::One);
        for choice in choices
            .into_iter()
            .chain([FrameworkChoice::ChainDefault, FrameworkChoice::All])
        {
            match chain.sms_urls(choice) {
                Ok(services) => {
                    assert!(!services.is_empty());
                    assert!(
                        services
                            .iter()
                            .all(|it| it.url.starts_with("http") && !it.frameworks.is_empty())
                    );
                }
                Err(error) => check_message(&error),
            }
        }
    }
});
