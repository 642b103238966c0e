//! An archive that is open.

use std::fs::Metadata;
use std::io;

use super::body::{Body, BodySource};
use super::crc_at::CrcAt;
use super::file_id::FileId;
use super::layout::{Layout, Scheme};
use super::seekable::{Keep, SeekableBody};
use super::wrapped_key::WrappedKey;

/// Bytes of a body that is not read in a moment.
const LARGE: u64 = 4 * 1024 * 1024;

/// Bytes of it that a disk is asked for while the token works.
const SOON: u64 = 16 * 1024 * 1024;

/// An encrypted result: a wrapped key and the body that its content key opens.
#[derive(Clone, Debug)]
pub struct Archive {
    pub(super) layout: Layout,
    pub(super) key: WrappedKey,
    pub(super) body: BodySource,
    pub(super) inputs: Vec<FileId>,
}

impl Archive {
    /// Returns the form of the archive, and the names in it.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Returns the content key, encrypted.
    pub fn wrapped_key(&self) -> &WrappedKey {
        &self.key
    }

    /// Returns the length of the body in bytes, as the archive declares it.
    pub fn body_len(&self) -> u64 {
        self.body.content.size
    }

    /// Estimates the bytes of the result: those of the body without base64.
    pub fn result_len(&self) -> u64 {
        match self.layout.scheme {
            Scheme::LegacyEcb => self.body_len() / 4 * 3,
            Scheme::Current | Scheme::Guide2019 => self.body_len(),
        }
    }

    /// Returns a reader of the body, from its beginning. There can be several, one after the other or at
    /// the same time.
    pub fn body(&self) -> Body {
        self.body.open()
    }

    /// Returns a reader of the body for its first bytes.
    pub(crate) fn body_beginning(&self) -> Body {
        self.body.open_beginning()
    }

    /// Returns a reader of the body for the last time. An archive in a temporary file is gone when it was read.
    pub(crate) fn body_once(&self) -> Body {
        self.body.open_once()
    }

    /// Has the disk begin with the body, which is read in a moment.
    pub(crate) fn read_soon(&self) {
        let (start, end) = (self.body.start, self.body.end().file);
        if end - start > LARGE {
            self.body.file.read_soon(start..end.min(start + SOON));
        }
    }

    /// Returns the body as one that can be read at any place; `None` where it can only be read in order. `keep` gets what
    /// turns out to be so while it is read.
    pub(crate) fn seekable_body(&self, keep: Keep) -> io::Result<Option<CrcAt<SeekableBody>>> {
        let body = match self.body.content.size > LARGE {
            true => SeekableBody::begun(&self.body, keep)?,
            false => None,
        };
        let body = match body {
            Some(body) => Some(body),
            None => SeekableBody::of(&self.body)?,
        };
        let crc = self.body.has_crc.then_some(self.body.content.crc);
        Ok(body.map(|body| CrcAt::new(body, crc)))
    }

    /// Whether `other` is one of the files that this archive is read from, which must not be
    /// overwritten.
    pub fn is_file(&self, other: &Metadata) -> bool {
        self.inputs.contains(&FileId::of(other))
    }
}
