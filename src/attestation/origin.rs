use std::fmt;

/// Where a key came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// It was made in the device.
    Generated,
    /// It was imported.
    Imported,
    /// It was made in a device, and left it, or came from another, wrapped.
    GeneratedAndWrapped,
    /// It was imported, and was wrapped.
    ImportedAndWrapped,
}

impl Origin {
    pub(super) fn of(bits: u8) -> Option<Self> {
        match bits {
            0x01 => Some(Self::Generated),
            0x02 => Some(Self::Imported),
            0x11 => Some(Self::GeneratedAndWrapped),
            0x12 => Some(Self::ImportedAndWrapped),
            _ => None,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Generated => "generated",
            Self::Imported => "imported",
            Self::GeneratedAndWrapped => "generated, and imported wrapped",
            Self::ImportedAndWrapped => "imported, and imported wrapped",
        })
    }
}
