use std::ffi::{CStr, CString};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use cryptoki::error::RvError;
use cryptoki_sys::{CK_SLOT_ID, CKF_HW_SLOT};

use crate::token::error::rv_name;
use crate::token::module::select::choose_token;
use crate::token::module::slow_call::Watch;
use crate::token::module::token_info::{Place, padded};
use crate::token::raw::Table;
use crate::token::{Slot, TokenError, TokenInfo, Uri};

/// A PKCS#11 module, loaded and initialised for the life of the process. Finalised when the last
/// owner drops it: do so before the process ends, as some modules crash in exit handlers.
pub struct Module {
    path: PathBuf,
    /// What it is initialised with. Kept, because it may keep a pointer to it.
    parameters: Option<CString>,
    pub(in crate::token) table: Arc<Table>,
    /// Somebody else in this process initialised it, and so will finalise it.
    borrowed: bool,
    finalised: AtomicBool,
    pub(in crate::token) watch: OnceLock<Box<Watch>>,
}

impl Module {
    /// Loads and initialises the module at `path`, or by the loader's search when `path` is a
    /// bare file name. A module is code: never take its path from an archive or the network.
    ///
    /// # Errors
    /// [`TokenError::Module`] with the loader's or the module's own words.
    pub fn load(path: impl AsRef<Path>) -> Result<Arc<Self>, TokenError> {
        Self::load_with(path, None)
    }

    /// The same for a module that is initialised with `parameters`, a text of its own form: some
    /// want to be told where their connector or their database is.
    ///
    /// # Errors
    /// As [`Self::load`]; a NUL in `parameters` is one, too.
    pub fn load_with(
        path: impl AsRef<Path>,
        parameters: Option<&str>,
    ) -> Result<Arc<Self>, TokenError> {
        let path = path.as_ref();
        let fail = |reason: String| TokenError::Module {
            path: path.to_owned(),
            reason,
        };
        let parameters = parameters.map(CString::new).transpose();
        let parameters = parameters.map_err(|_| fail("there is a NUL in its arguments".into()))?;
        let table = Table::load(path).map_err(fail)?;
        let borrowed = initialize(&table, parameters.as_deref()).map_err(fail)?;
        Ok(Arc::new(Self {
            path: path.to_owned(),
            parameters,
            table: Arc::new(table),
            borrowed,
            finalised: AtomicBool::new(false),
            watch: OnceLock::new(),
        }))
    }

    /// Where it was loaded from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Every token that the module shows now. A slot whose information cannot be read is left
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

    /// The one token that is set up and fits `wanted`; without `wanted`, the only one there is.
    ///
    /// # Errors
    /// When none or more than one does; the error lists the candidates as paste-ready URIs.
    pub fn token(&self, wanted: Option<&Uri>) -> Result<TokenInfo, TokenError> {
        choose_token(self.tokens()?, wanted)
    }

    /// What `token` says of itself now.
    ///
    /// # Errors
    /// When it is gone.
    pub fn refresh(&self, token: &TokenInfo) -> Result<TokenInfo, TokenError> {
        let raw = self.table.token_info(token.slot)?;
        Ok(TokenInfo::new(token.slot, &raw, token.place.clone()))
    }

    /// The same token after a restart, in which slots may have moved; and some tokens have changed
    /// their label.
    pub(crate) fn find_again(&self, token: &TokenInfo) -> Result<TokenInfo, TokenError> {
        same(self.tokens()?, token).ok_or_else(|| TokenError::NoToken {
            wanted: token.uri().to_string(),
            present: vec![],
        })
    }

    /// What the module calls itself, with its version; empty where it does not tell.
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

    /// Every slot, those without a token too.
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

    fn slot(&self, id: CK_SLOT_ID, library: &Place) -> Slot {
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

    /// What the module says of itself, for every slot's place.
    fn library(&self) -> Place {
        let Ok(info) = self.table.info() else {
            return Place::default();
        };
        Place {
            library_manufacturer: padded(&info.manufacturerID),
            library_description: padded(&info.libraryDescription),
            library_version: (info.libraryVersion.major, info.libraryVersion.minor),
            ..Place::default()
        }
    }

    fn place(&self, slot: CK_SLOT_ID, library: &Place) -> Place {
        let mut place = library.clone();
        if let Ok(info) = self.table.slot_info(slot) {
            place.slot_manufacturer = padded(&info.manufacturerID);
            place.slot_description = padded(&info.slotDescription);
            place.hardware = info.flags & CKF_HW_SLOT != 0;
        }
        place
    }

    /// Finalises and initialises the module again. All sessions, logins and handles are gone
    /// after it. Some modules show a freshly made key truthfully only then.
    ///
    /// # Errors
    /// When the module does not come back.
    pub fn restart(&self) -> Result<(), TokenError> {
        match self.table.finalize() {
            // It did not come back the last time.
            Err(error) if error.rv == RvError::CryptokiNotInitialized => {}
            finalised => finalised?,
        }
        initialize(&self.table, self.parameters.as_deref())
            .map(|_| ())
            .map_err(|reason| TokenError::Module {
                path: self.path.clone(),
                reason,
            })
    }
}

impl Module {
    /// Finalises it, whoever else still has a hold of it: nothing more can be done with it. For
    /// the end of a program whose threads may outlive its sessions by a moment.
    pub fn finalise(&self) {
        if !self.borrowed && !self.finalised.swap(true, Ordering::AcqRel) {
            // Nothing can be done about a module that does not finalise.
            let _ = self.table.finalize();
        }
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        self.finalise();
    }
}

impl std::fmt::Debug for Module {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Module")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// That of `all` which `token` is.
fn same(mut all: Vec<TokenInfo>, token: &TokenInfo) -> Option<TokenInfo> {
    let same_label = |it: &TokenInfo| it.serial == token.serial && it.label == token.label;
    if let Some(at) = all.iter().position(same_label) {
        return Some(all.swap_remove(at));
    }
    all.retain(|it| it.is_same_device(token));
    (all.len() == 1).then(|| all.swap_remove(0))
}

/// Initialises the module; returns whether it had been initialised before.
fn initialize(table: &Table, parameters: Option<&CStr>) -> Result<bool, String> {
    match table.initialize(parameters) {
        Ok(()) => Ok(false),
        Err(error) if error.rv == RvError::CryptokiAlreadyInitialized => Ok(true),
        Err(error) => Err(format!("{} returned {}", error.call, rv_name(&error.rv))),
    }
}

#[cfg(test)]
mod tests;
