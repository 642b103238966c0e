//! PINs of other lengths than the token says: what surely cannot be right is not sent; what may be is.

use crate::support::*;

/// A token with the form of PIN that some devices have: an id and a password, of which they tell the length of the
/// password.
fn token() -> Token {
    let mut token = Token::uninitialised();
    token.pin = "0001password-of-mine".to_owned();
    token.add("test");
    let work = Work::new(&token);
    let generate = ["result", "generate-keys", "--bits=2048"];
    let address = ["--wallet-address", ADDRESS];
    work.run([&generate[..], &address].concat()).ok();
    token
}

const LIST: [&str; 2] = ["key", "list"];

#[test]
fn a_pin_that_is_longer_than_the_token_says_is_sent_with_a_warning() {
    let token = token();
    let work = Work::new(&token);
    let faulty = Faulty::before(&token).rule("pin-lengths 8 16");
    let run = faulty.drive(work.cmd(LIST).pin()).run().ok();
    assert!(run.err().contains("has 20 bytes"), "{}", run.err());
    assert!(run.err().contains("16 at most"), "{}", run.err());
    let json = faulty.drive(work.cmd(["key", "list", "--raw"]).pin());
    assert_eq!(json.run().ok().raw()["ok"], true);
    // An agent takes it as well.
    let agent = Agent::start(faulty.drive(agent::command(&work, &[])));
    assert_eq!(agent.status()["longestPin"], 16);
    agent.cmd(&work, ["agent", "unlock"]).pin().run().ok();
}

#[test]
fn a_long_pin_that_was_typed_is_confirmed() {
    let token = token();
    let work = Work::new(&token);
    let faulty = Faulty::before(&token).rule("pin-lengths 8 16");
    let agent = Agent::start(faulty.drive(agent::command(&work, &[])));
    let commands = [
        faulty.drive(work.cmd(LIST)),
        agent.cmd(&work, ["agent", "unlock"]),
    ];
    faulty.ledger();
    for (answer, code) in [("no", 14), ("yes", 0)] {
        for command in &commands {
            let mut pty = Pty::spawn(command);
            pty.expect("PIN of the token").until_echo(false);
            pty.send("0001password-of-mine\n").expect("Type yes: ");
            pty.send(&format!("{answer}\n"));
            let (exit, shown) = pty.wait();
            assert_eq!(exit, code, "{shown}");
        }
        let sent = faulty.ledger().count("C_Login");
        assert_eq!(sent > 0, answer == "yes");
    }
}

#[test]
fn a_pin_that_is_shorter_than_the_token_says_is_not_sent() {
    let token = token();
    let work = Work::new(&token);
    let faulty = Faulty::before(&token).rule("pin-lengths 21 64");
    let run = faulty.drive(work.cmd(LIST).pin()).run().fails(12);
    assert!(run.err().contains("was not sent"), "{}", run.err());
    assert_eq!(faulty.ledger().count("C_Login"), 0);
}
