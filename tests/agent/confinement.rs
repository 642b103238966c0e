//! The walls around an agent: what a module could do that somebody has taken over, and what it cannot.

use std::fs;

use crate::support::agent::command;
use crate::support::*;

const WALLS: [&str; 4] = ["no-new-privs", "capabilities", "seccomp", "landlock"];

/// The walls that this kernel has, as the doctor says.
fn known(work: &Work) -> Vec<&'static str> {
    let said = words(&work.run(["doctor", "--offline"]));
    let (_, found) = said.split_once("this kernel has ").unwrap();
    let (here, _) = found.split_once(':').unwrap_or((found, ""));
    let here = here.split(", and not ").next().unwrap();
    let known = WALLS.into_iter().filter(|wall| here.contains(wall));
    known.collect()
}

/// What was printed, in one line.
fn words(run: &Run) -> String {
    run.out().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How a module fared that does what no module should, each time that it decrypts: the words of its ledger.
fn fared(confined: bool) -> (Vec<String>, bool) {
    let keyed = Keyed::new();
    let work = keyed.work();
    let home = work.home();
    fs::create_dir_all(home.join(".ssh")).unwrap();
    let private = home.join(".ssh/authorized_keys");
    let own = home.join("token-store");
    fs::create_dir(&own).unwrap();
    let faulty = Faulty::before(&keyed.token)
        .rule(format!("C_Decrypt * opens {}", private.display()))
        .rule(format!("C_Decrypt * opens {}", own.join("new").display()))
        .rule("C_Decrypt * runs /bin/true");
    let args: &[&str] = if confined { &[] } else { &["--no-confinement"] };
    let agent = Agent::start(faulty.drive(command(&work, args)).pin());
    let wrapped = openssl::rsa_wrap(&keyed.public, &[7; 32]);
    assert_eq!(agent.unwrap(&agent.key(), &wrapped).0, 200);
    let calls = faulty.ledger().0;
    let decrypt = calls.into_iter().filter(|it| it.name == "C_Decrypt");
    let mut ends: Vec<String> = decrypt.map(|it| it.rv).collect();
    assert_eq!(ends.pop().as_deref(), Some("CKR_OK"));
    (ends, private.exists())
}

#[test]
fn a_module_reaches_no_private_file_and_runs_no_program() {
    let keyed = Keyed::new();
    let known = known(&keyed.work());
    let (mut ends, is_there) = fared(true);
    assert_eq!(ends.pop().unwrap(), refused("seccomp", &known), "a program");
    assert_eq!(ends.pop().unwrap(), "done", "its own file");
    assert_eq!(
        ends.pop().unwrap(),
        refused("landlock", &known),
        "a private file"
    );
    assert_eq!(is_there, !known.contains(&"landlock"));
    // What the walls keep from it, and nothing else does.
    assert_eq!(fared(false), (vec!["done".to_owned(); 3], true));
}

/// What is to be heard of an attempt that this wall stands against.
fn refused(wall: &str, known: &[&str]) -> &'static str {
    if known.contains(&wall) {
        return "PermissionDenied";
    }
    eprintln!("this kernel has no {wall}");
    "done"
}

#[test]
fn status_and_doctor_say_which_walls_stand() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let agent = Agent::locked(&work, &[]);
    let known = known(&work);
    // Before a login there are the agent's own: of files a worker alone needs fewer.
    let status = agent.status();
    let of_agent: Vec<_> = known.iter().filter(|wall| **wall != "landlock").collect();
    assert_eq!(status["confinement"]["agent"], serde_json::json!(of_agent));
    assert_eq!(status["confinement"]["workers"], serde_json::json!([]));
    assert_eq!(agent.unlock(&keyed.token.pin).0, 200);
    assert_eq!(
        agent.status()["confinement"]["workers"],
        serde_json::json!(known)
    );
    let confined = format!("confined by {}", known.join(", "));
    let run = agent.cmd(&work, ["agent", "status"]).run().ok();
    assert!(run.out().contains(&confined), "{}", run.out());
    let run = agent.cmd(&work, ["doctor", "--offline"]).run();
    let said = words(&run);
    assert!(said.contains(&confined), "{said}");
}

#[test]
fn an_agent_that_is_not_to_be_confined_says_so() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let agent = Agent::unlocked(&work, &["--no-confinement"]);
    let run = agent.cmd(&work, ["agent", "status"]).run().ok();
    // A container may have confined it already.
    assert!(!run.out().contains("landlock"), "{}", run.out());
}
