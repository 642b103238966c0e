use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, apply_filter_all_threads,
};

type Rules = BTreeMap<i64, Vec<SeccompRule>>;
type Built = Result<Rules, seccompiler::BackendError>;

/// Whether a process may run programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Programs {
    May,
    MayNot,
}

/// What is refused with EPERM: into other processes, the machine as a whole, namespaces. No module of the matrix was seen
/// to make one of these calls.
const FORBIDDEN: &[i64] = &[
    // Other processes.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    libc::SYS_move_pages,
    libc::SYS_migrate_pages,
    // What is mounted where.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_mount_setattr,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_setns,
    libc::SYS_open_by_handle_at,
    libc::SYS_fanotify_init,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    // The kernel and the machine.
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_acct,
    libc::SYS_syslog,
    libc::SYS_vhangup,
    libc::SYS_personality,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_kexec_file_load,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_iopl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_ioperm,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_modify_ldt,
];

/// What is answered as if the kernel did not have it: those who use it have another way then.
const UNKNOWN: &[i64] = &[
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_bpf,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    // Its flags cannot be looked at, as those of clone can.
    libc::SYS_clone3,
];

const RUN_PROGRAMS: &[i64] = &[libc::SYS_execve, libc::SYS_execveat];

/// The flags of clone that make a namespace.
const NAMESPACES: libc::c_int = libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET;

/// The flag of unshare alone that makes one.
const TIME_NAMESPACE: libc::c_int = 0x80;

/// The requests of ioctl that type into a terminal.
const TYPING: [u64; 2] = [libc::TIOCSTI, libc::TIOCLINUX];

/// Refuses calls to all threads of this process, and to the programs that it runs. Returns whether they are refused.
pub(super) fn refuse(programs: Programs) -> bool {
    let apply = |rules: Built, errno| -> Result<(), seccompiler::Error> {
        apply_filter_all_threads(&program(rules?, errno)?)
    };
    apply(forbidden(programs), libc::EPERM).is_ok() && apply(unknown(), libc::ENOSYS).is_ok()
}

/// Whether this kernel can do that.
pub(super) fn are_filtered() -> bool {
    // Only a kernel with filters has the file.
    std::path::Path::new("/proc/sys/kernel/seccomp/actions_avail").exists()
        && seccompiler::TargetArch::try_from(std::env::consts::ARCH).is_ok()
}

fn program(rules: Rules, errno: libc::c_int) -> Result<BpfProgram, seccompiler::BackendError> {
    let refused = SeccompAction::Errno(errno.cast_unsigned());
    let arch = std::env::consts::ARCH.try_into()?;
    SeccompFilter::new(rules, SeccompAction::Allow, refused, arch)?.try_into()
}

fn forbidden(programs: Programs) -> Built {
    let mut rules = always(FORBIDDEN);
    if programs == Programs::MayNot {
        rules.extend(always(RUN_PROGRAMS));
    }
    rules.insert(libc::SYS_clone, with_any_of(NAMESPACES)?);
    // A module is loaded on a thread with a working folder of its own, which is no namespace.
    let of_unshare = with_any_of(NAMESPACES | TIME_NAMESPACE)?;
    rules.insert(libc::SYS_unshare, of_unshare);
    let typing = TYPING.map(|request| when(1, SeccompCmpOp::Eq, request));
    let typing = typing.into_iter().collect::<Result<_, _>>()?;
    rules.insert(libc::SYS_ioctl, typing);
    Ok(both_numbers(rules))
}

/// For calls whose first argument has one of these flags.
fn with_any_of(flags: libc::c_int) -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    (0..libc::c_int::BITS)
        .map(|bit| 1 << bit)
        .filter(|bit| flags & bit != 0)
        .map(|bit| u64::from(libc::c_int::cast_unsigned(bit)))
        .map(|bit| when(0, SeccompCmpOp::MaskedEq(bit), bit))
        .collect()
}

fn unknown() -> Built {
    Ok(both_numbers(always(UNKNOWN)))
}

fn always(calls: &[i64]) -> Rules {
    calls.iter().map(|call| (*call, Vec::new())).collect()
}

fn when(
    argument: u8,
    is: SeccompCmpOp,
    value: u64,
) -> Result<SeccompRule, seccompiler::BackendError> {
    let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, is, value)?;
    SeccompRule::new(vec![condition])
}

/// The same with the numbers that calls have in the x32 form, which some kernels of x86-64 take as well.
#[cfg(target_arch = "x86_64")]
fn both_numbers(mut rules: Rules) -> Rules {
    const X32: i64 = 0x4000_0000;
    /// Calls that have a number of their own there.
    const OWN: [(i64, i64); 7] = [
        (libc::SYS_ioctl, 514),
        (libc::SYS_execve, 520),
        (libc::SYS_ptrace, 521),
        (libc::SYS_kexec_load, 528),
        (libc::SYS_process_vm_readv, 539),
        (libc::SYS_process_vm_writev, 540),
        (libc::SYS_execveat, 545),
    ];
    let own = OWN
        .into_iter()
        .filter_map(|(call, number)| Some((X32 | number, rules.get(&call)?.clone())));
    let own: Rules = own.collect();
    let same: Rules = rules
        .iter()
        .map(|(call, rule)| (X32 | call, rule.clone()))
        .collect();
    rules.extend(same);
    rules.extend(own);
    rules
}

#[cfg(not(target_arch = "x86_64"))]
fn both_numbers(rules: Rules) -> Rules {
    rules
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::{self, ErrorKind};
    use std::process::Command;
    use std::thread;

    use rustix::io::Errno;
    use rustix::thread::{UnshareFlags, unshare_unsafe};
    use seccompiler::apply_filter;

    use super::*;

    /// What `work` returns on a thread to which these calls are refused.
    fn confined<T: Send>(programs: Programs, work: impl FnOnce() -> T + Send) -> T {
        let forbidden = program(forbidden(programs).unwrap(), libc::EPERM).unwrap();
        let unknown = program(unknown().unwrap(), libc::ENOSYS).unwrap();
        let confine = move || {
            apply_filter(&forbidden).unwrap();
            apply_filter(&unknown).unwrap();
            work()
        };
        thread::scope(|scope| scope.spawn(confine).join().unwrap())
    }

    fn run() -> io::Result<bool> {
        Ok(Command::new("/bin/true").status()?.success())
    }

    #[test]
    fn a_program_runs_or_does_not_and_threads_start_all_the_same() {
        assert!(confined(Programs::May, run).unwrap());
        let refused = confined(Programs::MayNot, run).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::PermissionDenied);
        let started = || thread::spawn(|| 7).join().unwrap();
        assert_eq!(confined(Programs::MayNot, started), 7);
    }

    #[test]
    fn no_namespace_is_made_by_either_call() {
        // Without the filter it takes root, or a system that lets users make some.
        #[allow(unsafe_code)]
        // SAFETY: the thread ends with the test, and has no file open that it shares.
        let unshared = confined(Programs::May, || unsafe {
            unshare_unsafe(UnshareFlags::NEWUTS)
        });
        assert_eq!(unshared, Err(Errno::PERM));
    }

    #[test]
    fn a_program_inherits_what_is_refused() {
        let script = "import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def errno(*call):
    return ctypes.get_errno() if libc.syscall(*call) < 0 else 0
print(errno(101, 0, 0, 0, 0), errno(425, 1, 0), errno(16, 0, 0x5412, 0), errno(56, 0x10000000, 0, 0, 0, 0), errno(0x40000000 | 521, 0, 0, 0, 0))";
        if !cfg!(target_arch = "x86_64") {
            return;
        }
        let output = confined(Programs::May, || {
            Command::new("python3").args(["-c", script]).output()
        });
        let Ok(output) = output else {
            eprintln!("skipped: there is no python3");
            return;
        };
        let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let (eperm, enosys) = (libc::EPERM, libc::ENOSYS);
        let expected = format!("{eperm} {enosys} {eperm} {eperm} {eperm}");
        assert_eq!(
            said,
            expected,
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
