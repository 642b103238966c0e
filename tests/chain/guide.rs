//! `softhsm/guide.sh`: the commands of iExec's guide, word for word, from an empty folder to the plain result.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::support::chain::World;
use crate::support::{Pty, Work, other_than_softhsm, without_wallets};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Lets the world end, also where the test fails.
struct AtEnd<'a>(&'a AtomicBool);

impl Drop for AtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn the_guide_leads_from_an_empty_folder_to_the_plain_result() {
    if without_wallets() || other_than_softhsm("the script makes a token of its own") {
        return;
    }
    let Some(mut world) = World::start() else {
        return;
    };
    let work = Work::without_token();
    let folder = work.path("world");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join(".made-by-chain.sh"), "").unwrap();
    world.open(&folder);
    let program = Path::new(env!("CARGO_BIN_EXE_iexec-hsm"));
    let script = Path::new(ROOT).join("softhsm/guide.sh");
    let script = script.to_str().unwrap();
    let cmd = work
        .cmd([""; 0])
        .under(["sh", "-c", r#"exec "$0""#, script]);
    let cmd = cmd
        .env("GUIDE_PROGRAM", program.parent().unwrap())
        .env("IEXEC_TRY_CHAIN", &folder)
        .env("NO_COLOR", "1");
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| world.live(|| is_over.load(Ordering::Relaxed)));
        let _end = AtEnd(&is_over);
        let mut pty = Pty::spawn(&cmd);
        // A contract that only chain.json names, and the price.
        pty.expect("Go on? (y/N) ").send("y\n");
        pty.expect("request above? (y/N) ").send("y\n");
        let (code, said) = pty.wait();
        assert_eq!(code, 0, "{said}");
        assert!(said.contains("\nHello, world!"), "{said}");
        assert!(said.contains("All is well."), "{said}");
        // The node is one of the trusted hosts.
        assert!(!said.contains("neither built in"), "{said}");
    });
}
