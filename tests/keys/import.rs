//! `result import-encryption-key`: a software key moves onto the token and nothing is lost on the way.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::support::*;

const KEY: &str = ".secrets/beneficiary/0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf_key";

fn import(work: &Work, pem: &str) -> Cmd {
    let cmd = work.cmd(["result", "import-encryption-key", pem]).pin();
    cmd.env("IEXEC_HSM_WALLET_ADDRESS", ADDRESS)
}

/// What an `openssl` command makes of the file `key.pem`.
fn openssl_makes(work: &Work, args: &[&str]) -> Vec<u8> {
    let output = Command::new("openssl")
        .args(args)
        .current_dir(work.folder())
        .output()
        .unwrap();
    assert!(output.status.success(), "{args:?}: {output:?}");
    output.stdout
}

fn no_key(token: &Token) {
    let objects = token.objects();
    assert!(!objects.contains("Key Object"), "{objects}");
}

fn opens(work: &Work, public: &str) {
    let plain = plain_zip(&[("result.txt", b"Hello, world!")]);
    work.write("a.zip", Sealed::current(public, &plain).archive());
    work.run(["result", "decrypt", "a.zip", "--force"]).ok();
    assert!(work.read("results.zip") == plain);
}

#[test]
fn every_pem_of_the_sdk_and_of_openssl_is_taken() {
    for form in [
        "pkcs8",
        "pkcs1",
        "crlf",
        "cr",
        "text around",
        "no last newline",
        "one line",
        "indented",
        "mark",
        "from an environment file",
        "from JSON",
    ] {
        let token = Token::new();
        let work = Work::new(&token);
        let (private, public) = openssl::rsa_key(2048);
        work.write("key.pem", &private);
        let pem = match form {
            "pkcs1" => openssl_makes(&work, &["rsa", "-in", "key.pem", "-traditional"]),
            "crlf" => private.replace('\n', "\r\n").into_bytes(),
            "text around" => format!("Bag Attributes\n  x: y\n{private}\nthe end\n").into_bytes(),
            "no last newline" => private.trim_end().as_bytes().to_vec(),
            "cr" => private.replace('\n', "\r").into_bytes(),
            "one line" => private.replace('\n', " ").into_bytes(),
            "indented" => private.replace('\n', "\n    ").into_bytes(),
            "mark" => format!("\u{feff}{private}").into_bytes(),
            "from an environment file" => {
                format!("KEY=\"{}\"\n", private.replace('\n', r"\n")).into_bytes()
            }
            "from JSON" => serde_json::json!({ "key": private })
                .to_string()
                .into_bytes(),
            _ => private.clone().into_bytes(),
        };
        let first = String::from_utf8_lossy(&pem).contains("BEGIN RSA PRIVATE KEY");
        assert_eq!(first, form == "pkcs1");
        work.write("key.pem", &pem);
        let made = import(&work, "key.pem").arg("--raw").run().ok().raw();
        assert_eq!(made["bits"], 2048, "{form}");
        assert_eq!(made["facts"]["origin"], "imported, not made on the token");
        assert_eq!(work.read("key.pem"), pem, "it stays where it was");
        assert_eq!(work.read(format!("{KEY}.pub")), public.as_bytes());
        opens(&work, &public);
    }
}

#[test]
fn sizes_up_to_4096_are_taken() {
    let token = Token::new();
    let work = Work::new(&token);
    for bits in [3072, 4096] {
        let (private, public) = openssl::rsa_key(bits);
        work.write("key.pem", private);
        let made = import(&work, "key.pem").arg("--raw").run().ok().raw();
        assert_eq!(made["bits"], bits);
        opens(&work, &public);
    }
}

#[test]
fn a_key_in_its_place_makes_room_and_is_not_lost() {
    let token = Token::new();
    let work = Work::new(&token);
    let (private, public) = openssl::rsa_key(2048);
    work.write(KEY, &private);
    work.write(format!("{KEY}.pub"), &public);
    // The address is in the file's name.
    let run = work.run(["result", "import-encryption-key", KEY]).ok();
    let kept = format!("{KEY}.software.pem");
    assert!(run.err().contains(&kept), "{}", run.err());
    assert!(run.err().contains("shred -u"), "{}", run.err());
    assert_eq!(work.read(&kept), private.as_bytes());
    let mode = fs::metadata(work.path(&kept)).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
    assert_eq!(work.read(format!("{KEY}.pub")), public.as_bytes());
    let reference = String::from_utf8(work.read(KEY)).unwrap();
    assert!(reference.contains("IEXEC-HSM KEY REFERENCE") && !reference.contains("PRIVATE KEY"));
    opens(&work, &public);
    work.is_tidy();
}

#[test]
fn an_import_that_cannot_be_recorded_changes_nothing() {
    let token = Token::new();
    let work = Work::new(&token);
    let (private, _) = openssl::rsa_key(2048);
    work.write(KEY, &private);
    fs::create_dir(work.path(format!("{KEY}.pub"))).unwrap();
    import(&work, KEY).run().fails(22);
    no_key(&token);
    assert_eq!(work.files(), [KEY]);
    assert_eq!(work.read(KEY), private.as_bytes());

    work.write("key.pem", &private);
    let cmd = import(&work, "key.pem").arg("--beneficiary-keystoredir");
    cmd.arg("/proc/iexec-hsm").run().fails(23);
    no_key(&token);
    assert_eq!(work.read("key.pem"), private.as_bytes());
}

#[test]
fn another_software_key_in_the_place_is_not_overwritten() {
    let token = Token::new();
    let work = Work::new(&token);
    let (old, _) = openssl::rsa_key(2048);
    let (new, _) = openssl::rsa_key(2048);
    work.write(KEY, &old);
    work.write("key.pem", &new);
    import(&work, "key.pem").run().fails(22);
    assert_eq!(work.read(KEY), old.as_bytes());
    no_key(&token);
}

#[test]
fn the_key_is_named_imported_and_does_not_come_off_the_token_again() {
    let token = Token::new();
    let work = Work::new(&token);
    let (private, _) = openssl::rsa_key(2048);
    work.write("key.pem", private);
    let args = ["--id", "0a0b", "--label", "old key"];
    let cmd = args
        .iter()
        .fold(import(&work, "key.pem"), |cmd, arg| cmd.arg(arg));
    let run = cmd.run().ok();
    assert!(run.err().contains("imported, not made on the token"));
    let listed = work.run(["key", "list"]).ok().out();
    assert!(listed.contains("\"old key\""), "{listed}");
    assert!(listed.contains("imported, not made on the token, sensitive, not extractable"));
    let objects = token.objects();
    let private = objects.split("Private Key Object").nth(1).unwrap();
    let line = |name: &str| {
        let mut lines = private.lines().map(str::trim_start);
        lines
            .find(|line| line.starts_with(name))
            .unwrap()
            .to_owned()
    };
    assert!(line("ID:").contains("0a0b"), "{objects}");
    assert_eq!(line("Usage:").split_whitespace().last(), Some("decrypt"));
    assert!(line("Access:").contains("sensitive"), "{objects}");
    for not in ["always sensitive", "extractable", "local"] {
        assert!(!line("Access:").contains(not), "{not} in {objects}");
    }
    import(&work, "key.pem")
        .arg("--id")
        .arg("0a0b")
        .run()
        .fails(16);
}

#[test]
fn what_is_no_rsa_private_key_of_a_fitting_size_is_refused() {
    let token = Token::new();
    let work = Work::new(&token);
    let (private, public) = openssl::rsa_key(2048);
    let secret = private.lines().nth(3).unwrap().to_owned();
    work.write("key.pem", &private);
    let pkey = [
        "pkey",
        "-in",
        "key.pem",
        "-aes256",
        "-passout",
        "pass:secret",
    ];
    let encrypted = openssl_makes(&work, &pkey);
    let rsa = [
        "rsa",
        "-in",
        "key.pem",
        "-aes128",
        "-traditional",
        "-passout",
        "pass:secret",
    ];
    let old_encrypted = openssl_makes(&work, &rsa);
    let genpkey = [
        "genpkey",
        "-algorithm",
        "EC",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
    ];
    let ec = openssl_makes(&work, &genpkey);
    let short = openssl::rsa_key(1024).0.into_bytes();
    let long = openssl_makes(&work, &["genrsa", "4160"]);
    let der = openssl_makes(&work, &["pkey", "-in", "key.pem", "-outform", "DER"]);
    let pss = openssl_makes(&work, &["genpkey", "-algorithm", "RSA-PSS"]);
    let three_primes = openssl_makes(&work, &["genrsa", "-primes", "3", "2048"]);
    let other = openssl::rsa_key(2048).0;
    let wide: Vec<u8> = private.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let torn = private.as_bytes()[..private.len() / 2].to_vec();
    let mut flipped = private.clone().into_bytes();
    let at = private.len() / 2;
    flipped[at] = if flipped[at] == b'A' { b'B' } else { b'A' };
    for (name, content, words) in [
        ("encrypted", encrypted, "encrypted"),
        ("old encrypted", old_encrypted, "encrypted"),
        ("EC", ec, "an elliptic-curve key"),
        ("PSS", pss, "an RSA key for PSS signatures only"),
        ("three primes", three_primes, "more than two primes"),
        (
            "two",
            format!("{private}{other}").into(),
            "more than one key",
        ),
        ("1024 bits", short, "1024 bits"),
        (
            "4160 bits",
            long,
            "4160 bits, and enclaves take at most 4096",
        ),
        ("public", public.into_bytes(), "this is a public key"),
        ("DER", der, "perhaps DER"),
        ("torn", torn, "cut off"),
        ("flipped", flipped, "damaged"),
        ("garbage", b"\x00\xffgarbage".to_vec(), "binary"),
        ("empty", vec![], "it is not PEM"),
    ] {
        work.write("key.pem", content);
        let run = import(&work, "key.pem").run().fails(16);
        assert!(run.err().contains(words), "{name}: {}", run.err());
        assert!(run.err().contains("key.pem"), "{name}: {}", run.err());
        assert!(!run.err().contains(&secret), "{name}: {}", run.err());
    }
    work.write("key.pem", wide);
    let run = import(&work, "key.pem").run().fails(23);
    assert!(run.err().contains("UTF-16"), "{}", run.err());
    let run = import(&work, "none.pem").run().fails(23);
    assert!(run.err().contains("none.pem"), "{}", run.err());
    import(&work, ".").run().fails(23);
    no_key(&token);
    assert_eq!(work.files(), ["key.pem"]);
}

#[test]
fn a_software_key_where_a_reference_should_be_names_the_command_that_moves_it() {
    let token = Token::new();
    let work = Work::new(&token);
    let (private, public) = openssl::rsa_key(2048);
    let plain = plain_zip(&[("result.txt", b"Hello, world!")]);
    work.write("a.zip", Sealed::current(&public, &plain).archive());
    work.write(".secrets/beneficiary/mine", &private);
    let elsewhere = work.write("elsewhere.pem", &private);
    for file in ["mine", elsewhere.to_str().unwrap()] {
        let args = ["result", "decrypt", "a.zip", "--beneficiary-key-file", file];
        let run = work.run(args).fails(16);
        assert!(run.err().contains("import-encryption-key"), "{}", run.err());
        assert!(!work.exists("results.zip"));
    }
    work.write(KEY, &private);
    let args = ["result", "decrypt", "a.zip", "--wallet-address", ADDRESS];
    let run = work.run(args).fails(16);
    assert!(run.err().contains("import-encryption-key"), "{}", run.err());
    assert!(!work.exists("results.zip"));
}

#[test]
fn a_key_with_another_exponent_is_refused_before_the_token_sees_it() {
    let token = Token::new();
    let work = Work::new(&token);
    let args = [
        "genpkey",
        "-algorithm",
        "RSA",
        "-pkeyopt",
        "rsa_keygen_bits:2048",
    ];
    let pem = openssl::openssl(
        &[&args[..], &["-pkeyopt", "rsa_keygen_pubexp:3"]].concat(),
        b"",
    );
    work.write("e3.pem", pem);
    let command = [
        "result",
        "import-encryption-key",
        "e3.pem",
        "--wallet-address",
        ADDRESS,
    ];
    let run = work.run(command).fails(16);
    assert!(
        run.err().contains("exponent of the key is not 65537"),
        "{}",
        run.err()
    );
    assert_eq!(token.objects(), "");
}
