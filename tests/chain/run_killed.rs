//! `app run` that is killed wherever it is: never two deals, never one that nobody knows of.

use rustix::process::Signal;

use crate::support::chain::{COST, Requester};
use crate::support::web::Fault;

/// How often it is killed where the environment does not say more.
const KILLS: usize = 40;

#[test]
fn a_kill_anywhere_loses_and_repeats_nothing() {
    let Some(requester) = Requester::start() else {
        return;
    };
    let kills = std::env::var("IEXEC_HSM_TEST_KILLS");
    let kills = kills.map_or(KILLS, |it| it.parse().unwrap());
    let node = requester.node();
    requester.at(&node.url());
    requester.run(&["--force", "--raw"]).run().ok();
    let all = node.requests().len();
    let (mut made, mut nothing) = (0, 0);
    for kill in 0..kills {
        let (before, money) = (requester.deals(), requester.money());
        let known = requester.resume().run().ok().raw();
        let node = requester.node();
        requester.at(&node.url());
        let at = kill * all / kills;
        // Now and then while it waits for an answer, now and then wherever it is just then.
        if kill % 2 == 0 {
            node.fail((0..at).map(|_| Fault::None).chain([Fault::Hang]));
        }
        let started = requester.run(&["--force", "--raw"]).start();
        while node.requests().len() <= at {
            std::thread::yield_now();
        }
        started.signal(Signal::KILL);
        started.wait();
        let waits = !requester.journal().is_empty();
        let raw = requester.resume().run().ok().raw();
        let after = requester.deals();
        match after.strip_prefix(before.as_slice()).unwrap() {
            [] => {
                nothing += 1;
                assert!(!waits, "what was written down was not sent");
                assert_eq!(raw, known);
                assert_eq!(requester.money(), money);
            }
            [id] => {
                made += 1;
                assert_eq!(raw["deals"][0]["dealid"], id.to_string());
                assert_eq!(requester.money(), (money.0 - COST, money.1 + COST));
            }
            more => panic!("{} deals were made", more.len()),
        }
        assert!(requester.journal().is_empty());
    }
    println!("{kills} kills: {made} deals made, {nothing} times nothing was sent");
    assert!(made > 0 && nothing > 0, "{made}, {nothing}");
}
