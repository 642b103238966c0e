//! The programs that an agent asks a person with: how they are found, what they get, and what they say.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::support::agent::command;
use crate::support::*;

/// How an unwrap ends that an agent asks about.
fn unwrap(agent: &Agent, keyed: &Keyed) -> (u16, String) {
    let wrapped = openssl::rsa_wrap(&keyed.public, &[7; 32]);
    let (status, answer) = agent.unwrap(&agent.key(), &wrapped);
    let message = answer["error"]["message"].as_str().unwrap_or_default();
    (status, message.to_owned())
}

#[test]
fn it_gets_a_screen_and_no_more_than_it_needs() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let asker = Asker::askpass();
    asker.says("0");
    let cmd = asker.command(&work, &[]);
    let cmd = [
        ("DISPLAY", ":77"),
        ("WAYLAND_DISPLAY", "wayland-7"),
        ("XAUTHORITY", "/home/me/.Xauthority"),
        ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/run/bus"),
        ("TERM", "xterm"),
        ("LANG", "de_DE.UTF-8"),
        ("LD_PRELOAD", ""),
        ("API_TOKEN", "a secret of somebody else"),
        ("IEXEC_HSM_PIN", &keyed.token.pin),
    ]
    .into_iter()
    .fold(cmd, |cmd, (name, value)| cmd.env(name, value));
    let agent = Agent::start(cmd);
    assert_eq!(unwrap(&agent, &keyed).0, 200);
    let environment = asker.environment();
    for there in [
        "SSH_ASKPASS_PROMPT=confirm",
        "DISPLAY=:77",
        "WAYLAND_DISPLAY=wayland-7",
        "XAUTHORITY=/home/me/.Xauthority",
        "DBUS_SESSION_BUS_ADDRESS=unix:path=/run/bus",
        "TERM=xterm",
        "LANG=de_DE.UTF-8",
        "/",
    ] {
        assert!(
            environment.iter().any(|it| it == there),
            "{there}: {environment:?}"
        );
    }
    for line in &environment {
        let foreign = ["IEXEC_", "LD_", "API_", "SOFTHSM"];
        assert!(!foreign.iter().any(|it| line.starts_with(it)), "{line}");
    }
}

#[test]
fn a_pinentry_is_asked_in_its_own_language() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let asker = Asker::pinentry();
    asker.says("OK");
    let cmd = asker.command(&work, &["--confirm-timeout", "90s"]).pin();
    let cmd = cmd.env("GPG_TTY", "/dev/pts/77").env("TERM", "xterm");
    let mut agent = Agent::start(cmd);
    assert_eq!(unwrap(&agent, &keyed).0, 200);
    let told = asker.asked();
    let program = fs::read_link("/proc/self/exe").unwrap();
    let (question, rest): (Vec<_>, Vec<_>) = told
        .into_iter()
        .partition(|line| line.starts_with("SETDESC"));
    assert_eq!(
        rest,
        [
            "OPTION ttyname=/dev/pts/77",
            "OPTION ttytype=xterm",
            "SETTITLE iexec-hsm agent",
            "SETTIMEOUT 90",
            "SETOK Allow",
            "SETCANCEL Deny",
            "CONFIRM",
        ]
    );
    let id = std::process::id();
    let begin = format!(
        "SETDESC Allow one use of the key \"iexec result key 7e5f4552\" of the token \"test\"?%0A%0A\
         A content key is to be unwrapped.%0AThe process {id} asks for it. Its program:%0A\"/"
    );
    assert!(question[0].starts_with(&begin), "{question:?}");
    let name = program.file_name().unwrap().to_string_lossy();
    assert!(question[0].ends_with(&format!("{name}\"")), "{question:?}");
    agent.until("it was let end by itself", |_| asker.has("end"));
    assert!(
        !asker
            .environment()
            .iter()
            .any(|it| it.starts_with("IEXEC_"))
    );
}

#[test]
fn only_the_ok_of_a_pinentry_is_a_yes() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let asker = Asker::pinentry();
    let mut agent = asker.agent(&work, &["--confirm-timeout", "1s"]);
    for (answer, message) in [
        (
            "ERR 83886179 Operation cancelled <Pinentry>",
            "was refused by the person",
        ),
        (
            "ERR 83886194 Not confirmed <Pinentry>",
            "was refused by the person",
        ),
        (
            "ERR 83886142 Timeout <Pinentry>",
            "nobody allowed this use of the key within",
        ),
        (
            "ERR 83886340 Invalid argument <Pinentry>",
            "failed with error 260",
        ),
        ("ERR", "failed with error 0"),
        ("# OK", "nobody allowed this use of the key within"),
    ] {
        asker.says(answer);
        let (status, said) = unwrap(&agent, &keyed);
        assert_eq!(status, 403, "{answer}: {said}");
        assert!(said.contains(message), "{answer}: {said}");
    }
    asker.says("OK");
    assert_eq!(unwrap(&agent, &keyed).0, 200);
    agent.until("none is left", |_| !asker.runs());
}

#[test]
fn what_is_no_pinentry_confirms_nothing() {
    let keyed = Keyed::new();
    let work = keyed.work();
    for (script, message) in [
        ("#!/bin/sh\nexit 0\n", "has ended"),
        ("#!/bin/sh\nyes\n", "does not speak as a pinentry"),
        (
            "#!/bin/sh\nyes yes | tr -d '\\n'\n",
            "does not speak as a pinentry",
        ),
        (
            "#!/bin/sh\nwhile echo ERR 1; do read -r line || exit; done\n",
            "does not greet",
        ),
        ("#!/no/such/shell\n", "cannot be run"),
        (
            "#!/bin/sh\necho OK\nwhile read -r line; do case $line in SETDESC*) echo ERR 1;; *) echo OK;; esac; done\n",
            "does not take the question",
        ),
    ] {
        let asker = Asker::new("pinentry", script);
        let agent = asker.agent(&work, &[]);
        let (status, said) = unwrap(&agent, &keyed);
        assert_eq!(status, 403, "{script}: {said}");
        assert!(said.contains(message), "{script}: {said}");
    }
}

#[test]
fn the_program_is_found_or_there_is_no_agent() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let asker = Asker::askpass();
    asker.says("0");
    let refused = |cmd: Cmd, what: &str| {
        let error = cmd.arg("--raw").pin().run().fails(2).raw_error();
        assert_eq!(error["code"], "usage");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(what), "{message}");
    };
    let confirm = || command(&work, &["--confirm"]);
    refused(confirm(), "no program is named");
    refused(
        confirm().args(&["--confirm-with", "/no/such"]),
        "/no/such, is not there",
    );
    refused(
        confirm().args(&["--confirm-with", "no-such-askpass"]),
        "is not there",
    );
    refused(
        confirm().args(&["--confirm-with", "."]),
        "is not there or cannot be run",
    );
    refused(
        confirm().env("SSH_ASKPASS", "/no/such"),
        "/no/such, is not there",
    );
    refused(
        confirm().arg("--detach").env("SSH_ASKPASS", "/no/such"),
        "/no/such, is not there",
    );
    let unasked = command(&work, &[])
        .arg("--confirm-with")
        .arg(&asker.program);
    refused(unasked, "--confirm is not given");
    // Anybody could put another program in its place.
    let mode = |mode| {
        let mode = fs::Permissions::from_mode(mode);
        fs::set_permissions(&asker.program, mode).unwrap();
    };
    mode(0o777);
    refused(
        asker.command(&work, &[]),
        "because other users may have changed it",
    );
    mode(0o644);
    refused(asker.command(&work, &[]), "cannot be run");
    mode(0o755);

    let folder = asker.program.parent().unwrap();
    let path = std::env::join_paths([folder, "/usr/bin".as_ref(), "/bin".as_ref()]).unwrap();
    for cmd in [
        confirm().env("SSH_ASKPASS", &asker.program),
        confirm()
            .args(&["--confirm-with", "askpass"])
            .env("PATH", &path),
        command(&work, &["--confirm-with", "askpass"])
            .env("IEXEC_HSM_CONFIRM", "true")
            .env("PATH", &path),
    ] {
        asker.forget();
        let agent = Agent::start(cmd.pin());
        assert_eq!(unwrap(&agent, &keyed).0, 200);
        assert_eq!(asker.asked().len(), 1);
        assert_eq!(agent.status()["confirmSeconds"], json!(60));
    }
}
