//! The commands, one file or folder for each.

pub(crate) mod account;
pub(crate) mod agent;
pub(crate) mod app;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod deal;
pub(crate) mod doctor;
pub(crate) mod key;
pub(crate) mod manual;
pub(crate) mod result;
pub(crate) mod setup;
pub(crate) mod task;
pub(crate) mod token;
pub(crate) mod wallet;
