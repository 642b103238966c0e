//! Who is shown how far long work is.

use std::time::Duration;

use super::context::Context;
use super::options::ProgressChoice;
use super::ui::progress::{Form, Progress, Unit, Work};
use super::ui::status_line;

impl Context {
    /// The progress of work that begins now.
    pub(crate) fn progress(&self, work: Work, unit: Unit) -> Progress {
        Progress::new(self.progress_form(), work, unit)
    }

    /// Tells that `what` is waited for, until what it returns is dropped.
    pub(crate) fn waiting(&self, what: &str, at_most: Option<Duration>) -> Progress {
        Progress::waiting(self.progress_form(), what, at_most)
    }

    fn progress_form(&self) -> Option<Form> {
        let is_silent = self.global.quiet || self.global.raw;
        match self.settings.progress {
            ProgressChoice::Json => Some(Form::Json),
            ProgressChoice::Auto if !is_silent && status_line::is_possible() => Some(Form::Line),
            ProgressChoice::Auto | ProgressChoice::Never => None,
        }
    }
}
