//! A disk that is full: the old files stay, whole, and the token has no key that no file names.

use std::fs;

use crate::support::*;

#[test]
fn a_full_disk_leaves_the_old_file() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let plain = Zip::of([Entry::new("noise", vec![7; 24 << 20]).stored()]).bytes();
    work.write("large.zip", keyed.archive(&plain));
    let Some(disk) = Disk::of(4 << 20) else {
        return;
    };
    let disk = disk.path();
    fs::write(disk.join("results.zip"), "old").unwrap();
    fs::create_dir(disk.join("out")).unwrap();
    fs::write(disk.join("out/noise"), "old").unwrap();
    let path = |name: &str| disk.join(name).display().to_string();
    for to in [
        ["--output", &path("results.zip")],
        ["--extract", &path("out")],
    ] {
        let run = unchanged(disk, || {
            work.cmd(["result", "decrypt", "large.zip", "--force"])
                .arg(to[0])
                .arg(to[1])
                .pin()
                .run()
                .fails(23)
        });
        assert!(run.err().contains("Make room on the disk"), "{}", run.err());
    }
    // An archive from a pipe waits on that disk, too.
    let piped = work.cmd(["result", "decrypt", "-", "--force"]).pin();
    let piped = piped.arg("--output").arg(path("results.zip"));
    unchanged(disk, || piped.stdin(work.read("large.zip")).run().fails(23));
}

/// The command with its key files on the disk.
fn on<'w>(disk: &Disk, work: &'w Work<'w>, args: &[&str]) -> Cmd {
    let cmd = work.cmd(args).arg("--beneficiary-keystoredir");
    let cmd = cmd.arg(disk.path()).arg("--wallet-address").arg(ADDRESS);
    cmd.pin()
}

#[test]
fn a_key_that_cannot_be_recorded_is_not_kept() {
    let token = Token::new();
    let work = Work::new(&token);
    let Some(disk) = Disk::of(64 << 10) else {
        return;
    };
    let generate = ["result", "generate-keys", "--bits", "2048"];
    on(&disk, &work, &generate).run().ok();
    let objects = token.objects();
    disk.fill();
    let (private, _) = openssl::rsa_key(2048);
    work.write("old.pem", private);
    let import = ["result", "import-encryption-key", "old.pem"];
    for args in [&generate[..], &import] {
        let run = unchanged(disk.path(), || on(&disk, &work, args).run().fails(23));
        assert!(run.err().contains("No space left"), "{}", run.err());
        assert_eq!(token.objects(), objects, "{args:?}");
    }
    fs::remove_file(disk.path().join("filling")).unwrap();
    on(&disk, &work, &["key", "show"]).run().ok();
}
