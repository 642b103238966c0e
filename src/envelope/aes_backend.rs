/// What computes AES on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AesBackend {
    /// Instructions of the processor that take several blocks at a time.
    Vaes,
    /// Instructions of the processor.
    Instructions,
    /// Plain code: many times slower.
    Software,
}

impl AesBackend {
    /// The one that this process uses.
    pub fn in_use() -> Self {
        if !aes::hardware_accelerated() {
            return Self::Software;
        }
        #[cfg(target_arch = "x86_64")]
        if std::is_x86_feature_detected!("vaes") {
            return Self::Vaes;
        }
        Self::Instructions
    }

    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Vaes => "the processor's AES instructions (VAES)",
            Self::Instructions if cfg!(target_arch = "x86_64") => {
                "the processor's AES instructions (AES-NI)"
            }
            Self::Instructions => "the processor's AES instructions",
            Self::Software => "software",
        }
    }
}
