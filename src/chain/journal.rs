//! What was signed and is not known yet to be in a block, in a folder of the user's own. It is written before anything is
//! sent, so that nothing that was sent can be forgotten.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FlockOperation, OFlags, flock};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::poco::Id;
use super::tx::{Signed, Transaction};
use crate::file::dir::Dir;
use crate::file::temporary::Temporaries;
use crate::file::{named, ownership, regular, small};
use crate::text::hex;
use crate::wallet::address::Address;

/// The journal of this user.
#[derive(Debug, Clone)]
pub struct Journal {
    folder: PathBuf,
}

/// The place of one account on one chain, which no other process has meanwhile.
#[derive(Debug)]
pub struct Place {
    folder: Arc<Dir>,
    entry: PathBuf,
    last_deal: PathBuf,
    _lock: File,
}

/// A transaction that may have been sent. Whoever reads it can send it: it is as secret as a cheque.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Entry {
    /// What it was for, as the command that sent it says.
    pub what: String,
    /// The number of the chain.
    pub chain_id: u64,
    /// The account.
    pub from: String,
    /// Its number among the transactions of the account.
    pub nonce: u64,
    /// The hash.
    pub hash: String,
    /// The deal that it makes, if it makes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deal: Option<String>,
    /// What was signed, in hexadecimal digits; of a deal, its signed orders are in it.
    raw: String,
}

/// The last deal of an account: nothing that could be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct LastDeal {
    /// The deal.
    deal: String,
    /// The transaction that was sent for it.
    hash: String,
}

/// Why the journal could not be used. Nothing was sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// A file or folder of it cannot be read or written.
    #[error("cannot use the journal of transactions {path:?}: {source}")]
    Io {
        /// The path.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// Others can read or write to its folder.
    #[error("the journal of transactions is not safe there: {0}")]
    Exposed(String),
    /// Another process sends a transaction of the same account.
    #[error("another process is sending a transaction of {0} on this chain")]
    Busy(Address),
    /// What is in it is nothing that was written by this program.
    #[error("the journal of transactions {path:?} is damaged")]
    Damaged {
        /// The file.
        path: PathBuf,
    },
}

impl Journal {
    /// The journal in this folder, which need not be there yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        Self { folder }
    }

    /// The place of an account. No other process gets it until it is dropped.
    ///
    /// # Errors
    /// When another process has it, or the folder cannot be used.
    pub fn place(&self, chain_id: u64, account: Address) -> Result<Place, JournalError> {
        let failed = io_error(&self.folder);
        let held = named::make(&self.folder).and_then(|folder| {
            let exposed = ownership::of_held(&self.folder, &folder)?;
            Ok((folder, exposed))
        });
        let (folder, exposed) = held.map_err(failed)?;
        exposed.map_err(|it| JournalError::Exposed(it.to_string()))?;
        let account_name = format!("{chain_id}-{}", account.to_string().to_lowercase());
        let named = |ending| self.folder.join(format!("{account_name}.{ending}"));
        let lock_path = named("lock");
        let lock = folder
            .open_file(name(&lock_path), OFlags::WRONLY | OFlags::CREATE)
            .map_err(io_error(&lock_path))?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Place {
                folder: Arc::new(folder),
                entry: named("json"),
                last_deal: named("last-deal"),
                _lock: lock,
            }),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(JournalError::Busy(account)),
            Err(error) => Err(io_error(&lock_path)(error.into())),
        }
    }
}

impl Place {
    /// The transaction of which it is not known what became of it.
    ///
    /// # Errors
    /// When the file cannot be read, or is damaged.
    pub fn open_entry(&self) -> Result<Option<Entry>, JournalError> {
        let is_whole = |entry: &Entry| {
            let has_good_deal = entry.deal.is_none() || entry.deal().is_some();
            entry.signed().is_some() && has_good_deal
        };
        self.read(&self.entry, is_whole)
    }

    /// The last deal that is known to have been made.
    ///
    /// # Errors
    /// As of [`Self::open_entry`].
    pub fn last_deal(&self) -> Result<Option<LastDeal>, JournalError> {
        let is_whole = |last: &LastDeal| last.deal().is_some() && last.hash().is_some();
        self.read(&self.last_deal, is_whole)
    }

    /// Writes down a transaction that is about to be sent, and returns once it is on the disk.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, temporaries: &Temporaries, entry: &Entry) -> Result<(), JournalError> {
        self.put(temporaries, &self.entry, entry)
    }

    /// Forgets an entry that has come to its end, but for the deal that it has made.
    ///
    /// # Errors
    /// When the files cannot be written.
    pub fn settle(&self, temporaries: &Temporaries, entry: &Entry) -> Result<(), JournalError> {
        if let Some(deal) = &entry.deal {
            let last = LastDeal {
                deal: deal.clone(),
                hash: entry.hash.clone(),
            };
            self.put(temporaries, &self.last_deal, &last)?;
        }
        self.clear()
    }

    /// Forgets it, once it is known what became of it.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub fn clear(&self) -> Result<(), JournalError> {
        match self.folder.remove_file(name(&self.entry)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(io_error(&self.entry)(error)),
            _ => Ok(()),
        }
    }

    /// What is in a file of it; nothing where there is no file.
    fn read<T: DeserializeOwned>(
        &self,
        path: &Path,
        is_whole: impl Fn(&T) -> bool,
    ) -> Result<Option<T>, JournalError> {
        let content = match regular::open_below(&self.folder, name(path).as_ref()) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            opened => opened
                .and_then(small::read_opened)
                .map_err(io_error(path))?,
        };
        let read: Option<T> = serde_json::from_slice(&content).ok();
        read.filter(is_whole)
            .map(Some)
            .ok_or_else(|| JournalError::Damaged {
                path: path.to_owned(),
            })
    }

    /// Writes a file of it, and returns once it is on the disk.
    fn put(
        &self,
        temporaries: &Temporaries,
        path: &Path,
        content: &impl Serialize,
    ) -> Result<(), JournalError> {
        let write = || {
            let place = named::folder_of(path);
            let mut file = temporaries.file_in(place, &self.folder, name(path))?;
            let text = serde_json::to_string(content)?;
            file.file().write_all(text.as_bytes())?;
            file.publish(true)
        };
        write().map_err(io_error(path))
    }
}

impl Entry {
    /// The entry of a transaction.
    pub fn new(what: &str, from: Address, transaction: &Transaction, signed: &Signed) -> Self {
        Self {
            what: what.to_owned(),
            chain_id: transaction.chain_id,
            from: from.to_string(),
            nonce: transaction.nonce,
            hash: signed.hash().to_string(),
            deal: None,
            raw: hex::hex(signed.bytes()),
        }
    }

    /// The same entry, of a transaction that makes this deal.
    pub fn with_deal(mut self, deal: Option<Id>) -> Self {
        self.deal = deal.map(|it| it.to_string());
        self
    }

    /// The deal that it makes, if it makes one.
    pub fn deal(&self) -> Option<Id> {
        self.deal.as_ref()?.parse().ok()
    }

    /// What was signed; nothing where the entry is not whole.
    pub fn signed(&self) -> Option<Signed> {
        let mut bytes = vec![0; self.raw.len() / 2];
        hex::fill(&mut bytes, self.raw.as_bytes())?;
        let signed = Signed::again(bytes);
        (signed.hash().to_string() == self.hash).then_some(signed)
    }

    /// The hash.
    pub fn id(&self) -> Option<Id> {
        self.hash.parse().ok()
    }
}

impl LastDeal {
    /// The deal.
    pub fn deal(&self) -> Option<Id> {
        self.deal.parse().ok()
    }

    /// The hash of the transaction that was sent for it.
    pub fn hash(&self) -> Option<Id> {
        self.hash.parse().ok()
    }
}

/// The name of a file of the journal in its folder.
fn name(path: &Path) -> &OsStr {
    path.file_name().unwrap_or_default()
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> JournalError {
    let path = path.to_owned();
    move |source| JournalError::Io { path, source }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn address(byte: u8) -> Address {
        [byte; 20].into()
    }

    fn entry() -> Entry {
        let signed = Signed::again(vec![1, 2, 3]);
        Entry {
            what: "account deposit".to_owned(),
            chain_id: 1,
            from: address(1).to_string(),
            nonce: 7,
            hash: signed.hash().to_string(),
            deal: None,
            raw: "010203".to_owned(),
        }
    }

    #[test]
    fn an_entry_stays_until_it_is_cleared_and_nobody_else_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::new(folder.path().join("a/b"));
        let place = journal.place(1, address(1)).unwrap();
        assert_eq!(place.open_entry().unwrap(), None);
        place.write(&Temporaries::default(), &entry()).unwrap();
        drop(place);
        let place = journal.place(1, address(1)).unwrap();
        let read = place.open_entry().unwrap().unwrap();
        assert_eq!(read, entry());
        assert_eq!(read.signed().unwrap().bytes(), [1, 2, 3]);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&place.entry), mode(&journal.folder)), (0o600, 0o700));
        place.clear().unwrap();
        assert_eq!(place.open_entry().unwrap(), None);
    }

    #[test]
    fn of_a_deal_that_is_made_its_id_stays_and_nothing_that_could_be_sent() {
        let folder = tempfile::tempdir().unwrap();
        let place = Journal::new(folder.path()).place(1, address(1)).unwrap();
        let deal = Id::from([7; 32]);
        let entry = entry().with_deal(Some(deal));
        let temporaries = Temporaries::default();
        place.write(&temporaries, &entry).unwrap();
        assert_eq!(place.open_entry().unwrap().unwrap().deal(), Some(deal));
        assert_eq!(place.last_deal().unwrap(), None);
        place.settle(&temporaries, &entry).unwrap();
        assert_eq!(place.open_entry().unwrap(), None);
        let last = place.last_deal().unwrap().unwrap();
        assert_eq!((last.deal(), last.hash()), (Some(deal), entry.id()));
        let written = fs::read_to_string(&place.last_deal).unwrap();
        assert!(!written.contains("010203"), "{written}");
    }

    #[test]
    fn one_process_has_an_account_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::new(folder.path());
        let _first = journal.place(1, address(1)).unwrap();
        assert!(matches!(
            journal.place(1, address(1)),
            Err(JournalError::Busy(_))
        ));
        journal.place(1, address(2)).unwrap();
        journal.place(2, address(1)).unwrap();
    }

    #[test]
    fn what_is_damaged_is_not_taken_for_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let place = Journal::new(folder.path()).place(1, address(1)).unwrap();
        let mut other = entry();
        other.raw = "010204".to_owned();
        for content in [
            String::new(),
            "{}".to_owned(),
            serde_json::to_string(&other).unwrap(),
        ] {
            fs::write(&place.entry, content).unwrap();
            assert!(matches!(
                place.open_entry(),
                Err(JournalError::Damaged { .. })
            ));
        }
    }

    #[test]
    fn it_stays_in_the_folder_that_was_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let place = Journal::new(at("journal")).place(1, address(1)).unwrap();
        fs::rename(at("journal"), at("moved")).unwrap();
        fs::create_dir(at("theirs")).unwrap();
        std::os::unix::fs::symlink("theirs", at("journal")).unwrap();
        place.write(&Temporaries::default(), &entry()).unwrap();
        assert_eq!(place.open_entry().unwrap(), Some(entry()));
        assert_eq!(fs::read_dir(at("theirs")).unwrap().count(), 0);
        place.clear().unwrap();
        assert_eq!(place.open_entry().unwrap(), None);
    }

    #[test]
    fn a_folder_that_others_write_to_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let refused = Journal::new(folder.path()).place(1, address(1));
        assert!(matches!(refused, Err(JournalError::Exposed(_))));
    }
}
