//! The library's smaller examples: with the agent, without a token, publishing, and pulling from a chain.

#[allow(dead_code)]
#[path = "../../docs/examples/inspect_archive.rs"]
mod inspect_archive;
#[allow(dead_code)]
#[path = "../../docs/examples/open_with_agent.rs"]
mod open_with_agent;
#[allow(dead_code)]
#[path = "../../docs/examples/publish_key.rs"]
mod publish_key;
#[allow(dead_code)]
#[path = "../../docs/examples/pull_results.rs"]
mod pull_results;

use alloy_primitives::keccak256;

use crate::support::chain::{Ask, Chain, Market, on_ipfs};
use crate::support::gateway::Gateway;
use crate::support::publish::{WALLET_KEY, public_file, stored, value, with_key};
use crate::support::sms::Sms;
use crate::support::*;

#[test]
fn the_agent_opens_an_archive_and_a_locked_one_does_not() {
    let token = Token::labelled("library");
    let work = with_key(&token);
    let public = String::from_utf8(work.read(public_file())).unwrap();
    let plain = plain_zip(&[("result.txt", b"Hello, world!")]);
    let archive = work.write("sealed.zip", Sealed::current(&public, &plain).archive());
    let output = work.path("results.zip");

    let locked = Agent::locked(&work, &[]);
    open_with_agent::open(&locked.socket, &archive, &output).unwrap_err();
    assert!(!output.exists());
    drop(locked);

    let agent = Agent::unlocked(&work, &[]);
    let key = open_with_agent::open(&agent.socket, &archive, &output).unwrap();
    assert!(key.starts_with("pkcs11:"), "{key}");
    assert!(work.read("results.zip") == plain);
}

#[test]
fn an_archive_is_inspected_without_a_key() {
    let work = Work::without_token();
    let (_, public) = openssl::rsa_key(2048);
    let plain = plain_zip(&[("result.txt", b"Hello, world!")]);
    let sealed = Sealed::current(&public, &plain);
    let archive = work.write("sealed.zip", sealed.archive());
    let said = inspect_archive::inspect(archive.to_str().unwrap()).unwrap();
    assert!(said.starts_with("current, RSA-2048, "), "{said}");

    let other = work.write("not.zip", "text");
    inspect_archive::inspect(other.to_str().unwrap()).unwrap_err();
}

#[test]
fn a_key_is_published_once() {
    let token = Token::labelled("library");
    let work = with_key(&token);
    let sms = Sms::start();
    let public = String::from_utf8(work.read(public_file())).unwrap();
    let publish = || publish_key::publish(&sms.url(), &public, WALLET_KEY);
    assert_eq!(publish().unwrap(), ADDRESS);
    assert_eq!(stored(&sms), Some(value(&work)));
    // What is published already is not replaced.
    let error = publish().unwrap_err().to_string();
    assert!(error.contains("already"), "{error}");
}

#[test]
fn results_are_pulled_once_into_folders_of_their_own() {
    let Some(chain) = Chain::start() else { return };
    let keyed = Keyed::new();
    let (work, market, gateway) = (keyed.work(), Market::start(), Gateway::start());
    let agent = Agent::unlocked(&work, &[]);
    let archive = keyed.archive(&plain_zip(&[("result.txt", b"Hello, world!")]));
    let location = gateway.add(&archive);
    let ask = || Ask {
        beneficiary: ADDRESS.parse().unwrap(),
        ..Ask::default()
    };
    let results = on_ipfs(location.trim_start_matches("/ipfs/"));
    let (deal, task) = chain.completed(ask(), &results, keccak256("a"));
    let (running, _) = chain.running(ask());
    for deal in [&deal, &running] {
        market.add(deal);
    }
    let (node, hub) = (chain.node.url(), chain.address("hub").to_string());
    let (market, gateway) = (market.url(), gateway.url());
    let places = [&*node, &*hub, &*market, &*gateway];
    let folder = work.path("results");
    let pull = || pull_results::pull(places, ADDRESS, &agent.socket, &folder).unwrap();
    assert_eq!(pull(), [task.to_string()]);
    let file = format!("results/{task}/result.txt");
    assert_eq!(work.read(file), b"Hello, world!");
    assert_eq!(pull(), [""; 0]);
}
