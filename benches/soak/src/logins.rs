//! The PINs that the token was sent, by the ledger of the module in front of it.

use std::collections::HashMap;
use std::fs;

use faulty_module::ledger::pin_class;

use crate::world::World;

/// A wrong PIN is sent once at most, and the right one is never refused.
pub fn check(world: &World) {
    let read = |name: &str| fs::read(world.path(name)).unwrap_or_default();
    let right = pin_class(&read("faulty/salt"), read("pin").trim_ascii());
    let ledger = read("faulty/ledger");
    let ledger = String::from_utf8_lossy(&ledger);
    let mut wrong: HashMap<&str, u64> = HashMap::new();
    let mut logins = 0;
    for line in ledger.lines().filter(|line| line.starts_with("C_Login")) {
        let pin = line.split(' ').find_map(|word| word.strip_prefix("pin="));
        match pin {
            // It came to no comparison: another process was writing the token's file.
            Some(_) if line.ends_with("CKR_GENERAL_ERROR") => world.report.count(
                "PINs sent",
                "while SoftHSM2 wrote its token, and sent again",
            ),
            Some(pin) if pin == right => {
                logins += 1;
                if line.ends_with("CKR_PIN_INCORRECT") {
                    world
                        .report
                        .finding(format!("the right PIN was refused: {line}"));
                }
            }
            Some(pin) => *wrong.entry(pin).or_default() += 1,
            None => {}
        }
    }
    for (pin, count) in wrong.iter().filter(|(_, count)| **count > 1) {
        world
            .report
            .finding(format!("the wrong PIN {pin} was sent {count} times"));
    }
    if logins == 0 {
        world.report.finding("the ledger has no login");
    }
    world.report.add("PINs sent", "right ones", logins);
    world
        .report
        .add("PINs sent", "wrong ones, once each", wrong.len() as u64);
}
