//! Walls around a process or a thread. What runs inside cannot take them down, so a flaw in it reaches no further than
//! they let it. Where the kernel lacks one, the others stand.

#[cfg(feature = "agent-server")]
mod capabilities;
mod folder;
#[cfg(feature = "agent-server")]
mod private_files;
#[cfg(feature = "agent-server")]
mod system_calls;

#[cfg(feature = "agent-server")]
use std::path::Path;
#[cfg(feature = "agent-server")]
use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) use folder::only_below;
#[cfg(feature = "agent-server")]
use system_calls::Programs;

/// A wall that the kernel puts up for a process that asks for it.
#[cfg(feature = "agent-server")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wall {
    /// No program that is run has more rights than the one that runs it: what setuid, setgid and capabilities of files
    /// would give is not given.
    NoNewPrivileges,
    /// Of root's powers those are left that modules of tokens need.
    Capabilities,
    /// Calls to the kernel that nobody here needs are refused.
    SystemCalls,
    /// Some files and folders are out of reach.
    Files,
}

#[cfg(feature = "agent-server")]
impl Wall {
    pub(crate) const ALL: [Self; 4] = [
        Self::NoNewPrivileges,
        Self::Capabilities,
        Self::SystemCalls,
        Self::Files,
    ];

    /// Its name, as the kernel's documents have it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::NoNewPrivileges => "no-new-privs",
            Self::Capabilities => "capabilities",
            Self::SystemCalls => "seccomp",
            Self::Files => "landlock",
        }
    }

    /// Whether this kernel can put it up.
    pub(crate) fn is_known(&self) -> bool {
        match self {
            Self::NoNewPrivileges | Self::Capabilities => true,
            Self::SystemCalls => system_calls::are_filtered(),
            Self::Files => folder::is_known(),
        }
    }
}

/// Whether a wall of files was put around this process.
#[cfg(feature = "agent-server")]
static FILES: AtomicBool = AtomicBool::new(false);

/// Confines an agent, which runs its workers, and a program that asks whether a key may be used. All of these inherit it.
/// For the beginning of a process: threads that run already keep their powers.
#[cfg(feature = "agent-server")]
pub(crate) fn agent() {
    // Each of them stands by itself; `standing` tells of those that do.
    let _ = capabilities::drop_most_and_see_programs();
    let _ = rustix::thread::set_no_new_privs(true);
    let _ = system_calls::refuse(Programs::May);
}

/// Keeps a worker, before it loads a module, from what is private in `home`, if there is one.
#[cfg(feature = "agent-server")]
pub(crate) fn worker(home: Option<&Path>) {
    let _ = capabilities::drop_most();
    if let Some(home) = home {
        FILES.store(private_files::keep_from(home), Ordering::Relaxed);
    }
}

/// Keeps a module that is logged in from running programs.
#[cfg(feature = "agent-server")]
pub(crate) fn module() {
    let _ = system_calls::refuse(Programs::MayNot);
}

/// Keeps a process that has nothing more to open from all files, from TCP and from running programs.
#[cfg(feature = "agent-server")]
pub(crate) fn keeper() {
    let _ = capabilities::drop_most();
    FILES.store(folder::nowhere(), Ordering::Relaxed);
    let _ = system_calls::refuse(Programs::MayNot);
}

/// The walls that stand around this process.
#[cfg(feature = "agent-server")]
pub(crate) fn standing() -> impl Iterator<Item = Wall> {
    use rustix::thread::{SecureComputingMode, no_new_privs, secure_computing_mode};

    Wall::ALL.into_iter().filter(|wall| match wall {
        Wall::NoNewPrivileges => no_new_privs().unwrap_or(false),
        Wall::Capabilities => capabilities::are_few(),
        Wall::SystemCalls => {
            secure_computing_mode().is_ok_and(|mode| mode == SecureComputingMode::Filter)
        }
        Wall::Files => FILES.load(Ordering::Relaxed),
    })
}
