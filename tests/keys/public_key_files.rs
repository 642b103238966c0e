//! Files with a public key: every command that reads one takes the same and says the same.

use serde_json::Value;

use crate::support::publish::WALLET_KEY;
use crate::support::*;

const FILE: &str = "given.pub";

/// Every command that reads the public key of a result key from a file.
fn readers(work: &Work) -> [(&'static str, Cmd); 4] {
    work.write(format!("keys/{ADDRESS}_key.pub"), work.read(FILE));
    let push = |args: &[&str]| {
        let cmd = work.cmd(["result", "push-encryption-key", "--dry-run", "--raw"]);
        let cmd = cmd.args(&["--allow-software-key", "--sms-url=https://localhost:1"]);
        cmd.args(args).env("IEXEC_HSM_WALLET_KEY", WALLET_KEY)
    };
    let seal = work.cmd(["result", "encrypt", "plain", "--force", "--raw"]);
    let adopt = work.cmd(["key", "adopt", "--raw", "--wallet-address", ADDRESS]);
    [
        ("push", push(&["--secret-path", FILE])),
        (
            "push of the .pub file",
            push(&["--beneficiary-keystoredir", "keys"]),
        ),
        ("encrypt", seal.args(&["--public-key", FILE])),
        ("adopt", adopt.args(&["--public-key", FILE]).pin()),
    ]
}

fn in_lines(pem: &str, columns: usize) -> String {
    let digits: String = pem.lines().filter(|it| !it.starts_with('-')).collect();
    let lines = digits.as_bytes().chunks(columns);
    let lines: Vec<_> = lines.map(|it| String::from_utf8_lossy(it)).collect();
    let body = lines.join("\n");
    format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n")
}

#[test]
fn every_form_is_taken_by_every_command() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let pem = &keyed.public;
    work.write("plain", "Hello, world!");
    work.write("key.pem", pem);
    let openssl = |args: &[&str]| openssl::openssl(args, pem.as_bytes());
    for form in [
        pem.clone().into_bytes(),
        pem.replace('\n', "\r\n").into_bytes(),
        pem.replace('\n', "\r").into_bytes(),
        pem.replace('\n', " ").into_bytes(),
        pem.replace('\n', "\n\t").into_bytes(),
        pem.trim_end().as_bytes().to_vec(),
        in_lines(pem, 76).into_bytes(),
        in_lines(pem, 10_000).into_bytes(),
        format!("\u{feff}{pem}").into_bytes(),
        format!("KEY='{}'\n", pem.replace('\n', r"\n")).into_bytes(),
        serde_json::json!({ "key": pem }).to_string().into_bytes(),
        [b"Caf\xe9: \n", pem.as_bytes(), b"\nthe end"].concat(),
        openssl(&["rsa", "-pubin", "-RSAPublicKey_out"]),
    ] {
        work.write(FILE, &form);
        for (reader, cmd) in readers(&work) {
            let told: Value = cmd.run().ok().raw();
            let told = told.to_string();
            let form = String::from_utf8_lossy(&form);
            assert!(told.contains(r#""bits":2048"#), "{reader}: {form}: {told}");
        }
        let written = work.read(format!(".secrets/beneficiary/{ADDRESS}_key.pub"));
        assert_eq!(written, pem.as_bytes(), "adopt writes it as the SDK does");
        work.run(["result", "decrypt", "encryptedResults.zip", "--force"])
            .ok();
    }
}

#[test]
fn what_is_no_single_rsa_key_is_named_alike_by_every_command() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let pem = &keyed.public;
    work.write("plain", "Hello, world!");
    let openssl = |args: &[&str], input: &[u8]| openssl::openssl(args, input);
    let ec = openssl(
        &["genpkey", "-algorithm", "EC", "-pkeyopt", "group:P-256"],
        b"",
    );
    let ec = openssl(&["pkey", "-pubout"], &ec);
    let pss = openssl(&["genpkey", "-algorithm", "RSA-PSS"], b"");
    let pss = openssl(&["pkey", "-pubout"], &pss);
    let der = openssl(&["pkey", "-pubin", "-outform", "DER"], pem.as_bytes());
    let (private, other) = openssl::rsa_key(2048);
    let wide: Vec<u8> = pem.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for (content, exit, words) in [
        (
            format!("{pem}{other}").into_bytes(),
            16,
            "more than one key",
        ),
        (private.into_bytes(), 16, "must never be published"),
        (ec, 16, "an elliptic-curve key"),
        (pss, 16, "an RSA key for PSS signatures only"),
        (der, 16, "perhaps DER"),
        (pem.as_bytes()[..300].to_vec(), 16, "cut off"),
        (b"ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB".to_vec(), 16, "OpenSSH"),
        (pem.replace("MIIB", "MI!B").into_bytes(), 16, "base64"),
        (openssl::rsa_key(1024).1.into_bytes(), 16, "1024 bits"),
        (
            openssl::rsa_key(4104).1.into_bytes(),
            16,
            "4104 bits, and enclaves take at most 4096",
        ),
        (wide, 23, "UTF-16"),
    ] {
        work.write(FILE, content);
        let mut hints = Vec::new();
        for (reader, cmd) in readers(&work) {
            let error = cmd.run().fails(exit).raw_error();
            let message = error["message"].as_str().unwrap();
            assert!(message.contains(words), "{reader}: {message}");
            assert!(message.contains(".pub\": "), "{reader}: {message}");
            hints.push(message.split_once(".pub\": ").unwrap().1.to_owned());
        }
        hints.dedup();
        assert_eq!(hints.len(), 1, "{hints:?}");
    }
}

#[test]
fn a_key_that_enclaves_do_not_take_is_refused_with_its_size_and_still_opens_archives() {
    if other_than_softhsm("few modules make keys of 4160 bits") {
        return;
    }
    let token = Token::new();
    token.pkcs11_tool(&[
        "--keypairgen",
        "--key-type=rsa:4160",
        "--usage-decrypt",
        "--sensitive",
        "--id=07",
        "--label=large",
    ]);
    let work = Work::new(&token);
    let run = work
        .run(["key", "adopt", "pkcs11:id=%07", "--wallet-address", ADDRESS])
        .fails(16);
    for words in ["4160 bits", "enclaves take at most 4096", "--key"] {
        assert!(run.err().contains(words), "{words} in {}", run.err());
    }
    assert!(!work.exists(".secrets"));
    // What only reads takes it.
    work.run(["key", "export", "pkcs11:id=%07", "--output=large.pub"])
        .ok();
    let public = String::from_utf8(work.read("large.pub")).unwrap();
    let plain = plain_zip(&[("result.txt", b"Hello, world!")]);
    work.write("a.zip", Sealed::current(&public, &plain).archive());
    work.run(["result", "decrypt", "a.zip", "--key=pkcs11:id=%07"])
        .ok();
    assert_eq!(work.read("results.zip"), plain);
    let inspected = work.run(["result", "inspect", "a.zip", "--raw"]).ok().raw();
    assert_eq!(inspected["bits"], 4160);
}
