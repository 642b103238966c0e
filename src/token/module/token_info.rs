use cryptoki_sys::{
    CK_FLAGS, CK_SLOT_ID, CK_TOKEN_INFO, CKF_LOGIN_REQUIRED, CKF_PROTECTED_AUTHENTICATION_PATH,
    CKF_RNG, CKF_SO_PIN_FINAL_TRY, CKF_SO_PIN_LOCKED, CKF_TOKEN_INITIALIZED,
    CKF_USER_PIN_COUNT_LOW, CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_INITIALIZED, CKF_USER_PIN_LOCKED,
    CKF_WRITE_PROTECTED,
};

use serde::{Deserialize, Serialize};

use crate::token::Uri;
use crate::token::raw::CalledToken;
use crate::token::uri::{LibraryFields, SlotFields, TokenFields};

/// The information of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// The labels of other tokens of the module that are set up and have the same serial number: some
    /// modules show a device as several tokens.
    pub(in crate::token) others: Vec<String>,
    /// Keys, certificates or data were seen on it; looked for only where it seems empty.
    pub(in crate::token) has_objects: bool,
}

/// The information of a slot and its module; blank where they do not tell.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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

/// The slot of a token that is not there.
const NOWHERE: CK_SLOT_ID = CK_SLOT_ID::MAX;

impl TokenInfo {
    /// One that is not there and waited for, by what `wanted` says of it.
    pub fn awaited(wanted: &Uri) -> Self {
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        Self {
            slot: NOWHERE,
            label: text(&wanted.token),
            serial: text(&wanted.serial),
            manufacturer: text(&wanted.manufacturer),
            model: text(&wanted.model),
            pin_len: None,
            max_sessions: None,
            flags: CKF_TOKEN_INITIALIZED | CKF_LOGIN_REQUIRED | CKF_USER_PIN_INITIALIZED,
            slot_info: SlotInfo::default(),
            others: Vec::new(),
            has_objects: false,
        }
    }

    /// Whether a serial number or a label tells it from other tokens.
    pub fn is_named(&self) -> bool {
        serial_tells(&self.serial) || !self.label.is_empty()
    }

    /// Whether it is somewhere, and not only waited for.
    pub fn is_there(&self) -> bool {
        self.slot != NOWHERE
    }

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
            others: Vec::new(),
            has_objects: false,
        }
    }

    /// Whether its module is known to bear calls of several threads at a time. Others say that they do: openCryptoki's
    /// software token crashes when two sessions use a key at once.
    pub(in crate::token) fn is_module_for_threads(&self) -> bool {
        const KNOWN: [&str; 3] = ["SoftHSM", "Kryoptic", "Mozilla Foundation"];
        let maker = &self.slot_info.library_manufacturer;
        KNOWN.iter().any(|known| maker.starts_with(known))
    }

    /// Takes over what changes by logins, from what the same token says now.
    #[cfg(feature = "agent-server")]
    pub(crate) fn take_flags(&mut self, now: &Self) {
        self.flags = now.flags;
    }

    /// With the labels of the tokens beside it that have its serial number.
    pub(in crate::token) fn beside(mut self, others: Vec<String>) -> Self {
        self.others = others;
        self
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

    /// Whether it has been initialised: it says so, or shows that it is in use.
    pub fn initialised(&self) -> bool {
        self.says_initialised() || !self.signs_of_use().is_empty()
    }

    /// Whether it says itself that it has been initialised.
    pub fn says_initialised(&self) -> bool {
        self.has(CKF_TOKEN_INITIALIZED)
    }

    /// Whether it is in use beyond doubt: by its own word, or by more than a label, which some modules give
    /// to an empty token too.
    pub(in crate::token) fn is_surely_in_use(&self) -> bool {
        self.says_initialised() || self.has(CKF_USER_PIN_INITIALIZED) || self.has_objects
    }

    /// What an empty token has not got, and this one has. Not every module sets the flag that a token
    /// is initialised.
    pub fn signs_of_use(&self) -> Vec<&'static str> {
        let signs = [
            (!self.label.is_empty(), "a label"),
            (self.has(CKF_USER_PIN_INITIALIZED), "a user PIN"),
            (self.has_objects, "objects"),
        ];
        let shown = signs.into_iter().filter(|(is_there, _)| *is_there);
        shown.map(|(_, sign)| sign).collect()
    }

    /// Whether the reader asks for the PIN itself.
    pub fn protected_authentication_path(&self) -> bool {
        self.has(CKF_PROTECTED_AUTHENTICATION_PATH)
    }

    /// Whether its slot is a device, not a program.
    pub fn is_hardware(&self) -> bool {
        self.slot_info.hardware
    }

    /// Whether no wrong PIN is counted, as is known of SoftHSM2, so that a login may be made once more.
    pub(in crate::token) fn counts_no_attempts(&self) -> bool {
        self.manufacturer == "SoftHSM project" && !self.is_hardware()
    }

    /// Whether anything needs a login, by its own word.
    pub fn login_required(&self) -> bool {
        self.has(CKF_LOGIN_REQUIRED)
    }

    /// Whether its PIN can be an empty one.
    pub fn takes_empty_pin(&self) -> bool {
        self.pin_len.is_some_and(|(shortest, _)| shortest == 0)
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
    /// its maker's name, and one that tells nothing not at all: a PIN must not go to somebody else's
    /// token.
    pub(crate) fn is_same_device(&self, other: &Self) -> bool {
        serial_tells(&self.serial) && self.has_serial_of(other)
    }

    pub(in crate::token) fn has_serial_of(&self, other: &Self) -> bool {
        self.serial == other.serial
            && self.manufacturer == other.manufacturer
            && self.model == other.model
    }

    /// Whether it makes random numbers, by its own word.
    pub(in crate::token) fn has_random_numbers(&self) -> bool {
        self.has(CKF_RNG)
    }

    /// The labels of the other tokens that the module shows with its serial number.
    pub fn other_labels(&self) -> &[String] {
        &self.others
    }

    /// Whether `uri`, which was recorded for a key, can mean a key on this token.
    pub fn is_recorded_as(&self, uri: &Uri) -> bool {
        is_recorded_as(&self.fields(), &self.others, uri)
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

/// Whether `uri`, which was recorded for a key, can mean a key on `token`. The serial number decides,
/// because labels may change; the label where there is no serial number that tells anything, and where
/// it is that of another token with the same number.
pub(crate) fn is_recorded_as(token: &TokenFields<'_>, others: &[String], uri: &Uri) -> bool {
    let fits =
        |wanted: &Option<String>, actual: &str| wanted.as_ref().is_none_or(|it| it == actual);
    if !fits(&uri.serial, token.serial) || !fits(&uri.model, token.model) {
        return false;
    }
    let has_serial = uri.serial.as_ref().is_some_and(|it| serial_tells(it));
    let is_other = uri.token.as_ref().is_some_and(|it| others.contains(it));
    fits(&uri.token, token.label) || (has_serial && !is_other)
}

/// Whether a serial number tells anything: some modules give zeros to every token.
pub(crate) fn serial_tells(serial: &str) -> bool {
    serial.bytes().any(|digit| digit != b'0')
}

/// Text of a blank-padded field. Some modules pad with NUL, or write past the text after one.
pub(in crate::token) fn padded(field: &[u8]) -> String {
    let text = field.split(|&byte| byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).trim_end().to_owned()
}

#[cfg(test)]
mod tests;
