use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, clear_ambient_capability_set,
    remove_capability_from_bounding_set, set_capabilities,
};

/// What modules of tokens make use of where they run as root: files and shared memory of another user, as those of
/// openCryptoki, devices of a group, and locked memory.
const KEPT: CapabilitySet = CapabilitySet::CHOWN
    .union(CapabilitySet::DAC_OVERRIDE)
    .union(CapabilitySet::DAC_READ_SEARCH)
    .union(CapabilitySet::FOWNER)
    .union(CapabilitySet::IPC_LOCK)
    .union(CapabilitySet::IPC_OWNER);

/// What tells an agent of root, of the program of another process of root, which one it is. It loads no module, and the
/// calls that this would give power over others are refused.
const SEES_PROGRAMS: CapabilitySet = CapabilitySet::SYS_PTRACE;

/// Drops all of this thread but what modules use; whether the others are gone.
pub(super) fn drop_most() -> bool {
    drop_but(KEPT)
}

/// Drops all of this thread but these, and what shows the programs of others; whether the others are gone.
pub(super) fn drop_most_and_see_programs() -> bool {
    drop_but(KEPT.union(SEES_PROGRAMS))
}

fn drop_but(kept: CapabilitySet) -> bool {
    let Ok(now) = capabilities(None) else {
        return false;
    };
    if now.effective.contains(CapabilitySet::SETPCAP) {
        for capability in CapabilitySet::all().difference(kept).iter() {
            // One that the kernel does not know is not there.
            let _ = remove_capability_from_bounding_set(capability);
        }
    }
    // An old kernel has none of these.
    let _ = clear_ambient_capability_set();
    let fewer = CapabilitySets {
        effective: now.effective.intersection(kept),
        permitted: now.permitted.intersection(kept),
        inheritable: CapabilitySet::empty(),
    };
    set_capabilities(None, fewer).is_ok()
}

/// Whether this thread has none but those.
pub(super) fn are_few() -> bool {
    let few = KEPT.union(SEES_PROGRAMS);
    capabilities(None).is_ok_and(|now| few.contains(now.permitted))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_what_modules_need_is_left() {
        // Of a thread, which ends with the test.
        assert!(drop_most() && are_few());
        let left = capabilities(None).unwrap();
        assert!(KEPT.contains(left.permitted), "{:?}", left.permitted);
        assert!(KEPT.contains(left.effective), "{:?}", left.effective);
        assert!(left.inheritable.is_empty());
    }
}
