//! The zip format, by the `zip` crate, behind the bounds of [`end`].

mod end;
mod index;
mod local;
mod positioned;
mod records;
mod second_name;
mod unreadable;

pub(super) use index::{Entry, Index, IndexError, read_index};
pub(super) use local::LocalHeader;
pub(crate) use records::begins_like_zip;
pub(super) use records::{Content, Method, is_descriptor, is_symlink, other_format};
pub(super) use unreadable::Unreadable;
