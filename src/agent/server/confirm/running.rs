//! A program that asks, while it runs.

use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid,
};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;

/// The time for a program that is told to end.
const GRACE: Duration = Duration::from_secs(1);
/// How often it is looked whether it has ended.
const LOOK: Duration = Duration::from_millis(10);

/// The program. When this is dropped it is told to end, as nobody waits for its answer any more, and killed if it does not.
/// Only then somebody else has the turn.
pub(super) struct Running(Option<Parts>);

struct Parts {
    child: Child,
    /// Whether it leads a process group of its own.
    leads_group: bool,
    /// Given back with this.
    _turn: OwnedSemaphorePermit,
}

impl Running {
    /// Starts it.
    ///
    /// This is the one place where an agent that answers requests runs a program that is not its own: whatever confines the
    /// agent has to leave `execve`, and what that program needs, where [`Settings::confirm`](super::super::Settings::confirm) is
    /// set, and nowhere else.
    pub(super) fn start(
        mut command: Command,
        leads_group: bool,
        turn: OwnedSemaphorePermit,
    ) -> Result<Self, String> {
        let child = command
            .spawn()
            .map_err(|error| format!("cannot be run: {error}"))?;
        Ok(Self(Some(Parts {
            child,
            leads_group,
            _turn: turn,
        })))
    }

    pub(super) fn take_stdin(&mut self) -> Option<ChildStdin> {
        self.0.as_mut()?.child.stdin.take()
    }

    pub(super) fn take_stdout(&mut self) -> Option<ChildStdout> {
        self.0.as_mut()?.child.stdout.take()
    }

    /// Waits for its end.
    pub(super) async fn wait(mut self) -> Result<ExitStatus, String> {
        let Some(parts) = &mut self.0 else {
            return Err("is gone".into());
        };
        let ended = parts.child.wait().await;
        self.0 = None;
        ended.map_err(|error| format!("cannot be waited for: {error}"))
    }

    /// Leaves it to its end, which it has been told of.
    pub(super) fn leave(mut self) {
        if let Some(parts) = self.0.take() {
            parts.end_later();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(parts) = self.0.take() {
            parts.signal(Signal::TERM);
            parts.end_later();
        }
    }
}

impl Parts {
    /// Sends it to the program, and to its children where it leads them.
    fn signal(&self, signal: Signal) {
        let Some(id) = self.id() else {
            return;
        };
        // It may have ended just now.
        let _ = match self.leads_group {
            true => kill_process_group(id, signal),
            false => kill_process(id, signal),
        };
    }

    /// Waits for its end without keeping anybody, at most for [`GRACE`], and kills what is left of it.
    fn end_later(mut self) {
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        runtime.spawn(async move {
            let _ = tokio::time::timeout(GRACE, self.ended()).await;
            self.signal(Signal::KILL);
            let _ = self.child.wait().await;
        });
    }

    /// Returns once it has ended. It is not reaped: until then its id, which is that of its group, is nobody else's.
    async fn ended(&self) {
        let looked_at = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        while let Some(id) = self.id()
            && let Ok(None) = waitid(WaitId::Pid(id), looked_at)
        {
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Its id; none once it has been reaped.
    fn id(&self) -> Option<Pid> {
        Pid::from_raw(i32::try_from(self.child.id()?).ok()?)
    }
}

impl Drop for Parts {
    /// Kills it where nothing waits for its end any more, which is so at the end of the agent. Tokio alone would leave its children.
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}
