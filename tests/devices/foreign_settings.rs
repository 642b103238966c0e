//! Settings of a module in the working folder, which may be a project's: no module sees them, and people are told.

use crate::support::*;

const FILES: [&str; 2] = ["yubihsm_pkcs11.conf", "tpm2_pkcs11.sqlite3"];

const DECRYPT: [&str; 4] = ["result", "decrypt", "a.zip", "--force"];

/// A folder with an archive and such a file, and a module that looks for it there.
fn behind<'t>(keyed: &'t Keyed, file: &str) -> (Work<'t>, Faulty<'t>) {
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain_zip(&[("a", b"b")])));
    work.write(file, "connector = http://127.0.0.1:1\n");
    let faulty = Faulty::before(&keyed.token).rule(format!("looks-for {file}"));
    (work, faulty)
}

#[test]
fn no_module_sees_settings_in_the_working_folder() {
    let keyed = Keyed::new();
    for file in FILES {
        let (work, faulty) = behind(&keyed, file);
        let run = faulty.drive(work.cmd(DECRYPT).pin()).run().ok();
        assert!(!run.err().contains(file), "{}", run.err());
        // Not in the processes that try a module, and not in an agent.
        let run = faulty.drive(work.cmd(["doctor"])).run().ok();
        assert!(run.out().contains("module settings"), "{}", run.out());
        assert!(run.out().contains(file), "{}", run.out());
        let agent = Agent::start(faulty.drive(agent::command(&work, &[])).pin());
        agent.cmd(&work, DECRYPT).run().ok();
        let run = faulty.drive(work.cmd(["token", "list", "-v"])).run().ok();
        assert!(run.err().contains("not read: "), "{}", run.err());
    }
}

#[test]
fn a_module_that_is_started_again_sees_none_either() {
    let keyed = Keyed::new();
    let (work, faulty) = behind(&keyed, FILES[0]);
    let faulty = faulty.rule("hardware").rule("C_DecryptInit 1 remove");
    let faulty = faulty.rule("C_Finalize 1 insert");
    faulty.drive(work.cmd(DECRYPT).pin()).run().ok();
    assert_eq!(faulty.ledger().count("C_Initialize"), 2);
}

#[test]
fn a_module_with_a_relative_path_is_found_all_the_same() {
    let keyed = Keyed::new();
    let (work, faulty) = behind(&keyed, FILES[0]);
    std::os::unix::fs::symlink(Faulty::module(), work.path("module.so")).unwrap();
    let cmd = faulty.drive(work.cmd(DECRYPT).pin());
    cmd.args(&["--module", "./module.so"]).run().ok();
}

#[test]
fn where_they_cannot_be_kept_from_it_no_module_is_loaded() {
    let keyed = Keyed::new();
    let (work, faulty) = behind(&keyed, FILES[0]);
    let refuse = [
        "strace",
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        "inject=unshare:error=EPERM",
    ];
    let cmd = faulty.drive(work.cmd(DECRYPT).pin()).under(refuse);
    let run = cmd.run().fails(10);
    assert!(run.err().contains("yubihsm_pkcs11.conf"), "{}", run.err());
    assert!(run.err().contains("another folder"), "{}", run.err());
    assert_eq!(faulty.ledger().0.len(), 0);
}

#[test]
fn a_module_that_fails_without_them_says_that_they_were_not_read() {
    let keyed = Keyed::new();
    let (work, faulty) = behind(&keyed, FILES[0]);
    let faulty = faulty.rule("C_Initialize * return CKR_ARGUMENTS_BAD");
    let run = faulty.drive(work.cmd(DECRYPT).pin()).run().fails(10);
    assert!(run.err().contains("not read: "), "{}", run.err());
}
