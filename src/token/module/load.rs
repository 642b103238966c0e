use std::ffi::{CStr, CString};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cryptoki::error::RvError;

use crate::text::escape::Shown as _;
use crate::token::module::free_session::Patience;
use crate::token::module::not_loaded::why_not_loaded;
use crate::token::raw::{
    CallError, Table, apart, finalise_at_end, from_anywhere, settings_not_read,
};
use crate::token::session::recovery::DEVICE_TIMEOUT;
use crate::token::{Call, TokenError, TokenInfo};

/// A PKCS#11 module, loaded and initialised for the life of the process. Finalised when the last
/// owner drops it: do so before the process ends, as some modules crash in exit handlers.
pub struct Module {
    path: PathBuf,
    /// The arguments of `C_Initialize`. Kept, because the module may keep a pointer to them.
    parameters: Option<CString>,
    pub(in crate::token) table: Arc<Table>,
    /// Somebody else in this process initialised it, and so will finalise it.
    borrowed: bool,
    finalised: AtomicBool,
    patience: Patience,
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

    /// Loads a module and initialises it with `parameters`, a text of its own form: some
    /// want to be told where their connector or their database is.
    ///
    /// # Errors
    /// As for [`Self::load`], and a NUL in `parameters`.
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
        let unread = settings_not_read();
        let place = match unread.is_empty() {
            true => path.to_owned(),
            false => from_anywhere(path),
        };
        let load = || {
            let table = Table::load(path, &place).map_err(|words| why_not_loaded(&place, words))?;
            let borrowed = initialize(&table, parameters.as_deref())?;
            Ok((table, borrowed))
        };
        let loaded = apart(load).map_err(|error| TokenError::ForeignSettings {
            files: unread.clone(),
            reason: error.to_string(),
        })?;
        let (table, borrowed) = loaded.map_err(|reason| fail(with_unread(reason, &unread)))?;
        let table = Arc::new(table);
        if !borrowed {
            finalise_at_end(&table);
        }
        Ok(Arc::new(Self {
            path: path.to_owned(),
            parameters,
            table,
            borrowed,
            finalised: AtomicBool::new(false),
            patience: Patience::new(DEVICE_TIMEOUT),
        }))
    }

    /// The path that it was loaded from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it was initialised with.
    #[cfg(feature = "agent-server")]
    pub(crate) fn parameters(&self) -> Option<&str> {
        self.parameters.as_ref()?.to_str().ok()
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
        let unread = settings_not_read();
        let initialized = apart(|| initialize(&self.table, self.parameters.as_deref()));
        let initialized = initialized.map_err(|error| TokenError::ForeignSettings {
            files: unread.clone(),
            reason: error.to_string(),
        })?;
        initialized.map(drop).map_err(|reason| TokenError::Module {
            path: self.path.clone(),
            reason: with_unread(reason, &unread),
        })
    }

    /// Sets the time for which a session is waited for that other programs hold: 15 seconds, unless it is
    /// set.
    pub fn wait_for_sessions(&self, limit: Duration) {
        self.patience.set(limit);
    }

    /// Makes a call that takes a session of `token`, and waits while other programs have them all.
    pub(in crate::token) fn when_session_is_free<T>(
        &self,
        token: &TokenInfo,
        call: impl FnMut() -> Result<T, CallError>,
    ) -> Result<T, CallError> {
        let wait = || Call {
            token: Some(token.called().into()),
            ..Call::of_module(Call::FREE_SESSION, self.path())
        };
        self.patience.until_free(wait, call)
    }

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

/// With the files that were not read, one of which may be meant.
fn with_unread(reason: String, unread: &[PathBuf]) -> String {
    match unread {
        [] => reason,
        files => {
            let files: Vec<_> = files.iter().map(|it| it.shown().into_owned()).collect();
            format!("{reason}; not read: {}", files.join(", "))
        }
    }
}

/// Initialises the module; returns whether it had been initialised before.
fn initialize(table: &Table, parameters: Option<&CStr>) -> Result<bool, String> {
    match table.initialize(parameters) {
        Ok(()) => Ok(false),
        Err(error) if error.rv == RvError::CryptokiAlreadyInitialized => Ok(true),
        Err(error) => Err(error.to_string()),
    }
}
