//! Round trips with `openssl`, `zip`, `unzip` and Java as the other side: none of our code is on both sides.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::*;

const BITS: [u32; 3] = [2048, 3072, 4096];
const FORMATS: [&str; 3] = ["current", "legacy-ecb", "guide-2019"];

fn seal_with_openssl(format: &str, public: &str, plain: &[u8]) -> Sealed {
    match format {
        "current" => Sealed::current(public, plain),
        "legacy-ecb" => Sealed::legacy_ecb(public, plain),
        _ => Sealed::guide_2019(public, plain),
    }
}

fn open_with_openssl(format: &str, private: &str, archive: &[u8]) -> Vec<u8> {
    match format {
        "current" => openssl::open_current(private, archive),
        "legacy-ecb" => openssl::open_legacy_ecb(private, archive),
        _ => openssl::open_guide_2019(private, archive),
    }
}

/// Makes a key on the token, and returns its public key.
fn generate(work: &Work<'_>, bits: u32) -> String {
    let bits = bits.to_string();
    let generate = ["result", "generate-keys", "--bits", &bits];
    work.run([&generate[..], &["--wallet-address", ADDRESS]].concat())
        .ok();
    let public = work.read(format!(".secrets/beneficiary/{ADDRESS}_key.pub"));
    String::from_utf8(public).unwrap()
}

/// Seals `source` in the work folder for `public`; returns the archive.
fn encrypt(work: &Work<'_>, source: &str, public: &str, format: &str) -> Vec<u8> {
    work.write("key.pub", public);
    let encrypt = ["result", "encrypt", source, "--format", format, "--force"];
    let sealed = ["--public-key", "key.pub", "--output", "sealed.zip"];
    work.run([&encrypt[..], &sealed].concat()).ok();
    work.read("sealed.zip")
}

/// Packs the two entries of `sealed` with the `zip` command, folder entries included.
fn pack_with_zip(sealed: &Sealed, options: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    for (name, data) in [
        (sealed.key_name, &sealed.key),
        (sealed.body_name, &sealed.body),
    ] {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, data).unwrap();
    }
    let output = Command::new("zip")
        .current_dir(folder.path())
        .args(options)
        .args(["-q", "-r", "-", "."])
        .output()
        .expect("zip: softhsm/test.sh installs it");
    assert!(output.status.success());
    output.stdout
}

#[test]
fn what_openssl_seals_opens_with_a_key_made_on_the_token() {
    let token = Token::new();
    let work = Work::new(&token);
    let large = noise(300_000);
    let plain = plain_zip(&[("result.txt", b"Hello, world!"), ("sub/large", &large)]);
    for bits in BITS {
        let public = generate(&work, bits);
        for format in FORMATS {
            let sealed = seal_with_openssl(format, &public, &plain);
            for (packed, archive) in [
                ("ours", sealed.archive()),
                ("as Java", sealed.java_archive()),
                ("zip", pack_with_zip(&sealed, &[])),
                ("zip -0", pack_with_zip(&sealed, &["-0"])),
                ("zip -D -9", pack_with_zip(&sealed, &["-D", "-9"])),
            ] {
                work.write("encryptedResults.zip", archive);
                work.run(["result", "decrypt", "--force"]).ok();
                let opened = work.read("results.zip");
                assert!(opened == plain, "RSA-{bits} {format} packed by {packed}");
            }
        }
    }
    openssl::unzip_accepts(&work.read("results.zip"));
    assert_eq!(
        openssl::unzip(&work.read("results.zip"), "sub/large"),
        large
    );
}

#[test]
fn what_we_seal_opens_with_openssl() {
    let work = Work::without_token();
    let large = noise(300_000);
    let plain = plain_zip(&[("result.txt", b"Hello, world!"), ("sub/large", &large)]);
    work.write("result.zip", &plain);
    for bits in BITS {
        let (private, public) = openssl::rsa_key(bits);
        for format in FORMATS {
            let archive = encrypt(&work, "result.zip", &public, format);
            openssl::unzip_accepts(&archive);
            let opened = open_with_openssl(format, &private, &archive);
            assert!(opened == plain, "RSA-{bits} {format}");
        }
    }
    work.is_tidy();
}

/// What a folder becomes, sealed by us and opened by `openssl`.
fn inner_zip(work: &Work<'_>, source: &str) -> Vec<u8> {
    let (private, public) = openssl::rsa_key(2048);
    let archive = encrypt(work, source, &public, "current");
    openssl::unzip_accepts(&archive);
    openssl::open_current(&private, &archive)
}

#[test]
fn a_sealed_folder_holds_its_files_and_nothing_else() {
    let work = Work::without_token();
    for (name, data) in [
        ("z.txt", "last"),
        ("a.txt", "first"),
        ("empty", ""),
        ("sub/deeper/b.txt", "deep"),
        ("sub/a.txt", "below"),
        ("Übergröße/日本 語.txt", "not ASCII"),
    ] {
        work.write(Path::new("folder").join(name), data);
    }
    work.write("outside.txt", "must stay outside");
    fs::create_dir_all(work.path("folder/nothing/in/it")).unwrap();
    let link = |to: &str, name: &str| {
        std::os::unix::fs::symlink(to, work.path("folder").join(name)).unwrap();
    };
    link("../outside.txt", "link-to-a-file");
    link("sub", "link-to-a-folder");
    link("/nowhere", "link-to-nothing");

    let inner = inner_zip(&work, "folder");
    openssl::unzip_accepts(&inner);
    let mut expected = [
        "a.txt",
        "empty",
        "sub/a.txt",
        "sub/deeper/b.txt",
        "z.txt",
        "Übergröße/日本 語.txt",
    ];
    expected.sort_unstable();
    assert_eq!(openssl::names(&inner), expected);
    assert_eq!(openssl::unzip(&inner, "sub/deeper/b.txt"), b"deep");
    assert_eq!(openssl::unzip(&inner, "empty"), b"");
    work.is_tidy();
}

#[test]
fn a_folder_is_sealed_into_an_archive_inside_it() {
    let work = Work::without_token();
    work.write("result.txt", "Hello, world!");
    let (private, public) = openssl::rsa_key(2048);
    fs::write(work.home().join("key.pub"), public).unwrap();
    for _ in 0..2 {
        let seal = ["result", "encrypt", ".", "--force", "--public-key"];
        work.cmd(seal).arg(work.home().join("key.pub")).run().ok();
        let inner = openssl::open_current(&private, &work.read("encryptedResults.zip"));
        assert_eq!(openssl::names(&inner), ["result.txt"]);
    }
    work.is_tidy();
}

#[test]
fn an_empty_folder_is_sealed_as_an_empty_zip() {
    let token = Token::new();
    let work = Work::new(&token);
    let public = generate(&work, 2048);
    fs::create_dir(work.path("folder")).unwrap();
    encrypt(&work, "folder", &public, "current");
    work.run(["result", "decrypt", "sealed.zip"]).ok();
    let end_record_alone = [&b"PK\x05\x06"[..], &[0; 18]].concat();
    assert_eq!(work.read("results.zip"), end_record_alone);
}

#[test]
fn a_file_is_sealed_alone_and_a_zip_as_it_is() {
    let work = Work::without_token();
    work.write("sub/report.pdf", "%PDF");
    let inner = inner_zip(&work, "sub/report.pdf");
    openssl::unzip_accepts(&inner);
    assert_eq!(openssl::names(&inner), ["report.pdf"]);
    assert_eq!(openssl::unzip(&inner, "report.pdf"), b"%PDF");

    // Its name does not matter, nor does the order of what is in it.
    let zip = plain_zip(&[("b", b"2"), ("a", b"1"), ("c/d", b"3")]);
    work.write("result", &zip);
    assert!(inner_zip(&work, "result") == zip);
}

#[test]
fn a_name_that_is_not_utf8_is_refused_and_named() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let work = Work::without_token();
    work.write(Path::new("folder").join(OsStr::from_bytes(b"a\xff")), "x");
    work.write("key.pub", openssl::rsa_key(2048).1);
    let before = work.files();
    let run = work
        .run(["result", "encrypt", "folder", "--public-key", "key.pub"])
        .fails(1);
    assert!(run.err().contains("a name that is not UTF-8"));
    assert_eq!(work.files(), before);
}

#[test]
fn what_java_zips_opens_to_a_file_and_to_a_folder() {
    let large = noise(300_000);
    let text = "so it is. ".repeat(50_000);
    let files: [(&str, &[u8]); 5] = [
        ("computed.json", b"{}"),
        ("empty", b""),
        ("sub/large", &large),
        ("sub/text.txt", text.as_bytes()),
        ("größe.txt", b"not ASCII"),
    ];
    let Some(plain) = java_zip(&files) else {
        return;
    };
    let token = Token::new();
    let work = Work::new(&token);
    let public = generate(&work, 2048);
    for format in FORMATS {
        let sealed = seal_with_openssl(format, &public, &plain);
        let archive = java_zip(&[
            (sealed.key_name, &sealed.key),
            (sealed.body_name, &sealed.body),
        ]);
        let archive = archive.expect("it was there before");
        // Bit 3 of the flags: the sizes follow the data.
        assert_eq!((plain[6] & 8, archive[6] & 8), (8, 8));

        work.write("encryptedResults.zip", &archive);
        work.run(["result", "decrypt", "--force", "--verify"]).ok();
        assert!(work.read("results.zip") == plain, "{format}");
        work.run(["result", "decrypt", "--force", "--extract", "out"])
            .ok();
        for (name, data) in files {
            assert!(work.read(Path::new("out").join(name)) == data, "{name}");
        }
        let extracted = |file: &&String| file.starts_with("out/");
        assert_eq!(work.files().iter().filter(extracted).count(), files.len());
        work.is_tidy();
    }
}
