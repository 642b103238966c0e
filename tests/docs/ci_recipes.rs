//! The recipes in docs/ci, run as their services would: step by step, each in a shell of its own on GitHub, all in one
//! on GitLab. What is not here is the service: checkouts and `cargo install` are looked at and not done.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::pages::{Page, root};

const PAGE: &str = "docs/ci.md";

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

fn file(name: &str) -> Value {
    yaml(&fs::read_to_string(root().join(name)).unwrap())
}

/// The block of the page that is to be saved as `name`.
fn snippet(name: &str) -> Value {
    let comment = format!("file: {name}");
    let blocks = Page::named(PAGE).all_blocks().into_iter();
    let mut found = blocks.filter(|block| block.comments.contains(&comment));
    yaml(&found.next().unwrap().text)
}

type Variables = BTreeMap<String, String>;

/// Entries of a mapping as environment variables.
fn variables(of: &Value) -> Variables {
    let entries = of.as_object().into_iter().flatten();
    entries
        .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
        .collect()
}

/// The machine of a job, with data to be sealed in its working folder.
struct Machine {
    folder: tempfile::TempDir,
}

impl Machine {
    fn new() -> Self {
        let machine = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        for folder in ["bin", "home", "temp", "work/testdata"] {
            fs::create_dir_all(machine.path(folder)).unwrap();
        }
        fs::write(machine.path("work/testdata/answer"), "42\n").unwrap();
        // The program is there already, and the network is not asked.
        machine.program("cargo", r#"echo "$*" >>"$0.log""#);
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a program on the path.
    fn program(&self, name: &str, script: &str) {
        let path = self.path("bin").join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// How `name` was called.
    fn calls(&self, name: &str) -> String {
        fs::read_to_string(self.path("bin").join(format!("{name}.log"))).unwrap()
    }

    /// Runs a script as both services do: it ends at the first failure.
    #[track_caller]
    fn bash(&self, script: &str, variables: &Variables) {
        let program = Path::new(env!("CARGO_BIN_EXE_iexec-hsm"));
        let path = [self.path("bin"), program.parent().unwrap().to_owned()];
        let path = path.map(|it| it.display().to_string()).join(":");
        let output = Command::new("bash")
            .args(["-e", "-o", "pipefail", "-c", script])
            .current_dir(self.path("work"))
            .env_clear()
            .env("PATH", format!("{path}:{}", std::env::var("PATH").unwrap()))
            .env("HOME", self.path("home"))
            .env("TMPDIR", self.path("temp"))
            .env("RUNNER_TEMP", self.path("temp"))
            .envs(variables)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script}\n{said}");
    }

    /// The result was opened, and nothing else was left in the job's folder.
    fn has_opened_it(&self) -> bool {
        let mut left: Vec<_> = fs::read_dir(self.path("work"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        left.sort();
        left.retain(|name| name != ".iexec-hsm");
        left == ["opened", "testdata"]
            && fs::read(self.path("work/opened/answer")).unwrap() == b"42\n"
    }
}

/// A value with the `${{ ... }}` in it replaced.
fn replaced(value: &str, known: &Variables) -> String {
    let mut parts = value.split("${{ ");
    let mut text = parts.next().unwrap().to_owned();
    for part in parts {
        let (name, rest) = part.split_once(" }}").unwrap();
        text.push_str(
            known
                .get(name)
                .unwrap_or_else(|| panic!("{name} is nothing")),
        );
        text.push_str(rest);
    }
    text
}

/// Runs one step of a workflow or an action; returns its outputs. What it exports goes to `job`.
#[track_caller]
fn step(machine: &Machine, step: &Value, known: &Variables, job: &mut Variables) -> Variables {
    let mut all = job.clone();
    for (name, value) in variables(&step["env"]) {
        all.insert(name, replaced(&value, known));
    }
    let files = [
        ("GITHUB_ENV", "env"),
        ("GITHUB_OUTPUT", "output"),
        ("GITHUB_PATH", "path"),
    ];
    for (name, file) in files {
        fs::write(machine.path(file), "").unwrap();
        all.insert(name.into(), machine.path(file).display().to_string());
    }
    machine.bash(step["run"].as_str().unwrap(), &all);
    let written = |file: &str| {
        let text = fs::read_to_string(machine.path(file)).unwrap();
        let pairs = text.lines().map(|line| line.split_once('=').unwrap());
        pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect::<Variables>()
    };
    job.extend(written("env"));
    written("output")
}

/// Runs the action with these inputs; returns its outputs.
fn action(machine: &Machine, with: &Variables, job: &mut Variables) -> Variables {
    let action = file("docs/ci/github/action.yml");
    let mut known = Variables::new();
    for (name, input) in action["inputs"].as_object().unwrap() {
        let given = with.get(name).map(String::as_str);
        let value = given.or(input["default"].as_str()).unwrap();
        known.insert(format!("inputs.{name}"), value.to_owned());
    }
    let path = root().join("docs/ci/github").display().to_string();
    assert_eq!(action["runs"]["using"], "composite");
    for (name, value) in [("os", "Linux"), ("arch", "X64")] {
        known.insert(format!("runner.{name}"), value.into());
    }
    let temp = machine.path("temp").display().to_string();
    known.insert("runner.temp".into(), temp.clone());
    for it in action["runs"]["steps"].as_array().unwrap() {
        if it["uses"] == "actions/cache@v4" {
            // Where the program is installed, by a name that changes with its source.
            let with = |name: &str| replaced(it["with"][name].as_str().unwrap(), &known);
            assert_eq!(with("path"), format!("{temp}/iexec-hsm"));
            let sum = with("key").replace("iexec-hsm-Linux-X64-", "");
            assert_eq!(sum.len(), 32, "{sum}");
            continue;
        }
        assert_eq!(it["shell"], "bash", "an action says which shell");
        let mut all = job.clone();
        all.insert("GITHUB_ACTION_PATH".into(), path.clone());
        let outputs = step(machine, it, &known, &mut all);
        // An action's own variables end with it; what it exports stays.
        all.remove("GITHUB_ACTION_PATH");
        *job = all;
        for (name, value) in outputs {
            let id = it["id"].as_str().unwrap();
            known.insert(format!("steps.{id}.outputs.{name}"), value);
        }
    }
    let outputs = action["outputs"].as_object().unwrap().iter();
    outputs
        .map(|(name, it)| {
            (
                name.clone(),
                replaced(it["value"].as_str().unwrap(), &known),
            )
        })
        .collect()
}

#[test]
fn the_github_workflow_opens_what_its_action_sealed() {
    let machine = Machine::new();
    let workflow = snippet(".github/workflows/test.yml");
    let (mut known, mut job) = (Variables::new(), Variables::new());
    for it in workflow["jobs"]["test"]["steps"].as_array().unwrap() {
        match it["uses"].as_str() {
            Some(uses) if uses.starts_with("actions/checkout@") => {}
            Some(uses) => {
                assert_eq!(uses, "OWNER/iexec-hsm/docs/ci/github@COMMIT");
                let id = it["id"].as_str().unwrap();
                for (name, value) in action(&machine, &variables(&it["with"]), &mut job) {
                    known.insert(format!("steps.{id}.outputs.{name}"), value);
                }
            }
            None => drop(step(&machine, it, &known, &mut job)),
        }
    }
    assert!(machine.has_opened_it());
    assert_installs(&machine, root());
}

#[test]
fn the_gitlab_job_opens_what_it_sealed() {
    let machine = Machine::new();
    machine.program("git", r#"echo "$*" >>"$0.log""#);
    let pipeline = snippet(".gitlab-ci.yml");
    let include = pipeline["include"][0]["remote"].as_str().unwrap();
    assert!(include.ends_with("/OWNER/iexec-hsm/COMMIT/docs/ci/gitlab.yml"));
    let template = &file("docs/ci/gitlab.yml")[".iexec-hsm"];
    let job = &pipeline["test"];
    assert_eq!(job["extends"], ".iexec-hsm");
    let mut all = variables(&template["variables"]);
    all.extend(variables(&job["variables"]));
    let lines = |it: &Value| -> Vec<String> {
        let lines = it.as_array().unwrap().iter();
        lines
            .map(|line| line.as_str().unwrap().to_owned())
            .collect()
    };
    let script = [lines(&template["before_script"]), lines(&job["script"])].concat();
    // Where it would have been cloned to.
    let clone = "/tmp/iexec-hsm";
    let script = script
        .join("\n")
        .replace(clone, &root().display().to_string());
    machine.bash(&script, &all);
    assert!(machine.has_opened_it());
    assert_installs(&machine, root());
    let git = machine.calls("git");
    assert!(
        git.contains("clone --quiet https://github.com/OWNER/iexec-hsm "),
        "{git}"
    );
    assert!(git.contains("checkout --quiet COMMIT"), "{git}");
}

/// A release's archive, whose program runs that of the tests, and its checksum.
fn release(machine: &Machine) -> (String, String) {
    let script = format!(
        "#!/bin/sh\nexec {} \"$@\"\n",
        env!("CARGO_BIN_EXE_iexec-hsm")
    );
    let folder = machine.path("iexec-hsm-0.1.0");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("iexec-hsm"), script).unwrap();
    fs::write(folder.join("README.md"), "").unwrap();
    let program = folder.join("iexec-hsm");
    fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
    let archive = machine.path("release.tar.gz");
    let mut tar = Command::new("tar");
    tar.arg("-C").arg(machine.folder.path()).arg("-czf");
    let tar = tar.arg(&archive).arg("iexec-hsm-0.1.0");
    assert!(tar.status().unwrap().success());
    let sum = Command::new("sha256sum").arg(&archive).output().unwrap();
    let sum = String::from_utf8(sum.stdout).unwrap();
    let sum = sum.split(' ').next().unwrap().to_owned();
    (format!("file://{}", archive.display()), sum)
}

#[test]
fn a_release_is_installed_when_its_checksum_is_right_and_nothing_is_built() {
    let machine = Machine::new();
    let (url, sum) = release(&machine);
    let script = format!(
        "{} project {}",
        root().join("docs/ci/install.sh").display(),
        machine.path("installed").display()
    );
    let mut variables = Variables::new();
    variables.insert("IEXEC_HSM_RELEASE".into(), url);
    variables.insert("IEXEC_HSM_SHA256".into(), "0".repeat(64));
    machine.bash(&format!("! {script}"), &variables);
    assert!(!machine.path("installed/bin/iexec-hsm").exists());

    variables.insert("IEXEC_HSM_SHA256".into(), sum);
    machine.bash(&script, &variables);
    let program = machine
        .path("installed/bin/iexec-hsm")
        .display()
        .to_string();
    machine.bash(&format!("{program} --version"), &variables);
    // A job that has it from the cache builds nothing either.
    machine.bash(&script, &Variables::new());
    assert!(!machine.path("bin/cargo.log").exists());
}

/// The project was installed, with the crates that it was tested with.
#[track_caller]
fn assert_installs(machine: &Machine, project: &Path) {
    let calls = machine.calls("cargo");
    let (options, path) = calls.trim().rsplit_once(' ').unwrap();
    let words: Vec<&str> = options.split(' ').collect();
    let [install, quiet, locked, root, _, path_option] = words[..] else {
        panic!("{calls}")
    };
    assert_eq!(
        [install, quiet, locked, root, path_option],
        ["install", "--quiet", "--locked", "--root", "--path"]
    );
    assert_eq!(
        fs::canonicalize(path).unwrap(),
        fs::canonicalize(project).unwrap()
    );
}
