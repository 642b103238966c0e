//! Everything that a person sees and types: replies, failures and their hints, questions, progress.

pub(crate) mod calls;
pub(crate) mod codes;
pub(crate) mod command_line;
pub(crate) mod failure;
pub(crate) mod hints;
pub(crate) mod interrupt;
pub(crate) mod key_name;
pub(crate) mod module_noise;
pub(crate) mod moments;
pub(crate) mod pin_state;
pub(crate) mod progress;
pub(crate) mod reply;
pub(crate) mod slow_notice;
pub(crate) mod status_line;
pub(crate) mod terminal;
pub(crate) mod text_layout;
