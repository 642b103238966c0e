use std::process::{Command, Stdio};

use super::units::{SERVICE, SOCKET};

/// The manager of this user's services, or that of the system.
pub(super) struct Manager(&'static [&'static str]);

impl Manager {
    pub(super) fn of(system: bool) -> Self {
        Self(if system { &[] } else { &["--user"] })
    }

    /// Has the socket listen, now and after each start.
    pub(super) fn enable(&self) -> Result<(), String> {
        for steps in Self::STEPS {
            self.run(steps)?;
        }
        Ok(())
    }

    const STEPS: [&[&str]; 2] = [&["daemon-reload"], &["enable", "--now", SOCKET]];

    /// What that runs.
    pub(super) fn enabling(&self) -> Vec<String> {
        Self::STEPS.map(|it| self.shown(it)).to_vec()
    }

    /// What takes it back, with the command that removes the files.
    pub(super) fn undoing(&self, remove: &str) -> Vec<String> {
        let disable = self.shown(&["disable", "--now", SOCKET, SERVICE]);
        vec![
            disable,
            format!("`{remove}`"),
            self.shown(&["daemon-reload"]),
        ]
    }

    fn shown(&self, steps: &[&str]) -> String {
        let words = [&["systemctl"], self.0, steps].concat();
        format!("`{}`", words.join(" "))
    }

    fn run(&self, steps: &[&str]) -> Result<(), String> {
        let shown = self.shown(steps);
        let mut command = Command::new("systemctl");
        let output = command
            .args(self.0)
            .args(steps)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("{shown}: {error}"))?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.lines().next().unwrap_or("it failed");
        Err(format!("{shown}: {}", said.escape_debug()))
    }

    /// Whether the system has an account of this name.
    pub(super) fn knows_account(name: &str) -> bool {
        let mut command = Command::new("id");
        command.args(["-u", "--", name]);
        let found = command.stdin(Stdio::null()).output();
        found.is_ok_and(|output| output.status.success())
    }
}
