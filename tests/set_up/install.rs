//! `agent install`: the units that it writes, what it has systemd do, and what it does not touch.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::support::*;

/// A `systemctl` that notes what it is asked, and does `then`.
fn with_systemctl(work: &Work, args: &[&str], then: &str) -> Run {
    let note = work.path("asked");
    let script = format!("#!/bin/sh\necho \"$@\" >>'{}'\n{then}\n", note.display());
    let program = work.write("bin/systemctl", script);
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", work.path("bin").display());
    let install = [&["agent", "install"], args].concat();
    work.cmd(install).env("PATH", path).run()
}

fn text(work: &Work, path: &str) -> String {
    String::from_utf8(work.read(path)).unwrap()
}

#[test]
fn units_of_the_user_are_put_in_place_and_enabled() {
    let work = Work::without_token();
    let run = with_systemctl(&work, &["--raw"], "").ok();
    let folder = work.home().join(".config/systemd/user");
    let units = ["iexec-hsm-agent.service", "iexec-hsm-agent.socket"].map(|it| folder.join(it));
    let json = run.raw();
    assert_eq!(json["units"], serde_json::json!(units));
    assert_eq!(
        (&json["enabled"], &json["pinFile"]),
        (&true.into(), &().into())
    );
    let enable = "--user daemon-reload\n--user enable --now iexec-hsm-agent.socket\n";
    assert_eq!(text(&work, "asked"), enable);
    let [service, socket] = units.each_ref().map(|it| fs::read_to_string(it).unwrap());
    let program = format!(
        "\nExecStart={} agent start",
        env!("CARGO_BIN_EXE_iexec-hsm")
    );
    assert!(service.contains(&program), "{service}");
    // One that is not there would keep the service from starting.
    assert!(service.contains("\n#LoadCredential="), "{service}");
    assert!(socket.contains("ListenStream=%t/iexec-hsm/agent.sock"));

    // With a PIN that is there now; nothing else has changed.
    let pin = work.home().join(".config/iexec-hsm/pin");
    fs::create_dir_all(pin.parent().unwrap()).unwrap();
    fs::write(&pin, "1234").unwrap();
    with_systemctl(&work, &[], "").fails(22);
    let said = with_systemctl(&work, &["--force"], "").ok().err();
    let service = fs::read_to_string(&units[0]).unwrap();
    assert!(service.contains("\nLoadCredential=iexec-hsm-pin:%E/iexec-hsm/pin\n"));
    for words in [
        "takes the PIN from",
        "Ran `systemctl --user daemon-reload` and `systemctl --user enable --now iexec-hsm-agent.socket`",
        "To undo it: `systemctl --user disable --now iexec-hsm-agent.socket iexec-hsm-agent.service` and `rm ",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    // Once more, and as it is there already.
    with_systemctl(&work, &[], "").ok();
    // What a person has changed stays.
    fs::write(&units[1], "[Socket]\n").unwrap();
    let before = fs::read_to_string(&units[0]).unwrap();
    with_systemctl(&work, &[], "").fails(22);
    assert_eq!(fs::read_to_string(&units[1]).unwrap(), "[Socket]\n");
    assert_eq!(fs::read_to_string(&units[0]).unwrap(), before);
}

#[test]
fn without_a_manager_it_says_what_is_left_to_do() {
    let work = Work::without_token();
    let then = "echo 'Failed to connect to bus: No medium found' >&2; exit 1";
    let run = with_systemctl(&work, &["--unit-dir", "units"], then).fails(1);
    let said = run.err();
    for words in [
        "not enabled: `systemctl --user daemon-reload`: Failed to connect to bus",
        "Run `systemctl --user daemon-reload` and `systemctl --user enable",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(work.exists("units/iexec-hsm-agent.socket"));
    fs::remove_file(work.path("asked")).unwrap();
    with_systemctl(&work, &["--unit-dir", "units", "--no-enable"], "exit 1").ok();
    assert!(!work.exists("asked"));
}

#[test]
fn a_service_of_the_system_is_an_accounts() {
    let work = Work::without_token();
    let args = ["--system", "--unit-dir", "units", "--account"];
    if !rustix::process::geteuid().is_root() {
        let run = with_systemctl(&work, &[&args[..], &["daemon"]].concat(), "").fails(2);
        assert!(run.err().contains("only root"), "{}", run.err());
        return;
    }
    let run = with_systemctl(&work, &[&args[..], &["no-such-account"]].concat(), "").fails(2);
    assert!(run.err().contains("useradd --system"), "{}", run.err());
    let run = with_systemctl(&work, &[&args[..], &["daemon"]].concat(), "");
    if run.err().contains("a unit cannot start this program") {
        eprintln!("skipped: this program is where others can change it, or not reach it");
        return;
    }
    let run = run.ok();
    assert!(
        run.err()
            .contains("IEXEC_HSM_AGENT_SOCK=/run/iexec-hsm/agent.sock")
    );
    assert_eq!(
        text(&work, "asked"),
        "daemon-reload\nenable --now iexec-hsm-agent.socket\n"
    );
    let service = text(&work, "units/iexec-hsm-agent.service");
    assert!(
        service.contains("[Service]\nUser=daemon\n") && service.contains("\nProtectSystem=full\n")
    );
    let socket = text(&work, "units/iexec-hsm-agent.socket");
    assert!(socket.contains("SocketUser=daemon\n") && socket.contains("DirectoryMode=0755"));
    let verify = Command::new("systemd-analyze")
        .args(["verify", "--man=no"])
        .arg(work.path("units/iexec-hsm-agent.service"))
        .output();
    let Ok(output) = verify else {
        eprintln!("skipped: there is no systemd-analyze");
        return;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("iexec-hsm-agent"), "{said}");
}
