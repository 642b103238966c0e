//! A disk that is full, or soon will be.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// A small file system, which goes away with this.
pub struct Disk(TempDir);

impl Disk {
    /// One of so many bytes, or nothing and a word to the reader.
    pub fn of(size: usize) -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let options = format!("size={size}");
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(folder.path());
        if rustix::process::geteuid().is_root() && mount.status().is_ok_and(|it| it.success()) {
            return Some(Self(folder));
        }
        println!("skipped: only root may mount a small disk, and not everywhere");
        None
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Leaves no room for one byte more.
    pub fn fill(&self) {
        fs::write(self.path().join("filling"), vec![0; 1 << 20]).unwrap_err();
    }

    /// Makes room again.
    pub fn empty(&self) {
        fs::remove_file(self.path().join("filling")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.path()).status();
    }
}
