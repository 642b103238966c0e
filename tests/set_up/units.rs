//! The units of systemd: behind their filters of system calls all works, and the walls that the program puts up itself stand.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_json::Value;

use crate::chain::pull::{World, told};
use crate::support::pages::root;
use crate::support::*;

/// Runs a command as a unit's `SystemCallFilter=` has it. `systemd-analyze` says what is in a group.
const FILTER: &str = r##"import ctypes, os, re, struct, subprocess, sys

def said(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout

groups = {}
for line in said("systemd-analyze", "--no-pager", "syscall-filter").splitlines():
    line = re.sub(r"\x1b\[[0-9;]*m", "", line)
    if line.startswith("@"): group = groups.setdefault(line.split()[0], [])
    elif line.startswith("    ") and line.strip()[0] != "#": group.append(line.strip())

def calls(words):
    for word in words:
        yield from calls(groups[word]) if word[0] == "@" else [word]

allowed = set(calls(["@default"])) | {"execve"}
for line in re.findall(r"^SystemCallFilter=(.*)$", open(sys.argv[1]).read(), re.M):
    words = set(calls(line.lstrip("~").split()))
    allowed = allowed - words if line[0] == "~" else allowed | words

defined = said("cc", "-dM", "-E", "-x", "c", "-include", "asm/unistd.h", "/dev/null")
numbers = dict(re.findall(r"#define __NR_(\w+) (\d+)$", defined, re.M))
step = lambda code, yes, no, value: struct.pack("HBBI", code, yes, no, value)
program = step(0x20, 0, 0, 0)
for name in sorted(allowed & set(numbers)):
    program += step(0x15, 0, 1, int(numbers[name])) + step(6, 0, 0, 0x7fff0000)
program += step(6, 0, 0, 0x00050001)
libc, steps = ctypes.CDLL(None), ctypes.create_string_buffer(program)
filtered = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(steps))
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.c_char_p(filtered), 0, 0) == 0
os.execvp(sys.argv[2], sys.argv[2:])
"##;

/// What a command runs under to be where a service is; nothing and a word to the reader where that cannot be.
fn filter_of(work: &Work<'_>, unit: &str) -> Option<Vec<String>> {
    let filter = work.write("filter.py", FILTER);
    let unit = root().join("docs/systemd").join(unit);
    let under = ["python3".into(), filter, unit].map(|it| it.to_str().unwrap().to_owned());
    let tried = Command::new(&under[0])
        .args(&under[1..])
        .arg("true")
        .output();
    match tried {
        Ok(tried) if tried.status.success() => Some(under.to_vec()),
        _ => {
            eprintln!("skipped: python3, cc or systemd-analyze is missing");
            None
        }
    }
}

#[test]
fn the_agents_own_walls_stand_behind_its_unit() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let Some(filter) = filter_of(&work, "iexec-hsm-agent.service") else {
        return;
    };
    work.write("a.zip", keyed.archive(&plain_zip(&[("a", b"b")])));
    let walls = |cmd: Cmd, name: &str| -> Value {
        let agent = Agent::start(cmd.pin());
        let decrypt = ["result", "decrypt", "a.zip", "--require-agent", "-o", name];
        agent.cmd(&work, decrypt).run().ok();
        let (_, status) = agent.get("/v1/status");
        status["confinement"].clone()
    };
    let alone = walls(agent::command(&work, &[]), "one.zip");
    let behind = walls(agent::command(&work, &[]).under(&filter), "two.zip");
    assert_eq!(behind, alone);
}

#[test]
fn results_are_pulled_and_taken_in_behind_their_unit() {
    let Some(world) = World::new() else { return };
    let work = world.keyed.work();
    let Some(filter) = filter_of(&work, "iexec-hsm-pull.service") else {
        return;
    };
    world.configured(&work);
    world.tasks(3);
    let agent = Agent::unlocked(&work, &[]);
    let log = work.path("log");
    let text = format!(
        "#!/usr/bin/env python3\nimport os, shutil\nplace = os.environ['IEXEC_RESULT_DIR']\n\
         shutil.copytree(place, '{0}-' + os.environ['IEXEC_TASK_ID'])\nopen('{0}', 'a').write(open(place + '/result.txt').read())\n",
        log.display()
    );
    let program = work.write("take-in", text);
    fs::set_permissions(&program, Permissions::from_mode(0o700)).unwrap();
    let args = "task pull --require-agent --raw --wallet-address";
    let cmd = agent.cmd(&work, args.split(' ').chain([ADDRESS, "--exec"]));
    let run = cmd.arg(program).under(&filter).run().ok();
    assert_eq!(told(&run).1["pulled"], 3);
    let taken = String::from_utf8(work.read("log")).unwrap();
    assert_eq!(taken.matches("result ").count(), 3);
}

/// What confines an extraction is nowhere told, so it is looked for.
#[test]
fn no_unit_keeps_the_program_from_confining_itself() {
    for name in ["iexec-hsm-agent.service", "iexec-hsm-pull.service"] {
        let unit = fs::read_to_string(root().join("docs/systemd").join(name)).unwrap();
        let filters = unit
            .lines()
            .filter_map(|it| it.strip_prefix("SystemCallFilter="));
        let allowed: Vec<_> = filters.flat_map(|it| it.split(' ')).collect();
        for call in ["create_ruleset", "add_rule", "restrict_self"] {
            let call = format!("landlock_{call}");
            assert!(allowed.contains(&&*call), "{name}: {call}");
        }
    }
}
