use cryptoki::error::RvError;
use cryptoki_sys::{CK_SLOT_ID, CKF_HW_SLOT};

use crate::token::module::select::choose_token;
use crate::token::module::token_info::{SlotInfo, padded};
use crate::token::{Module, Slot, TokenError, TokenInfo, Uri};

impl Module {
    /// Lists every token that the module shows now. A slot whose information cannot be read is left
    /// out and does not hide the others.
    ///
    /// # Errors
    /// When the slots cannot be listed.
    pub fn tokens(&self) -> Result<Vec<TokenInfo>, TokenError> {
        let slots = self.table.slots()?;
        let library = self.library();
        Ok(slots
            .into_iter()
            .filter_map(|slot| {
                let raw = self.table.token_info(slot).ok()?;
                Some(TokenInfo::new(slot, &raw, self.place(slot, &library)))
            })
            .collect())
    }

    /// Chooses the one token that is set up and fits `wanted`; without `wanted`, the only one there is.
    ///
    /// # Errors
    /// When none or more than one does; the error lists the candidates as paste-ready URIs.
    pub fn token(&self, wanted: Option<&Uri>) -> Result<TokenInfo, TokenError> {
        choose_token(self.tokens()?, wanted)
    }

    /// Reads the information of `token` anew.
    ///
    /// # Errors
    /// When it is gone.
    pub fn refresh(&self, token: &TokenInfo) -> Result<TokenInfo, TokenError> {
        let raw = self.table.token_info(token.slot)?;
        Ok(TokenInfo::new(token.slot, &raw, token.slot_info.clone()))
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
            Ok(raw) => Ok(Some(TokenInfo::new(id, &raw, place))),
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

/// Finds `token` in `all`.
fn same(mut all: Vec<TokenInfo>, token: &TokenInfo) -> Option<TokenInfo> {
    let same_label = |it: &TokenInfo| it.serial == token.serial && it.label == token.label;
    if let Some(at) = all.iter().position(same_label) {
        return Some(all.swap_remove(at));
    }
    all.retain(|it| it.is_same_device(token));
    (all.len() == 1).then(|| all.swap_remove(0))
}

#[cfg(test)]
mod tests;
