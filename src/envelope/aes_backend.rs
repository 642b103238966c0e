// As the `aes` crate finds it out: the standard library says yes without the registers of AVX-512,
// too, where that crate says no.
#[cfg(target_arch = "x86_64")]
cpufeatures::new!(vaes, "vaes");

/// The means by which this machine computes AES.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AesBackend {
    /// Instructions of the processor that take several blocks at a time.
    Vaes,
    /// Instructions of the processor.
    Instructions,
    /// Plain code: many times slower.
    Software,
}

impl AesBackend {
    /// Returns the one that this process uses.
    pub fn in_use() -> Self {
        if !aes::hardware_accelerated() {
            return Self::Software;
        }
        #[cfg(target_arch = "x86_64")]
        if vaes::get() {
            return Self::Vaes;
        }
        Self::Instructions
    }

    /// Names it in words.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_code_is_in_use_only_where_there_are_no_instructions() {
        let in_use = AesBackend::in_use();
        let software = !aes::hardware_accelerated();
        assert_eq!(in_use == AesBackend::Software, software, "{in_use:?}");
    }

    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    #[test]
    fn several_blocks_at_a_time_are_taken_only_by_registers_that_the_system_keeps() {
        let processor = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let has = |flag| processor.split_whitespace().any(|word| word == flag);
        let vaes = AesBackend::in_use() == AesBackend::Vaes;
        assert_eq!(vaes, has("vaes") && has("avx512f"));
    }

    #[test]
    fn each_says_what_it_is() {
        assert_eq!(AesBackend::Software.as_str(), "software");
        assert!(AesBackend::Vaes.as_str().ends_with("(VAES)"));
        let text = AesBackend::Instructions.as_str();
        assert!(text.starts_with("the processor's AES instructions"));
        assert_eq!(text.ends_with("(AES-NI)"), cfg!(target_arch = "x86_64"));
    }
}
