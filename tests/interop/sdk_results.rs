//! iExec's own SDK as the other side: its test archive opens with its key on a token, and it opens what we seal.

use std::path::Path;

use crate::support::*;

/// The result in the SDK's test archive.
const PLAIN_LEN: usize = 474;
const PLAIN_SHA256: &str = "1d1caf5f2dcdf1e15c398173660e6011094669663c94c7302d814124c76b40bb";

/// Moves a key of the SDK's fixtures onto the token of `work`, as whoever used the SDK before would.
fn import(work: &Work<'_>, fixtures: &Path, name: &str) {
    let der = std::fs::read(fixtures.join(name)).unwrap();
    let pem = work.write(
        format!("{name}.pem"),
        openssl::openssl(&["pkey", "-inform", "DER"], &der),
    );
    let pem = pem.to_str().unwrap();
    work.run([
        "result",
        "import-encryption-key",
        pem,
        "--wallet-address",
        ADDRESS,
    ])
    .ok();
}

fn sha256(bytes: &[u8]) -> String {
    let line = openssl::openssl(&["dgst", "-sha256", "-r"], bytes);
    String::from_utf8(line[..64].to_vec()).unwrap()
}

#[test]
fn the_sdks_own_archive_opens_with_its_key_on_a_token() {
    let Some(fixtures) = sdk_fixtures() else {
        return;
    };
    let token = Token::new();
    let work = Work::new(&token);
    import(&work, &fixtures, "expected_key.der");
    let public = work.read(format!(".secrets/beneficiary/{ADDRESS}_key.pub"));
    let sdks = std::fs::read(fixtures.join("expected_key.pub")).unwrap();
    assert!(public == sdks, "the .pub file is not as the SDK writes it");
    let archive = fixtures.join("encryptedResults.zip");
    work.run(["result".as_ref(), "decrypt".as_ref(), archive.as_os_str()])
        .ok();
    let plain = work.read("results.zip");
    assert_eq!(plain.len(), PLAIN_LEN);
    assert_eq!(sha256(&plain), PLAIN_SHA256);

    let mut extract = work.cmd(["result", "decrypt", "--extract", "out"]).pin();
    extract = extract.arg(&archive);
    extract.run().ok();
    let mut names = openssl::names(&plain);
    names.sort();
    let extracted: Vec<_> = work
        .files()
        .into_iter()
        .filter_map(|file| Some(file.strip_prefix("out/")?.to_owned()))
        .collect();
    assert_eq!(extracted, names);
    for name in names {
        let path = Path::new("out").join(&name);
        assert_eq!(work.read(path), openssl::unzip(&plain, &name));
    }
}

#[test]
fn the_sdks_own_archive_stays_shut_for_another_key() {
    let Some(fixtures) = sdk_fixtures() else {
        return;
    };
    let token = Token::new();
    let work = Work::new(&token);
    import(&work, &fixtures, "unexpected_key.der");
    let before = work.files();
    let archive = fixtures.join("encryptedResults.zip");
    let decrypt = || work.run(["result".as_ref(), "decrypt".as_ref(), archive.as_os_str()]);
    decrypt().fails(20);
    assert_eq!(work.files(), before);

    // Beside the right key, the wrong one does no harm.
    import(&work, &fixtures, "expected_key.der");
    decrypt().ok();
    assert_eq!(sha256(&work.read("results.zip")), PLAIN_SHA256);
    work.is_tidy();
}

/// Seals `source` for the key in `key.pub`.
fn seal(work: &Work<'_>, source: &str, format: &str) -> Vec<u8> {
    let seal = ["result", "encrypt", source, "--public-key", "key.pub"];
    let cmd = work.cmd(seal).arg("--format").arg(format).arg("--force");
    cmd.run().ok();
    work.read("encryptedResults.zip")
}

#[test]
fn the_sdk_opens_what_we_seal() {
    let sdks: Vec<_> = Sdk::all().collect();
    let work = Work::without_token();
    let plain = plain_zip(&[
        ("computed.json", b"{}"),
        ("sub/large", &noise(700_000)),
        ("result.txt", b"Hello, world!"),
    ]);
    work.write("result.zip", &plain);
    for bits in [2048, 4096] {
        let (private, public) = openssl::rsa_key(bits);
        work.write("key.pub", public);
        for format in ["current", "legacy-ecb"] {
            let sealed = seal(&work, "result.zip", format);
            for sdk in &sdks {
                let opened = sdk.decrypt(&private, &sealed).unwrap();
                assert!(opened == plain, "{bits} {format}");
            }
        }
    }
}

#[test]
fn the_sdk_opens_a_folder_that_we_seal() {
    let work = Work::without_token();
    work.write("folder/sub/result.txt", "Hello, world!");
    let (private, public) = openssl::rsa_key(4096);
    work.write("key.pub", public);
    let sealed = seal(&work, "folder", "current");
    for sdk in Sdk::all() {
        let opened = sdk.decrypt(&private, &sealed).unwrap();
        assert_eq!(openssl::unzip(&opened, "sub/result.txt"), b"Hello, world!");
    }
}

#[test]
fn the_sdk_says_plainly_that_our_key_file_is_no_key_for_it() {
    let Some(sdk) = Sdk::find(Sdk::V9) else {
        return;
    };
    let token = Token::new();
    let work = Work::new(&token);
    let generate = ["result", "generate-keys", "--bits", "2048"];
    let address = ["--wallet-address", ADDRESS];
    work.run([&generate[..], &address].concat()).ok();
    work.write("result.txt", "Hello, world!");
    work.run([&["result", "encrypt", "result.txt"][..], &address].concat())
        .ok();
    let key_file = work.read(format!(".secrets/beneficiary/{ADDRESS}_key"));
    let refused = sdk.decrypt(
        std::str::from_utf8(&key_file).unwrap(),
        &work.read("encryptedResults.zip"),
    );
    let error = refused.unwrap_err();
    assert!(error.contains("Invalid beneficiary key"), "{error}");
}
