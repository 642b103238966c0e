//! Where a result goes: one file, several, or the standard output, and never over what must stay.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::*;

fn plain() -> Vec<u8> {
    plain_zip(&[("result.txt", b"Hello, world!")])
}

/// A work folder with a good archive, one for another key and one that is none.
fn furnished<'t>(keyed: &'t Keyed) -> Work<'t> {
    let (_, stranger) = openssl::rsa_key(2048);
    let work = keyed.work();
    work.write("good.zip", keyed.archive(&plain()));
    work.write(
        "strange.zip",
        Sealed::current(&stranger, &plain()).archive(),
    );
    work.write("plain.zip", plain());
    work
}

fn decrypt(work: &Work, args: &[&str]) -> Run {
    work.run([&["result", "decrypt"], args].concat())
}

/// A run that fails and changes nothing.
#[track_caller]
fn refused(work: &Work, args: &[&str], exit: i32) -> Run {
    unchanged(&work.folder(), || decrypt(work, args)).fails(exit)
}

#[test]
fn without_options_the_names_are_those_of_the_sdk() {
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write("encryptedResults.zip", keyed.archive(&plain()));
    let run = decrypt(&work, &[]).ok();
    assert!(tree(&work.folder())[Path::new("results.zip")] == Node::file(plain()));
    let path = work.path("results.zip").display().to_string();
    assert_eq!(run.out(), "");
    let words = format!("Results successfully decrypted in {path}\n");
    assert!(run.err().starts_with(&words), "{}", run.err());

    let json = decrypt(&work, &["--force", "--raw"]).ok().raw();
    assert_eq!(json["ok"], true);
    assert_eq!(json["resultsPath"], path);
    assert_eq!(json["bytes"], plain().len());
    assert_eq!(json["entries"], 1);
    assert!(json["key"].as_str().unwrap().starts_with("pkcs11:"));
}

#[test]
fn a_named_output_is_for_its_owner_only_wherever_it_is() {
    let keyed = Keyed::new();
    let work = furnished(&keyed);
    fs::create_dir(work.path("sub")).unwrap();
    let absolute = work.path("absolute.zip").display().to_string();
    for output in ["here.zip", "sub/there.zip", "./-odd name", &absolute] {
        decrypt(&work, &["good.zip", "--output", output]).ok();
        let path = work.path(output);
        let found = tree(path.parent().unwrap());
        assert!(found[Path::new(path.file_name().unwrap())] == Node::file(plain()));
    }
    work.is_tidy();
}

#[test]
fn several_archives_go_to_a_folder_after_one_login_with_a_line_each() {
    let keyed = Keyed::new();
    let work = furnished(&keyed);
    for name in ["a.zip", "b.zip", "c.other"] {
        work.write(name, keyed.archive(&plain()));
    }
    let args = [
        "result",
        "decrypt",
        "a.zip",
        "b.zip",
        "c.other",
        "--output-dir",
        "new/out",
    ];
    // The second to read this PIN file would find it empty.
    let once = work.cmd(args).env("IEXEC_HSM_PIN_FILE", "/dev/stdin");
    let run = once.stdin(keyed.token.pin.clone() + "\n").run().ok();
    assert_eq!(run.out(), "");
    let out = work.path("new/out").display().to_string();
    let lines = [
        format!("a.zip -> {out}/a.zip"),
        format!("b.zip -> {out}/b.zip"),
        format!("c.other -> {out}/c.zip"),
    ];
    assert_eq!(run.err().lines().collect::<Vec<_>>(), lines);
    let found = tree(&work.path("new/out"));
    assert_eq!(found.len(), 3);
    assert!(found.values().all(|node| *node == Node::file(plain())));
}

#[test]
fn several_archives_ask_for_the_pin_once() {
    let keyed = Keyed::new();
    let work = furnished(&keyed);
    work.write("again.zip", keyed.archive(&plain()));
    let args = [
        "result",
        "decrypt",
        "good.zip",
        "again.zip",
        "--output-dir",
        "out",
    ];
    let mut pty = Pty::spawn(&work.cmd(args));
    pty.expect("PIN of the token").until_echo(false);
    pty.send(&(keyed.token.pin.clone() + "\n"));
    let (code, shown) = pty.wait();
    assert_eq!(code, 0, "{shown}");
    assert_eq!(shown.matches("PIN of the token").count(), 1, "{shown}");
    assert_eq!(tree(&work.path("out")).len(), 2);
}

#[test]
fn after_a_failure_the_other_archives_go_on_and_the_first_failure_is_the_exit_code() {
    let keyed = Keyed::new();
    let work = furnished(&keyed);
    work.write("last.zip", keyed.archive(&plain()));
    work.write("out/good.zip", "old");
    let all = [
        "strange.zip",
        "good.zip",
        "plain.zip",
        "missing.zip",
        "last.zip",
    ];
    let args = [&all[..], &["--output-dir", "out"]].concat();
    let run = decrypt(&work, &args).fails(20);
    let err = run.err();
    let errors: Vec<_> = err
        .lines()
        .filter(|line| !line.starts_with(" hint"))
        .collect();
    let starts = [
        "error: strange.zip: cannot decrypt",
        "error: good.zip: ",
        "error: plain.zip: this is not an encrypted result",
        "error: missing.zip: ",
        "last.zip -> ",
        "1 of 5 archives opened; 1 failed with exit code 20, ",
    ];
    assert_eq!(errors.len(), starts.len(), "{err}");
    for (line, start) in errors.iter().zip(starts) {
        assert!(line.starts_with(start), "{err}");
    }
    let found = tree(&work.path("out"));
    assert_eq!(found.len(), 2);
    assert!(found[Path::new("last.zip")] == Node::file(plain()));
    assert_eq!(work.read("out/good.zip"), b"old");

    // Another order, another exit code.
    let reversed: Vec<_> = all.iter().rev().copied().collect();
    let args = [&reversed[..], &["--output-dir", "out2"]].concat();
    decrypt(&work, &args).fails(23);
}

#[test]
fn in_raw_mode_each_archive_is_one_object() {
    let keyed = Keyed::new();
    let work = furnished(&keyed);
    work.write("last.zip", keyed.archive(&plain()));
    let args = [
        "good.zip",
        "plain.zip",
        "strange.zip",
        "last.zip",
        "--raw",
        "--output-dir",
        "out",
    ];
    let run = decrypt(&work, &args).fails(21);
    let objects = |text: String| -> Vec<Value> {
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        lines.collect()
    };
    let mut done = objects(run.out());
    let counts = json!({
        "archives": 4, "opened": 2, "existed": 0, "failedBefore": 0, "failed": {"20": 1, "21": 1},
        "notTried": 0, "exit": 21,
    });
    assert_eq!(done.pop(), Some(json!({ "summary": counts })));
    let archives: Vec<_> = done.iter().map(|it| it["archive"].clone()).collect();
    assert_eq!(archives, ["good.zip", "last.zip"]);
    assert!(
        done.iter()
            .all(|it| it["ok"] == true && it["bytes"] == plain().len())
    );
    let failed = objects(run.err());
    let exits: Vec<_> = failed
        .iter()
        .map(|it| it["error"]["exit"].clone())
        .collect();
    assert_eq!(exits, [21, 20]);
    let message = |at: usize| failed[at]["error"]["message"].as_str().unwrap();
    assert!(message(0).starts_with("plain.zip: ") && message(1).starts_with("strange.zip: "));
}

#[test]
fn a_wrong_pin_is_tried_once_however_many_archives_there_are() {
    let keyed = Keyed::new();
    let work = furnished(&keyed);
    work.write("again.zip", keyed.archive(&plain()));
    let wrong = keyed.token.secret_file("wrong", "0000");
    let args = [
        "result",
        "decrypt",
        "good.zip",
        "again.zip",
        "--output-dir",
        "out",
    ];
    let run = work
        .cmd(args)
        .env("IEXEC_HSM_PIN_FILE", wrong)
        .run()
        .fails(12);
    assert_eq!(run.err().matches("error: ").count(), 1, "{}", run.err());
}

#[test]
fn several_archives_need_places_that_differ() {
    let keyed = Keyed::new();
    let work = furnished(&keyed);
    work.write("sub/good.zip", keyed.archive(&plain()));
    for args in [
        &["good.zip", "strange.zip"][..],
        &["good.zip", "strange.zip", "--output", "one.zip"],
        &["good.zip", "sub/good.zip", "--output-dir", "out"],
        &["good.zip", "sub/good.zip", "--extract", "out"],
        &["good.zip", "--output", "a", "--extract", "b"],
        &["good.zip", "--output", "a", "--output-dir", "b"],
    ] {
        refused(&work, args, 2);
    }
}

#[test]
fn a_folder_that_was_made_for_nothing_goes_away() {
    let keyed = Keyed::new();
    let work = furnished(&keyed);
    refused(&work, &["strange.zip", "--output-dir", "new/out"], 20);
    refused(
        &work,
        &["strange.zip", "plain.zip", "--output-dir", "out"],
        20,
    );
    refused(&work, &["strange.zip", "--extract", "new/out"], 20);
    let run = refused(&work, &["good.zip", "--output-dir", "plain.zip/out"], 23);
    assert!(run.err().contains("plain.zip/out"), "{}", run.err());
}

#[test]
fn what_exists_stays_without_a_terminal_and_goes_with_force() {
    let keyed = Keyed::new();
    let work = furnished(&keyed);
    work.write("results.zip", "old");
    let run = refused(&work, &["good.zip"], 22);
    assert!(run.err().contains("--force"), "{}", run.err());
    let raw = refused(&work, &["good.zip", "--raw"], 22);
    assert_eq!(raw.raw_error()["code"], "output-exists");
    decrypt(&work, &["good.zip", "--force"]).ok();
    assert!(tree(&work.folder())[Path::new("results.zip")] == Node::file(plain()));
}

#[test]
fn on_a_terminal_the_person_is_asked_before_what_exists_goes() {
    let keyed = Keyed::new();
    let work = furnished(&keyed);
    work.write("results.zip", "old");
    let cmd = || work.cmd(["result", "decrypt", "good.zip"]).pin();
    for answer in ["n\n", "\n", "maybe\n", "\x04"] {
        let mut pty = Pty::spawn(&cmd());
        pty.expect("results.zip already exists, replace it? [y/N] ");
        assert_eq!(pty.send(answer).wait().0, 22, "{answer:?}");
        assert_eq!(work.read("results.zip"), b"old", "{answer:?}");
    }
    // Nobody is asked in a mode for scripts.
    for option in ["--raw", "--no-input"] {
        assert_eq!(Pty::spawn(&cmd().arg(option)).wait().0, 22, "{option}");
    }
    let mut pty = Pty::spawn(&cmd());
    pty.expect("replace it? [y/N] ").send("y\n");
    assert_eq!(pty.wait().0, 0);
    assert!(work.read("results.zip") == plain());
    work.is_tidy();
}

#[test]
fn the_archive_is_never_its_own_output_under_any_name() {
    let keyed = Keyed::new();
    let work = furnished(&keyed);
    fs::hard_link(work.path("good.zip"), work.path("hard.zip")).unwrap();
    symlink("good.zip", work.path("soft.zip")).unwrap();
    let sealed = Sealed::current(&keyed.public, &plain());
    work.write("folder/aes-key.rsa", &sealed.key);
    work.write("folder/iexec_out.zip.aes", &sealed.body);
    for args in [
        ["good.zip", "good.zip"],
        ["good.zip", "./good.zip"],
        ["good.zip", "hard.zip"],
        ["good.zip", "soft.zip"],
        ["folder", "folder/iexec_out.zip.aes"],
        ["folder", "folder/aes-key.rsa"],
        ["folder/iexec_out.zip.aes", "folder/aes-key.rsa"],
    ] {
        let run = refused(&work, &[args[0], "--force", "--output", args[1]], 22);
        assert!(run.err().contains("it is the archive"), "{}", run.err());
    }
    refused(&work, &["good.zip", "--force", "--output-dir", "."], 22);
}

#[test]
fn only_regular_files_are_replaced() {
    let keyed = Keyed::new();
    let work = furnished(&keyed);
    fs::create_dir(work.path("folder")).unwrap();
    symlink("nowhere", work.path("dangling")).unwrap();
    symlink("folder", work.path("to-folder")).unwrap();
    let made = Command::new("mkfifo").arg(work.path("pipe")).status();
    assert!(made.unwrap().success());
    for (output, says) in [
        ("folder", "it is a folder"),
        ("to-folder", "it is a folder"),
        ("dangling", "a link to nowhere"),
        ("pipe", "not a regular file"),
        ("/dev/null", "not a regular file"),
    ] {
        let run = refused(&work, &["good.zip", "--force", "--output", output], 22);
        assert!(run.err().contains(says), "{output}: {}", run.err());
    }
    for output in [
        "missing/results.zip",
        "good.zip/results.zip",
        // The next run would take it for something that a run before it left.
        ".iexec-hsm-x.part",
    ] {
        let run = refused(&work, &["good.zip", "--output", output], 23);
        assert!(run.err().contains(output), "{}", run.err());
    }
}

#[test]
fn a_link_is_not_replaced_and_what_it_leads_to_stays() {
    let keyed = Keyed::new();
    let work = furnished(&keyed);
    work.write("precious", "old");
    symlink("precious", work.path("link")).unwrap();
    for args in [
        &["good.zip", "--output", "link"][..],
        &["good.zip", "--force", "-o", "link"],
    ] {
        let run = refused(&work, args, 22);
        assert!(run.err().contains("it is a link"), "{}", run.err());
    }
}

/// Runs a command by a shell that passes streams on; its words follow.
fn shell(work: &Work, script: &str, args: &[&str]) -> Run {
    let script = format!(r#"exec "$0" "$@" {script}"#);
    let cmd = work.cmd(args).pin().under(["bash", "-c", &script]);
    cmd.run()
}

#[test]
fn names_of_streams_are_streams() {
    let keyed = Keyed::new();
    let work = furnished(&keyed);
    let result = &["result", "decrypt", "good.zip", "--force", "-o"][..];
    let entry = &[
        "result",
        "decrypt",
        "good.zip",
        "--entry",
        "result.txt",
        "-o",
    ][..];
    let public = &[
        "key",
        "export",
        "--force",
        "--wallet-address",
        ADDRESS,
        "-o",
    ][..];
    let device = fs::read_link("/dev/stdout").unwrap();
    for (command, expected) in [
        (result, plain()),
        (entry, b"Hello, world!".to_vec()),
        (public, keyed.public.clone().into_bytes()),
    ] {
        for (path, redirected) in [
            ("-", ">to"),
            ("/dev/stdout", ">to"),
            ("/dev/fd/1", ">to"),
            ("/proc/self/fd/1", ">to"),
            ("/dev/stdout", "> >(cat >to)"),
            ("/dev/fd/7", "7>to"),
            ("/proc/self/fd/7", "7>to"),
            ("/dev/fd/7", "7> >(cat >to)"),
        ] {
            let _ = fs::remove_file(work.path("to"));
            shell(&work, redirected, &[command, &[path]].concat()).ok();
            let found = until_written(&work, expected.len());
            assert!(found == expected, "{command:?} {path} {redirected}");
        }
        let run = shell(&work, "2>to", &[command, &["/dev/stderr"]].concat()).ok();
        assert_eq!(run.out(), "");
        assert!(work.read("to").starts_with(&expected), "{command:?}");
    }
    assert_eq!(fs::read_link("/dev/stdout").unwrap(), device);
    // What a stream holds already stays.
    work.write("log", "before ");
    shell(&work, "7>>log", &[entry, &["/dev/fd/7"]].concat()).ok();
    assert_eq!(work.read("log"), b"before Hello, world!");
    // One that is to be read, and one that is none.
    for (redirected, path) in [("7<good.zip", "/dev/fd/7"), ("", "/dev/fd/77")] {
        let run = unchanged(&work.folder(), || {
            shell(&work, redirected, &[result, &[path]].concat())
        });
        let run = run.fails(23);
        assert!(run.err().contains(path), "{}", run.err());
    }
    let sealed = [
        "result",
        "encrypt",
        "plain.zip",
        "-o",
        "/dev/stdout",
        "--force",
    ];
    let run = work.run(sealed).fails(2);
    assert!(run.err().contains("the standard output"), "{}", run.err());
    assert_eq!(fs::read_link("/dev/stdout").unwrap(), device);
}

/// What the program at the other end of a stream has written, once it is all there.
fn until_written(work: &Work, len: usize) -> Vec<u8> {
    loop {
        if let Ok(found) = fs::read(work.path("to"))
            && found.len() >= len
        {
            return found;
        }
        std::thread::yield_now();
    }
}
