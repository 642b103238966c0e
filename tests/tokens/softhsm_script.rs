//! `softhsm/token.sh`: a token for a shell, and its end.

use std::process::{Command, Output};

use crate::support::*;

/// Runs `script` in a shell of its own; `$SCRIPT` is `softhsm/token.sh`, `$PROGRAM` is ours.
fn shell(work: &Work<'_>, script: &str) -> Output {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/softhsm/token.sh");
    Command::new("bash")
        .args(["--norc", "-euo", "pipefail", "-c", script])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", work.home())
        .env("TMPDIR", work.folder())
        .env("SCRIPT", file)
        .env("PROGRAM", env!("CARGO_BIN_EXE_iexec-hsm"))
        .env("ADDRESS", ADDRESS)
        .current_dir(work.folder())
        .output()
        .unwrap()
}

#[test]
fn a_shell_gets_a_token_that_is_gone_afterwards() {
    let work = Work::without_token();
    let output = shell(
        &work,
        r#"
        eval "$("$SCRIPT" up --label 'a b')"
        stat -c %a "$(dirname "$SOFTHSM2_CONF")" "$IEXEC_HSM_PIN_FILE"
        "$PROGRAM" result generate-keys --bits 2048 --wallet-address "$ADDRESS" --no-input --quiet >&2
        mkdir result; echo 'Hello, world!' >result/result.txt
        "$PROGRAM" result encrypt result --wallet-address "$ADDRESS" --quiet >&2
        "$PROGRAM" result decrypt --wallet-address "$ADDRESS" --no-input --extract out --quiet >&2
        cat out/result.txt
        eval "$("$SCRIPT" down)"
        echo "${SOFTHSM2_CONF-gone} ${IEXEC_HSM_MODULE-gone} ${IEXEC_HSM_TOKEN-gone} ${IEXEC_HSM_PIN_FILE-gone}"
        "#,
    );
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said, "700\n600\nHello, world!\ngone gone gone gone\n");
    let left = work.files();
    assert!(
        !left.iter().any(|it| it.starts_with("iexec-hsm-token")),
        "{left:?}"
    );
}

#[test]
fn a_token_that_is_not_the_scripts_stays() {
    let token = Token::of(Kind::SoftHsm);
    let work = Work::without_token();
    let script = format!(
        "export SOFTHSM2_CONF={}; \"$SCRIPT\" down",
        token.softhsm_conf().display()
    );
    let output = shell(&work, &script);
    assert!(!output.status.success() && output.stdout.is_empty());
    assert!(token.softhsm_conf().exists());
    let output = shell(&work, "\"$SCRIPT\" down");
    assert!(!output.status.success() && output.stdout.is_empty());
}
