use std::path::{Path, PathBuf};
use std::sync::Arc;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::RvError;
use cryptoki::slot::Slot;

use super::error::{rv_name, rv_of};
use super::info::Place;
use super::raw::RawModule;
use super::{TokenError, TokenInfo};

/// A PKCS#11 module, loaded and initialised for the life of the process. Finalised when the last
/// owner drops it: do so before the process ends, as some modules crash in exit handlers.
pub struct Module {
    path: PathBuf,
    pub(super) pkcs11: Pkcs11,
    pub(super) raw: RawModule,
    /// Somebody else in this process initialised it, and so will finalise it.
    borrowed: bool,
}

impl Module {
    /// Loads and initialises the module at `path`, or by the loader's search when `path` is a
    /// bare file name. A module is code: never take its path from an archive or the network.
    ///
    /// # Errors
    /// [`TokenError::Module`] with the loader's or the module's own words.
    pub fn load(path: &Path) -> Result<Arc<Self>, TokenError> {
        let fail = |reason: String| TokenError::Module {
            path: path.to_owned(),
            reason,
        };
        let pkcs11 = Pkcs11::new(path).map_err(|error| fail(words(&error)))?;
        let raw = RawModule::load(path).map_err(fail)?;
        let borrowed = initialize(&pkcs11).map_err(fail)?;
        Ok(Arc::new(Self {
            path: path.to_owned(),
            pkcs11,
            raw,
            borrowed,
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
        let slots = self.pkcs11.get_slots_with_token()?;
        let library = self.library();
        Ok(slots
            .into_iter()
            .filter_map(|slot| {
                let raw = self.raw.token_info(slot).ok()?;
                Some(TokenInfo::new(slot, &raw, self.place(slot, &library)))
            })
            .collect())
    }

    /// What `token` says of itself now.
    ///
    /// # Errors
    /// When it is gone.
    pub fn refresh(&self, token: &TokenInfo) -> Result<TokenInfo, TokenError> {
        let raw = self
            .raw
            .token_info(token.slot)
            .map_err(|rv| TokenError::device("C_GetTokenInfo", rv_name(&rv)))?;
        Ok(TokenInfo::new(token.slot, &raw, token.place.clone()))
    }

    /// What the module says of itself, for every slot's place.
    fn library(&self) -> Place {
        let Ok(info) = self.pkcs11.get_library_info() else {
            return Place::default();
        };
        let version = info.library_version();
        Place {
            library_manufacturer: info.manufacturer_id().to_owned(),
            library_description: info.library_description().to_owned(),
            library_version: (version.major(), version.minor()),
            ..Place::default()
        }
    }

    fn place(&self, slot: Slot, library: &Place) -> Place {
        let mut place = library.clone();
        if let Ok(info) = self.pkcs11.get_slot_info(slot) {
            place.slot_manufacturer = info.manufacturer_id().to_owned();
            place.slot_description = info.slot_description().to_owned();
        }
        place
    }

    /// Finalises and initialises the module again. All sessions, logins and handles are gone
    /// after it. Some modules show a freshly made key truthfully only then.
    ///
    /// # Errors
    /// When the module does not come back.
    pub(super) fn restart(&self) -> Result<(), TokenError> {
        self.pkcs11.clone().finalize()?;
        initialize(&self.pkcs11)
            .map(|_| ())
            .map_err(|reason| TokenError::Module {
                path: self.path.clone(),
                reason,
            })
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        if !self.borrowed {
            // Nothing can be done about a module that does not finalise.
            let _ = self.pkcs11.clone().finalize();
        }
    }
}

impl std::fmt::Debug for Module {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Module")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// Initialises with OS locking: without it some modules switch their locks off for good, and
/// others refuse. Returns whether it had been initialised before.
fn initialize(pkcs11: &Pkcs11) -> Result<bool, String> {
    match pkcs11.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Ok(()) => Ok(false),
        Err(error) => match rv_of(&error) {
            Some(RvError::CryptokiAlreadyInitialized) => Ok(true),
            Some(rv) => Err(format!("C_Initialize returned {}", rv_name(rv))),
            None => Err(error.to_string()),
        },
    }
}

/// The loader's own words, without the wrapper's.
fn words(error: &cryptoki::error::Error) -> String {
    match error {
        cryptoki::error::Error::LibraryLoading(loader) => loader.to_string(),
        other => other.to_string(),
    }
}
