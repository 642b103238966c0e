//! Functions that do more than pass a call on. Each takes the arguments of its function.

pub(crate) mod decrypt;
pub(crate) mod keys;
pub(crate) mod login;
pub(crate) mod mechanisms;
pub(crate) mod objects;
pub(crate) mod slots;
