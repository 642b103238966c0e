//! What the device itself knows, whoever asks it: how often each function was called, and whether it is there.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;

/// The state of a device.
#[derive(Default)]
pub(crate) struct Device {
    /// Calls of each function, and of all under `*`.
    counts: HashMap<String, u64>,
    /// It was pulled out.
    pub(crate) is_removed: bool,
    /// How often it was.
    pub(crate) removals: u64,
}

impl Device {
    /// Counts a call.
    pub(crate) fn count(&mut self, name: &str) -> u64 {
        let count = self.counts.entry(name.to_owned()).or_default();
        *count += 1;
        *count
    }

    /// The calls so far.
    pub(crate) fn counted(&self, name: &str) -> u64 {
        self.counts.get(name).copied().unwrap_or_default()
    }

    pub(crate) fn remove(&mut self) {
        self.is_removed = true;
        self.removals += 1;
    }

    /// Removes it, or puts it back, where that is not done yet.
    pub(crate) fn follow(&mut self, away: bool) {
        match away {
            true if self.is_removed => {}
            true => self.remove(),
            false => self.is_removed = false,
        }
    }

    /// Uses the device that all processes with this `folder` share.
    pub(crate) fn shared<T>(folder: &Path, by: impl FnOnce(&mut Self) -> T) -> T {
        let path = folder.join("device");
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(path).expect("the device can be opened");
        // Until the file is closed.
        file.lock().expect("the device can be locked");
        let mut device = Self::read(&mut file);
        let done = by(&mut device);
        device.write(&mut file);
        done
    }

    fn read(file: &mut File) -> Self {
        let mut text = String::new();
        file.read_to_string(&mut text).expect("the device is text");
        let mut device = Self::default();
        for line in text.lines() {
            let (name, number) = line.split_once(' ').expect("a name and a number");
            let number = number.parse().expect("a number");
            match name {
                "removed" => device.is_removed = number > 0,
                "removals" => device.removals = number,
                _ => drop(device.counts.insert(name.to_owned(), number)),
            }
        }
        device
    }

    fn write(&self, file: &mut File) {
        let mut text = format!(
            "removed {}\nremovals {}\n",
            u8::from(self.is_removed),
            self.removals
        );
        for (name, count) in &self.counts {
            text += &format!("{name} {count}\n");
        }
        let written = file.rewind().and_then(|()| file.set_len(0));
        let written = written.and_then(|()| file.write_all(text.as_bytes()));
        written.expect("the device can be written");
    }
}
