//! Signing elsewhere: the challenge that is printed, and signatures that are brought.

use sha3::{Digest as _, Keccak256};

use crate::support::publish::*;
use crate::support::sms::{Sms, Wallet, challenge};
use crate::support::*;

#[test]
fn the_challenge_is_printed_with_all_that_goes_into_it() {
    let token = Token::new();
    let work = with_key(&token);
    // Neither a wallet nor an SMS is needed.
    let cmd = || {
        let args = ["result", "push-encryption-key", "--print-challenge"];
        work.cmd(args).pin().arg("--wallet-address").arg(ADDRESS)
    };
    let raw = cmd().arg("--raw").run().ok().raw();
    let message = challenge(ADDRESS, SECRET, &value(&work));
    let digest = Keccak256::new_with_prefix("\x19Ethereum Signed Message:\n32");
    assert_eq!(raw["challenge"], format!("0x{}", hex(&message)));
    let digest = digest.chain_update(message).finalize();
    assert_eq!(raw["digest"], format!("0x{}", hex(&digest)));
    assert_eq!(raw["domain"], "IEXEC_SMS_DOMAIN");
    assert_eq!(raw["ownerAddress"], ADDRESS);
    assert_eq!(raw["secretName"], SECRET);
    assert_eq!(raw["secretValue"], value(&work));
    let text = cmd().run().ok().out();
    for field in [
        "challenge",
        "digest",
        "domain",
        "ownerAddress",
        "secretName",
        "secretValue",
    ] {
        let line = format!("{field:<13} {}", raw[field].as_str().unwrap());
        assert!(text.lines().any(|it| it == line), "{line} in {text}");
    }
}

#[test]
fn a_signature_made_elsewhere_is_sent() {
    let token = Token::new();
    let (work, sms) = (with_key(&token), Sms::start());
    let signature = authorization(&work);
    let cmd = || {
        push_unsigned(&work, &sms)
            .arg("--wallet-address")
            .arg(ADDRESS)
            .arg("--force-update")
    };
    let run = cmd().arg("--signature").arg(&signature).run().ok();
    no_secret(&run, &signature);
    assert_eq!(stored(&sms), Some(value(&work)));
    let piped = cmd()
        .arg("--signature")
        .arg("-")
        .stdin(format!("{signature}\n"));
    piped.run().ok();
    assert_eq!(sms.methods(), "HEAD POST HEAD PUT");
}

#[test]
fn a_signature_that_is_not_the_owners_for_this_key_is_refused_before_the_pin_is_asked_for() {
    let token = Token::new();
    let (work, sms) = (with_key(&token), Sms::start());
    let cmd = |signature: &str| {
        work.cmd([
            "result",
            "push-encryption-key",
            "--no-input",
            "--signature",
            signature,
        ])
        .env("IEXEC_HSM_SMS_URL", sms.url())
        .env("IEXEC_HSM_WALLET_ADDRESS", ADDRESS)
    };
    let others = Wallet::new(2).authorize(ADDRESS, SECRET, &value(&work));
    let other_value = Wallet::new(1).authorize(ADDRESS, SECRET, "dGhlaXJz");
    for signature in [others, other_value] {
        let run = cmd(&signature).run().fails(33);
        assert!(run.err().contains("is not that of"), "{}", run.err());
        no_secret(&run, &signature);
    }
    let good = authorization(&work);
    let with_0_or_1 = format!(
        "{}{:02x}",
        &good[..130],
        u8::from_str_radix(&good[130..], 16).unwrap() - 27
    );
    for (signature, words) in [
        (&good[..131], "129 hexadecimal digits"),
        (&with_0_or_1, "add 27"),
        ("0xyz", "not a signature"),
    ] {
        let run = cmd(signature).run().fails(2);
        assert!(run.err().contains(words), "{}", run.err());
        no_secret(&run, &good);
        let run = cmd("-").stdin(signature).run().fails(2);
        assert!(run.err().contains(words), "{}", run.err());
        no_secret(&run, &good);
    }
    assert_eq!(sms.methods(), "");
}
