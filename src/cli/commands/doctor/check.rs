use serde_json::{Value, json};

use crate::cli::ui::failure::Failure;
use crate::code::Code;

/// A part of the set-up: how it is, and what to do about it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Check {
    pub(super) name: &'static str,
    pub(super) state: State,
    /// The finding.
    pub(super) found: String,
    /// Advice; empty where nothing need be done.
    pub(super) fix: String,
    /// Why a command fails that meets what is broken here.
    pub(super) code: Option<Code>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Ok,
    Warning,
    Broken,
    NotThere,
    Skipped,
}

impl State {
    /// A word for people and JSON.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Broken => "broken",
            Self::NotThere => "not there",
            Self::Skipped => "skipped",
        }
    }
}

impl Check {
    fn new(name: &'static str, state: State, found: impl Into<String>) -> Self {
        Self {
            name,
            state,
            found: found.into(),
            fix: String::new(),
            code: None,
        }
    }

    pub(super) fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self::new(name, State::Ok, found)
    }

    pub(super) fn warning(name: &'static str, found: impl Into<String>) -> Self {
        Self::new(name, State::Warning, found)
    }

    pub(super) fn not_there(name: &'static str, found: impl Into<String>) -> Self {
        Self::new(name, State::NotThere, found)
    }

    pub(super) fn skipped(name: &'static str, found: impl Into<String>) -> Self {
        Self::new(name, State::Skipped, found)
    }

    /// Makes a check of what a command would fail with.
    pub(super) fn failed(name: &'static str, failure: Failure) -> Self {
        Self {
            code: Some(failure.code),
            ..Self::new(name, State::Broken, failure.message()).fix(failure.advice())
        }
    }

    /// With what to do.
    pub(super) fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = fix.into();
        self
    }

    /// Changes the state, where the finding keeps nothing from working.
    pub(super) fn but(mut self, state: State) -> Self {
        self.state = state;
        self
    }

    pub(super) fn json(&self) -> Value {
        let fix = Some(&self.fix).filter(|fix| !fix.is_empty());
        json!({
            "name": self.name,
            "state": self.state.as_str().replace(' ', "-"),
            "found": self.found,
            "fix": fix,
            "code": self.code.map(Code::word),
        })
    }
}
