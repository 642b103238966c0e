//! The world of `tests/support/chain/world.rs` as a program. `softhsm/chain.sh` starts it.
//!
//! ```text
//! world FOLDER      writes chain.json there, and what it does to stdout; goes on until it is ended
//! ```

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use support::chain::World;

fn main() {
    let folder = std::env::args_os().nth(1).expect("world FOLDER");
    let Some(mut world) = World::start() else {
        std::process::exit(1);
    };
    world.open(folder.as_ref());
    world.live(|| false);
}
