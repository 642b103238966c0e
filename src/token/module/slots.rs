use std::time::Duration;

use cryptoki::error::RvError;
use cryptoki::object::{Attribute, ObjectClass};
use cryptoki_sys::{CK_SLOT_ID, CKF_HW_SLOT};

use crate::token::module::select::choose_token;
use crate::token::module::token_info::{SlotInfo, padded};
use crate::token::raw::RawSession;
use crate::token::{Module, Slot, TokenError, TokenInfo, Uri};

/// The classes of what people keep on a token. Some modules show objects of others for themselves.
const KEPT: [ObjectClass; 5] = [
    ObjectClass::PUBLIC_KEY,
    ObjectClass::PRIVATE_KEY,
    ObjectClass::SECRET_KEY,
    ObjectClass::CERTIFICATE,
    ObjectClass::DATA,
];

impl Module {
    /// Pauses before each further look for a token, in a module that is started anew, where others are there and not
    /// this one: a software token is not seen in the moment in which another process writes it.
    pub const PAUSES_OF_LOOKS: [Duration; 3] = [
        Duration::from_millis(10),
        Duration::from_millis(50),
        Duration::from_millis(250),
    ];

    /// Lists every token that the module shows now. A slot whose information cannot be read is left
    /// out and does not hide the others.
    ///
    /// # Errors
    /// When the slots cannot be listed.
    pub fn tokens(&self) -> Result<Vec<TokenInfo>, TokenError> {
        let slots = self.table.slots()?;
        let library = self.library();
        let tokens = slots.into_iter().filter_map(|slot| {
            let raw = self.table.token_info(slot).ok()?;
            Some(TokenInfo::new(slot, &raw, self.place(slot, &library)))
        });
        Ok(acquainted(tokens.collect()))
    }

    /// Chooses the one token that is set up and fits `wanted`; without `wanted`, the only one there is.
    ///
    /// # Errors
    /// When none or more than one does; the error lists the candidates as paste-ready URIs.
    pub fn token(&self, wanted: Option<&Uri>) -> Result<TokenInfo, TokenError> {
        self.choose(self.tokens()?, wanted, |_| false)
    }

    /// Does the same with some of its `tokens`; where several fit, it is the one that `is_meant`.
    ///
    /// # Errors
    /// As for [`Self::token`].
    pub fn choose(
        &self,
        tokens: Vec<TokenInfo>,
        wanted: Option<&Uri>,
        mut is_meant: impl FnMut(&TokenInfo) -> bool,
    ) -> Result<TokenInfo, TokenError> {
        match choose_token(tokens.clone(), wanted, &mut is_meant) {
            Err(TokenError::NotReady { .. }) => {
                choose_token(self.examined(tokens), wanted, is_meant)
            }
            chosen => chosen,
        }
    }

    /// Looks into those of its `tokens` that seem to be empty: some do not say that they were
    /// initialised, and what is on them would be lost.
    pub fn examined(&self, mut tokens: Vec<TokenInfo>) -> Vec<TokenInfo> {
        for token in tokens.iter_mut().filter(|it| !it.initialised()) {
            token.has_objects = self.has_objects(token);
        }
        tokens
    }

    /// Whether a token shows keys, certificates or data. A session that it does not grant shows none.
    fn has_objects(&self, token: &TokenInfo) -> bool {
        let opened = RawSession::open(&self.table, token.slot, token.called(), false);
        let Ok(session) = opened else {
            return false;
        };
        KEPT.into_iter().any(|class| {
            let found = session.find(&[Attribute::Class(class)]);
            found.is_ok_and(|found| !found.is_empty())
        })
    }

    /// Reads the information of `token` anew.
    ///
    /// # Errors
    /// When it is gone.
    pub fn refresh(&self, token: &TokenInfo) -> Result<TokenInfo, TokenError> {
        let raw = self.table.token_info(token.slot)?;
        let now = TokenInfo::new(token.slot, &raw, token.slot_info.clone());
        Ok(now.beside(token.others.clone()))
    }

    /// Finds `token` again after a restart, in which slots may have moved; and some tokens have changed
    /// their label.
    pub(crate) fn find_again(&self, token: &TokenInfo) -> Result<TokenInfo, TokenError> {
        same(self.tokens()?, token).ok_or_else(|| TokenError::NoToken {
            wanted: token.uri().to_string(),
            present: vec![],
        })
    }

    /// Returns the name of the module, with its version; empty where it does not tell.
    pub fn description(&self) -> String {
        let place = self.library();
        let (major, minor) = place.library_version;
        let words = [place.library_manufacturer, place.library_description];
        let words: Vec<String> = words.into_iter().filter(|it| !it.is_empty()).collect();
        if words.is_empty() {
            return String::new();
        }
        format!("{} {major}.{minor}", words.join(", "))
    }

    /// Lists every slot, those without a token too.
    ///
    /// # Errors
    /// When the slots cannot be listed.
    pub fn slots(&self) -> Result<Vec<Slot>, TokenError> {
        let all = self.table.all_slots()?;
        let library = self.library();
        Ok(all
            .into_iter()
            .map(|slot| self.slot(slot, &library))
            .collect())
    }

    fn slot(&self, id: CK_SLOT_ID, library: &SlotInfo) -> Slot {
        let place = self.place(id, library);
        let description = place.slot_description.clone();
        let token = match self.table.token_info(id) {
            Ok(raw) => Ok(self.examined(vec![TokenInfo::new(id, &raw, place)]).pop()),
            Err(error) if error.rv == RvError::TokenNotPresent => Ok(None),
            Err(error) => Err(error.into()),
        };
        Slot {
            id,
            description,
            token,
        }
    }

    /// Reads the module's own fields, the same for every slot.
    fn library(&self) -> SlotInfo {
        let Ok(info) = self.table.info() else {
            return SlotInfo::default();
        };
        SlotInfo {
            library_manufacturer: padded(&info.manufacturerID),
            library_description: padded(&info.libraryDescription),
            library_version: (info.libraryVersion.major, info.libraryVersion.minor),
            ..SlotInfo::default()
        }
    }

    fn place(&self, slot: CK_SLOT_ID, library: &SlotInfo) -> SlotInfo {
        let mut place = library.clone();
        if let Ok(info) = self.table.slot_info(slot) {
            place.slot_manufacturer = padded(&info.manufacturerID);
            place.slot_description = padded(&info.slotDescription);
            place.hardware = info.flags & CKF_HW_SLOT != 0;
        }
        place
    }
}

/// Tells each token of the others that only their labels tell from it.
fn acquainted(tokens: Vec<TokenInfo>) -> Vec<TokenInfo> {
    let others = |token: &TokenInfo| {
        let alike = |it: &&TokenInfo| it.slot != token.slot && it.has_serial_of(token);
        let alike = tokens.iter().filter(|it| it.initialised()).filter(alike);
        alike.map(|it| it.label.clone()).collect()
    };
    let others: Vec<Vec<String>> = tokens.iter().map(others).collect();
    let tokens = tokens.into_iter().zip(others);
    tokens.map(|(token, others)| token.beside(others)).collect()
}

/// Finds `token` in `all`. Of several that look like it, it is the one that is in its slot.
fn same(all: Vec<TokenInfo>, token: &TokenInfo) -> Option<TokenInfo> {
    let has_label = |it: &&TokenInfo| it.serial == token.serial && it.label == token.label;
    let mut alike: Vec<&TokenInfo> = all.iter().filter(has_label).collect();
    if alike.is_empty() {
        alike = all.iter().filter(|it| it.is_same_device(token)).collect();
        return (alike.len() == 1).then(|| alike[0].clone());
    }
    let in_slot = alike.iter().find(|it| it.slot == token.slot);
    let only = alike.first().filter(|_| alike.len() == 1);
    in_slot.or(only).map(|it| (*it).clone())
}

#[cfg(test)]
mod tests;
