use cryptoki_sys::{
    CK_FLAGS, CK_SLOT_ID, CK_TOKEN_INFO, CKF_LOGIN_REQUIRED, CKF_PROTECTED_AUTHENTICATION_PATH,
    CKF_RNG, CKF_SO_PIN_FINAL_TRY, CKF_SO_PIN_LOCKED, CKF_TOKEN_INITIALIZED,
    CKF_USER_PIN_COUNT_LOW, CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_INITIALIZED, CKF_USER_PIN_LOCKED,
    CKF_WRITE_PROTECTED,
};

use crate::token::Uri;
use crate::token::raw::CalledToken;
use crate::token::uri::{LibraryFields, SlotFields, TokenFields};

/// The information of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenInfo {
    pub(in crate::token) slot: CK_SLOT_ID,
    /// `label`, without the padding.
    pub label: String,
    /// `serialNumber`, without the padding.
    pub serial: String,
    /// `manufacturerID`, without the padding.
    pub manufacturer: String,
    /// `model`, without the padding.
    pub model: String,
    /// Shortest and longest PIN in bytes; `None` where the token tells none.
    pub pin_len: Option<(u64, u64)>,
    /// Most sessions that one program may have; `None` where the token tells none.
    pub max_sessions: Option<usize>,
    flags: CK_FLAGS,
    pub(in crate::token) slot_info: SlotInfo,
}

/// The information of a slot and its module; blank where they do not tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::token) struct SlotInfo {
    /// `CKF_HW_SLOT`.
    pub(in crate::token) hardware: bool,
    pub(in crate::token) slot_manufacturer: String,
    pub(in crate::token) slot_description: String,
    pub(in crate::token) library_manufacturer: String,
    pub(in crate::token) library_description: String,
    pub(in crate::token) library_version: (u8, u8),
}

/// The state of the user PIN, as far as the token tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PinState {
    /// No warning of the token, or none that it gives.
    Ok,
    /// No PIN is set yet.
    NotSet,
    /// A wrong one was entered since the last right one.
    CountLow,
    /// The last attempt is left.
    FinalTry,
    /// The PIN is blocked.
    Blocked,
}

impl PinState {
    /// The word for people and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::NotSet => "not-set",
            Self::CountLow => "count-low",
            Self::FinalTry => "final-try",
            Self::Blocked => "blocked",
        }
    }

    /// A clause on the attempts that are left; empty when the token says nothing of them.
    pub fn note(self) -> &'static str {
        match self {
            Self::Ok | Self::NotSet => "",
            Self::CountLow => "; attempts may be running out",
            Self::FinalTry => "; one attempt is left",
            Self::Blocked => "; it is blocked now",
        }
    }
}

impl TokenInfo {
    pub(in crate::token) fn new(
        slot: CK_SLOT_ID,
        raw: &CK_TOKEN_INFO,
        slot_info: SlotInfo,
    ) -> Self {
        let pin_len = (raw.ulMinPinLen, raw.ulMaxPinLen);
        Self {
            slot,
            label: padded(&raw.label),
            serial: padded(&raw.serialNumber),
            manufacturer: padded(&raw.manufacturerID),
            model: padded(&raw.model),
            // Zero and "unavailable" tell nothing, and neither does a maximum below the minimum.
            pin_len: (pin_len.1 > 0 && pin_len.1 < u64::from(u32::MAX) && pin_len.0 <= pin_len.1)
                .then_some(pin_len),
            // "Unavailable" and "effectively infinite" tell none, nor do the numbers near them.
            max_sessions: usize::try_from(raw.ulMaxSessionCount)
                .ok()
                .filter(|count| (1..=u32::MAX as usize).contains(count)),
            flags: raw.flags,
            slot_info,
        }
    }

    /// The label, or where it is for one that has none.
    pub fn name(&self) -> String {
        if self.label.is_empty() {
            format!("in slot {}", self.slot_id())
        } else {
            self.label.clone()
        }
    }

    /// The slot that the token is in; not stable over restarts.
    pub fn slot_id(&self) -> u64 {
        self.slot
    }

    /// Whether it has been initialised.
    pub fn initialised(&self) -> bool {
        self.has(CKF_TOKEN_INITIALIZED)
    }

    /// Whether the reader asks for the PIN itself.
    pub fn protected_authentication_path(&self) -> bool {
        self.has(CKF_PROTECTED_AUTHENTICATION_PATH)
    }

    /// Whether its slot is a device, not a program.
    pub fn is_hardware(&self) -> bool {
        self.slot_info.hardware
    }

    /// Whether anything needs a login.
    pub fn login_required(&self) -> bool {
        self.has(CKF_LOGIN_REQUIRED)
    }

    /// Whether nothing can be written to it.
    pub fn write_protected(&self) -> bool {
        self.has(CKF_WRITE_PROTECTED)
    }

    /// The state of the user PIN.
    pub fn pin_state(&self) -> PinState {
        if self.has(CKF_USER_PIN_LOCKED) {
            PinState::Blocked
        } else if self.has(CKF_USER_PIN_FINAL_TRY) {
            PinState::FinalTry
        } else if self.has(CKF_USER_PIN_COUNT_LOW) {
            PinState::CountLow
        } else if self.login_required() && !self.has(CKF_USER_PIN_INITIALIZED) {
            PinState::NotSet
        } else {
            PinState::Ok
        }
    }

    /// Whether the SO PIN is blocked.
    pub(in crate::token) fn so_pin_blocked(&self) -> bool {
        self.has(CKF_SO_PIN_LOCKED)
    }

    /// Whether the last attempt of the SO PIN is left.
    pub(in crate::token) fn so_pin_final_try(&self) -> bool {
        self.has(CKF_SO_PIN_FINAL_TRY)
    }

    /// The fields that identify it in a URI.
    pub fn fields(&self) -> TokenFields<'_> {
        TokenFields {
            label: &self.label,
            manufacturer: &self.manufacturer,
            serial: &self.serial,
            model: &self.model,
            slot_id: self.slot_id(),
        }
    }

    /// Whether `uri` names it, as far as token, slot and module attributes go.
    pub fn fits(&self, uri: &Uri) -> bool {
        let slot = SlotFields {
            manufacturer: &self.slot_info.slot_manufacturer,
            description: &self.slot_info.slot_description,
        };
        let library = LibraryFields {
            manufacturer: &self.slot_info.library_manufacturer,
            description: &self.slot_info.library_description,
            version: self.slot_info.library_version,
        };
        uri.matches_token(&self.fields())
            && uri.matches_slot(&slot)
            && uri.matches_library(&library)
    }

    /// Whether it is the same device, whatever its label is now. A serial number says so only beside
    /// its maker's name, and an empty one not at all: a PIN must not go to somebody else's token.
    pub(in crate::token) fn is_same_device(&self, other: &Self) -> bool {
        !self.serial.is_empty()
            && self.serial == other.serial
            && self.manufacturer == other.manufacturer
            && self.model == other.model
    }

    /// Whether it makes random numbers, by its own word.
    pub(in crate::token) fn has_random_numbers(&self) -> bool {
        self.has(CKF_RNG)
    }

    /// The RFC 7512 URI, ready to paste.
    pub fn uri(&self) -> Uri {
        Uri::for_token(&self.fields())
    }

    /// What is told of it to whoever watches the calls of its sessions.
    pub(in crate::token) fn called(&self) -> CalledToken {
        CalledToken {
            name: self.name(),
            hardware: self.is_hardware(),
        }
    }

    fn has(&self, flag: CK_FLAGS) -> bool {
        self.flags & flag != 0
    }
}

/// Text of a blank-padded field. Some modules pad with NUL, or write past the text after one.
pub(in crate::token) fn padded(field: &[u8]) -> String {
    let text = field.split(|&byte| byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).trim_end().to_owned()
}

#[cfg(test)]
mod tests;
