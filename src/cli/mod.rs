//! What the user of the command line sees.

pub mod config;
