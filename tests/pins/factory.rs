//! A PIN that a device is delivered with is named as such once the device has taken it, and never shown.

use crate::support::*;

/// Changes the PIN of the token to one that a device is delivered with.
fn change(work: &Work<'_>, old: &str, new: &str) {
    let (old, new) = (work.write("old", old), work.write("new", new));
    let cmd = work.cmd(["token", "change-pin", "--new-pin-file"]).arg(new);
    cmd.env("IEXEC_HSM_PIN_FILE", old).run().ok();
}

#[test]
fn a_factory_default_is_named_with_the_command_that_changes_it() {
    let token = Token::new();
    let work = Work::new(&token);
    let mut now = token.pin.clone();
    for (pin, makers) in [
        ("0001password", &[("YubiHSM", "a YubiHSM 2")][..]),
        (
            "123456",
            &[
                ("YubiKey", "a PIV card"),
                ("piv_II", "a PIV card"),
                ("OpenPGP", "an OpenPGP card"),
            ],
        ),
        ("648219", &[("CardContact", "a Nitrokey HSM")]),
    ] {
        change(&work, &now, pin);
        now = pin.to_owned();
        for (maker, device) in makers {
            let faulty = Faulty::before(&token).rule(format!("describes {maker}"));
            let list = |args: &[&str]| {
                let cmd = work.cmd(["key", "list"]).args(args);
                faulty.drive(cmd.env("IEXEC_HSM_PIN", pin)).run().ok().err()
            };
            let change = match *maker {
                "YubiHSM" => "replace that authentication key with `yubihsm-shell`",
                _ => "change it with `iexec-hsm token change-pin`",
            };
            let line = format!(
                "warning: the PIN of the token \"test\" is the factory default of {device}; {change}\n"
            );
            let said = list(&[]);
            assert_eq!(said.matches(&line).count(), 1, "{said}");
            assert!(!said.contains(pin), "{said}");
            assert_eq!(list(&["--raw"]), "");
        }
        // What another device takes is no default of it.
        let faulty = Faulty::before(&token).rule("describes somebody");
        let cmd = work.cmd(["key", "list"]).env("IEXEC_HSM_PIN", pin);
        let said = faulty.drive(cmd).run().ok().err();
        assert!(!said.contains("factory"), "{said}");
    }
}

#[test]
fn a_default_that_was_refused_or_changed_is_not_spoken_of() {
    let token = Token::new();
    let work = Work::new(&token);
    let faulty = Faulty::before(&token).rule("describes YubiKey");
    let list = |pin: &str| {
        let cmd = work.cmd(["key", "list"]).env("IEXEC_HSM_PIN", pin);
        faulty.drive(cmd).run()
    };
    for (pin, code) in [("123456", 12), (token.pin.as_str(), 0)] {
        let run = list(pin);
        assert_eq!(run.code, Some(code));
        assert!(!run.err().contains("factory"), "{}", run.err());
    }
}

#[test]
fn a_label_that_somebody_chose_makes_no_device() {
    let token = Token::new();
    let work = Work::new(&token);
    let init = work.cmd([
        "token",
        "init",
        "--token-label",
        "YubiKey PIV",
        "--so-pin-file",
    ]);
    let so = work.write("so", "87654321");
    let pin = work.write("pin", "123456");
    let init = init.arg(so).env("IEXEC_HSM_PIN_FILE", &pin);
    init.run().ok();
    let list = work.cmd(["key", "list", "--token", "YubiKey PIV"]);
    let said = list.env("IEXEC_HSM_PIN_FILE", pin).run().ok().err();
    assert!(!said.contains("factory"), "{said}");
}
