//! The release: what the Debian package and the archive hold, as `.ci/release.sh` makes them of this very build.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use toml::Value;

use crate::support::pages::root;
use crate::support::*;

/// Runs a program of the system, and returns what it printed.
fn run(program: &str, args: &[&str], folder: &Path) -> String {
    let mut command = Command::new(program);
    let output = command.args(args).current_dir(folder).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {args:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// What `Cargo.toml` says of the package.
fn metadata() -> Value {
    let text = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let all: Value = toml::from_str(&text).unwrap();
    all["package"]["metadata"]["deb"].clone()
}

/// Where the package's files come from.
fn sources() -> Vec<String> {
    let metadata = metadata();
    let assets = metadata["assets"].as_array().unwrap().iter();
    let sources = assets.map(|asset| asset[0].as_str().unwrap().to_owned());
    sources.collect()
}

#[test]
fn what_is_packaged_is_there() {
    for source in sources() {
        if source.starts_with("target/release/") {
            continue;
        }
        let plain = source.split("/*").next().unwrap();
        assert!(root().join(plain).exists(), "{source}");
    }
    let copyright = metadata()["license-file"][0].as_str().unwrap().to_owned();
    assert!(root().join(copyright).exists());
}

#[test]
fn each_unit_is_packaged() {
    let sources = sources();
    for unit in fs::read_dir(root().join("docs/systemd")).unwrap() {
        let name = unit.unwrap().file_name().into_string().unwrap();
        assert!(
            sources.contains(&format!("docs/systemd/{name}")),
            "{name} in {sources:?}"
        );
    }
}

/// A release of the build under test, signed with a new key, or `None` where that takes more than is there.
fn release(key: &Path) -> Option<PathBuf> {
    let program = Path::new(env!("CARGO_BIN_EXE_iexec-hsm"));
    let build = program.parent().unwrap();
    if !build.ends_with("debug") {
        println!("skipped: this is not the debug build");
        return None;
    }
    // Building it takes longer than all else here: CI does it once.
    let own = build.parent().unwrap().join("tools/bin");
    for tool in ["cargo-deb", "cargo-cyclonedx"] {
        let is_there =
            own.join(tool).exists() || Command::new(tool).arg("--version").output().is_ok();
        if !is_there && std::env::var_os("CI").is_none() {
            println!("skipped: {tool} is not installed");
            return None;
        }
    }
    let mut script = Command::new(root().join(".ci/release.sh"));
    let output = script
        .arg("--built")
        .arg("--sign")
        .arg(key)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    if errors.contains(" cannot be installed") {
        println!("skipped: {errors}");
        return None;
    }
    assert!(output.status.success(), "{errors}");
    Some(build.join("dist"))
}

/// The one file of `folder` whose name ends so.
fn one(folder: &Path, end: &str) -> PathBuf {
    let files = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    let mut found = files.filter(|path| path.to_str().unwrap().ends_with(end));
    let file = found.next().unwrap();
    assert_eq!(found.next(), None);
    file
}

/// The names of the files in `folder`.
fn names(folder: &Path) -> BTreeSet<String> {
    let files = fs::read_dir(folder).unwrap();
    files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn a_release_is_built_and_installed() {
    let work = Work::without_token();
    let key = work.path("releaser");
    let new = ["-q", "-t", "ed25519", "-N", "", "-f", key.to_str().unwrap()];
    run("ssh-keygen", &new, root());
    let Some(dist) = release(&key) else { return };
    run("sha256sum", &["--check", "--strict", "SHA256SUMS"], &dist);
    is_signed(&dist, &key, &work);
    lists_all_crates(&one(&dist, ".cdx.json"));
    let man = work.path("man");
    work.run(["man", "--dir", man.to_str().unwrap()]).ok();

    let archive = one(&dist, "-linux.tar.gz");
    let top = unpacked(&archive, &work);
    same_version(&top.join("iexec-hsm"), &work);
    assert_eq!(names(&top.join("man")), names(&man));
    for shell in ["bash", "zsh", "fish"] {
        completes(&top.join(format!("completions/iexec-hsm.{shell}")), shell);
    }
    assert_eq!(names(&top.join("docs")), names(&root().join("docs")));

    let package = one(&dist, ".deb");
    fields(&package, &dist);
    let system = installed(&package, &work);
    same_version(&system.join("usr/bin/iexec-hsm"), &work);
    let compressed = names(&man).into_iter().map(|name| format!("{name}.gz"));
    let pages = system.join("usr/share/man/man1");
    assert_eq!(names(&pages), compressed.collect());
    for (shell, file) in [
        ("bash", "bash-completion/completions/iexec-hsm"),
        ("zsh", "zsh/vendor-completions/_iexec-hsm"),
        ("fish", "fish/vendor_completions.d/iexec-hsm.fish"),
    ] {
        completes(&system.join("usr/share").join(file), shell);
    }
    let units = system.join("usr/lib/systemd/user");
    assert_eq!(names(&units), names(&root().join("docs/systemd")));
    let docs = system.join("usr/share/doc/iexec-hsm");
    assert!(docs.join("copyright").exists() && docs.join("changelog.Debian.gz").exists());
    assert_eq!(names(&docs.join("docs")), names(&root().join("docs")));
}

/// The sums are signed as the page for releases says how to check it; changed ones, and those that another key signed,
/// are not taken.
fn is_signed(dist: &Path, key: &Path, work: &Work<'_>) {
    let public = fs::read_to_string(key.with_extension("pub")).unwrap();
    work.write("release-signers", format!("releases@iexec-hsm {public}"));
    let sums = fs::read_to_string(dist.join("SHA256SUMS")).unwrap();
    work.write("SHA256SUMS", &sums);
    fs::copy(dist.join("SHA256SUMS.sig"), work.path("SHA256SUMS.sig")).unwrap();
    let page = fs::read_to_string(root().join("docs/release.md")).unwrap();
    let check = page
        .lines()
        .find(|it| it.starts_with("ssh-keygen -Y verify"));
    let is_taken = || {
        let shell = Command::new("sh")
            .args(["-c", check.unwrap()])
            .current_dir(work.path("."))
            .output();
        shell.unwrap().status.success()
    };
    assert!(is_taken());
    work.write("SHA256SUMS", sums.replacen(char::is_numeric, "x", 1));
    assert!(!is_taken(), "changed sums");
    work.write("SHA256SUMS", &sums);
    let others = public.replacen("AAAAI", "AAAAJ", 1);
    work.write("release-signers", format!("releases@iexec-hsm {others}"));
    assert!(!is_taken(), "another key");

    // The sums themselves tell a changed archive.
    let archive = one(dist, "-linux.tar.gz");
    let changed = work.path(archive.file_name().unwrap().to_str().unwrap());
    let mut bytes = fs::read(&archive).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(changed, bytes).unwrap();
    let mut check = Command::new("sha256sum");
    let check = check.args(["--check", "--ignore-missing", "SHA256SUMS"]);
    let output = check.current_dir(work.path(".")).output().unwrap();
    assert!(!output.status.success(), "a changed archive");
}

/// The list has the program, and exactly the crates that are built into it, with their hashes; no path of this machine.
fn lists_all_crates(list: &Path) {
    let text = fs::read_to_string(list).unwrap();
    assert!(!text.contains(root().to_str().unwrap()) && !text.contains("/tmp/"));
    let list: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(list["bomFormat"], "CycloneDX");
    assert_eq!(list["metadata"]["component"]["name"], "iexec-hsm");
    let components = list["components"].as_array().unwrap();
    let listed: BTreeSet<String> = components
        .iter()
        .map(|it| {
            assert_eq!(it["hashes"][0]["alg"], "SHA-256", "{it}");
            let [name, version] = ["name", "version"].map(|field| it[field].as_str().unwrap());
            format!("{name} v{version}")
        })
        .collect();
    let tree = [
        "tree",
        "--locked",
        "--offline",
        "--package",
        "iexec-hsm",
        "--edges",
        "normal,build",
        "--prefix",
        "none",
    ];
    let tree = run(env!("CARGO"), &tree, root());
    let built = tree.lines().skip(1).filter(|line| !line.is_empty());
    let built: BTreeSet<String> = built
        .map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" "))
        .filter(|name| !name.starts_with("iexec-hsm "))
        .collect();
    assert_eq!(listed, built);
}

/// Unpacks the archive and returns its one folder. All in it belongs to root and is as old as the commit.
fn unpacked(archive: &Path, work: &Work<'_>) -> PathBuf {
    let listing = ["--numeric-owner", "--full-time", "-tvzf"];
    let listing = [&listing[..], &[archive.to_str().unwrap()]].concat();
    let listing = run("tar", &listing, root());
    let times: BTreeSet<_> = listing
        .lines()
        .map(|line| {
            let words: Vec<_> = line.split_whitespace().collect();
            assert_eq!(words[1], "0/0", "{line}");
            (words[3].to_owned(), words[4].to_owned())
        })
        .collect();
    assert_eq!(times.len(), 1, "{times:?}");
    let folder = work.path("archive");
    fs::create_dir(&folder).unwrap();
    run("tar", &["-xzf", archive.to_str().unwrap()], &folder);
    one(&folder, "-linux")
}

/// The package needs what the binary is linked with, and recommends what it looks for when it runs.
fn fields(package: &Path, folder: &Path) {
    let field = |name: &str| {
        let args = ["--field", package.to_str().unwrap(), name];
        run("dpkg-deb", &args, folder)
    };
    assert!(field("Depends").contains("libc6 (>= 2."));
    assert!(field("Depends").contains("libgcc-s1"));
    for name in ["softhsm2", "opensc"] {
        assert!(field("Recommends").contains(name));
    }
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(field("Version").trim(), format!("{version}-1"));
}

/// Installs the package below a folder, or unpacks it there, where installing takes root.
fn installed(package: &Path, work: &Work<'_>) -> PathBuf {
    let system = work.path("system");
    let database = system.join("var/lib/dpkg");
    fs::create_dir_all(database.join("info")).unwrap();
    fs::create_dir(database.join("updates")).unwrap();
    fs::write(database.join("status"), "").unwrap();
    let (folder, file) = (system.to_str().unwrap(), package.to_str().unwrap());
    if !rustix::process::geteuid().is_root() {
        run("dpkg-deb", &["-x", file, folder], root());
        return system;
    }
    let at = format!("--root={folder}");
    run("dpkg", &[&at, "--force-depends", "--install", file], root());
    assert_eq!(run("dpkg", &[&at, "--verify"], root()), "");
    system
}

fn same_version(program: &Path, work: &Work<'_>) {
    let said = run(program.to_str().unwrap(), &["--version"], root());
    assert_eq!(said, work.run(["--version"]).ok().out());
}

/// `file` is what `completions` prints.
fn completes(file: &Path, shell: &str) {
    let printed = Work::without_token().run(["completions", shell]).ok().out();
    assert_eq!(fs::read_to_string(file).unwrap(), printed);
}
