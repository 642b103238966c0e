//! Bounds on what an archive may ask of this machine.

/// The bytes that a zip's central directory, and all names in it, may take.
pub(super) const MAX_DIRECTORY: u64 = 16 * 1024 * 1024;

/// The bytes that the entry with the wrapped key may take.
pub(super) const MAX_KEY_ENTRY: u64 = 64 * 1024;

/// Bounds on the archives that are opened, inside and outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The most entries that a zip may hold.
    pub max_entries: u64,
    /// The most bytes that a body, or all files of a result together, may take.
    pub max_size: u64,
}

impl Limits {
    /// The limits where nothing else is said.
    pub const DEFAULT: Self = Self {
        max_entries: 100_000,
        max_size: 32 * 1024 * 1024 * 1024,
    };

    /// Sets the most entries that a zip may hold.
    pub const fn with_max_entries(mut self, max_entries: u64) -> Self {
        self.max_entries = max_entries;
        self
    }

    /// Sets the most bytes that a body, or all files of a result together, may take.
    pub const fn with_max_size(mut self, max_size: u64) -> Self {
        self.max_size = max_size;
        self
    }

    /// The most bytes that a whole archive may take on its way to this machine.
    ///
    /// Deflated ciphertext grows by far less than 1/64; the rest is for headers.
    pub(crate) fn max_archive(&self) -> u64 {
        self.max_size
            .saturating_add(self.max_size / 64)
            .saturating_add(2 * MAX_DIRECTORY)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
