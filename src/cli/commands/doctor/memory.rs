//! Whether secrets in memory could get onto a disk.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::process::{Resource, getrlimit};

use super::check::Check;
use crate::locked::Locked;
use crate::text::escape::Shown as _;

const NAME: &str = "memory";

pub(super) fn check() -> Check {
    let swaps = fs::read_to_string("/proc/swaps").unwrap_or_default();
    let open: Vec<PathBuf> = places(&swaps)
        .filter(|place| !is_safe(Path::new("/sys"), place))
        .collect();
    told(Locked::is_possible(), &open)
}

/// What is to be said where memory can be locked or not, and these places of swap are not encrypted.
fn told(is_locked: bool, open: &[PathBuf]) -> Check {
    let named: Vec<String> = open.iter().map(|it| it.shown().into_owned()).collect();
    let named = named.join(", ");
    match (is_locked, open) {
        (true, []) => Check::ok(
            NAME,
            "PINs and keys are kept out of swap, and no swap is unencrypted",
        ),
        (true, _) => {
            let found = format!(
                "PINs and keys are kept out of swap; of results, parts can get into {named}, which is not encrypted"
            );
            Check::ok(NAME, found)
        }
        (false, []) => Check::ok(
            NAME,
            "the system locks no memory, and no swap is unencrypted",
        ),
        (false, _) => {
            let limit = getrlimit(Resource::Memlock).current.unwrap_or(u64::MAX);
            let found = format!(
                "PINs and keys can get into {named}, which is not encrypted: the system locks no memory for this program (its limit is {limit} bytes)"
            );
            Check::warning(NAME, found)
                .fix("Raise the limit with `ulimit -l` or LimitMEMLOCK=, or encrypt the swap.")
        }
    }
}

/// The files and devices in `/proc/swaps`.
fn places(swaps: &str) -> impl Iterator<Item = PathBuf> {
    let lines = swaps.lines().skip(1);
    // Blanks in a name are \040.
    lines.filter_map(|line| Some(line.split_whitespace().next()?.replace("\\040", " ").into()))
}

/// Whether what is written to this file or device is encrypted, or stays in memory, as `/sys` tells.
fn is_safe(sys: &Path, place: &Path) -> bool {
    let Ok(found) = fs::metadata(place) else {
        return false;
    };
    let is_device =
        rustix::fs::FileType::from_raw_mode(found.mode()) == rustix::fs::FileType::BlockDevice;
    let number = if is_device { found.rdev() } else { found.dev() };
    let number = format!(
        "{}:{}",
        rustix::fs::major(number),
        rustix::fs::minor(number)
    );
    device_is_safe(&sys.join("dev/block").join(number))
}

/// The same of a device in `/sys`; one that stands on others is safe where each of them is.
fn device_is_safe(device: &Path) -> bool {
    let read = |name: &str| fs::read_to_string(device.join(name)).unwrap_or_default();
    let is_encrypted = read("dm/uuid").starts_with("CRYPT-");
    let name = fs::canonicalize(device).unwrap_or_default();
    let is_zram = name
        .file_name()
        .is_some_and(|it| it.as_encoded_bytes().starts_with(b"zram"));
    if is_encrypted || (is_zram && matches!(read("backing_dev").trim(), "" | "none")) {
        return true;
    }
    let Ok(below) = fs::read_dir(device.join("slaves")) else {
        return false;
    };
    let mut below = below.flatten().map(|it| it.path()).peekable();
    below.peek().is_some() && below.all(|it| device_is_safe(&it))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::cli::commands::doctor::check::State;

    #[test]
    fn swap_that_is_not_encrypted_is_named_where_nothing_can_be_locked() {
        let swap = [PathBuf::from("/dev/sda2")];
        for (is_locked, open, state) in [
            (true, &swap[..], State::Ok),
            (false, &[], State::Ok),
            (false, &swap, State::Warning),
        ] {
            let check = told(is_locked, open);
            assert_eq!(check.state, state, "{}", check.found);
            assert_eq!(check.found.contains("/dev/sda2"), !open.is_empty());
        }
    }

    #[test]
    fn places_are_read_as_the_kernel_writes_them() {
        let swaps = "Filename\tType\tSize\tUsed\tPriority\n/dev/dm-1 partition 8 0 -2\n/a\\040b file 8 0 -3\n";
        let found: Vec<_> = places(swaps).collect();
        assert_eq!(found, [Path::new("/dev/dm-1"), Path::new("/a b")]);
    }

    #[test]
    fn a_device_is_safe_where_it_or_all_below_it_is() {
        let sys = tempfile::tempdir().unwrap();
        let device = |name: &str, files: &[(&str, &str)]| {
            let folder = sys.path().join(name);
            fs::create_dir_all(folder.join("slaves")).unwrap();
            for (file, content) in files {
                let path = folder.join(file);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, content).unwrap();
            }
            folder
        };
        let plain = device("sda2", &[]);
        let crypt = device("dm-0", &[("dm/uuid", "CRYPT-LUKS2-1-swap\n")]);
        let volume = device("dm-1", &[("dm/uuid", "LVM-1\n")]);
        let mixed = device("dm-2", &[("dm/uuid", "LVM-2\n")]);
        let zram = device("zram0", &[("backing_dev", "none\n")]);
        let backed = device("zram1", &[("backing_dev", "/dev/sda3\n")]);
        for (above, below) in [(&volume, &crypt), (&mixed, &crypt), (&mixed, &plain)] {
            let link = above.join("slaves").join(below.file_name().unwrap());
            std::os::unix::fs::symlink(below, link).unwrap();
        }
        let safe = [&crypt, &volume, &zram].map(|it| device_is_safe(it));
        let not = [&plain, &mixed, &backed].map(|it| device_is_safe(it));
        assert_eq!((safe, not), ([true; 3], [false; 3]));
        assert!(!device_is_safe(&sys.path().join("gone")));
    }
}
