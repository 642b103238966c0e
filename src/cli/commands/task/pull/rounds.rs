use std::collections::HashSet;
use std::sync::Arc;

use super::failures::may_pass;
use super::job::Job;
use super::pulling::Pulling;
use crate::chain::poco::Id;
use crate::cli::commands::task::of_us::Search;
use crate::cli::node::now;
use crate::cli::ui::failure::Failure;
use crate::task::{FoundTask, TaskState, result_location, tasks_of};

/// The rounds in which results are looked for.
pub(super) struct Rounds<'p, 'a> {
    search: Search<'a>,
    pulling: &'p Pulling<'a>,
    /// Tasks that nothing more will come of.
    over: HashSet<Id>,
}

impl<'p, 'a> Rounds<'p, 'a> {
    pub(super) fn new(search: Search<'a>, pulling: &'p Pulling<'a>) -> Self {
        Self {
            search,
            pulling,
            over: HashSet::new(),
        }
    }

    /// The first one, which counts what there is.
    pub(super) fn first(&mut self) -> Result<(), Failure> {
        self.look()
    }

    /// All others, until something ends them.
    pub(super) fn go_on(&mut self) {
        while self.pulling.pause() {
            match self.look() {
                Ok(()) => {}
                // A service outlives its network.
                Err(failure) if may_pass(&failure) => self.pulling.tell(&failure),
                Err(failure) => self.pulling.stop(failure),
            }
        }
    }

    fn look(&mut self) -> Result<(), Failure> {
        self.pulling.forget_counts();
        let deals = self.search.deals()?;
        let (over, pulling) = (&self.over, self.pulling);
        let is_wanted = |id| !over.contains(&id) && pulling.is_wanted(id);
        let found = tasks_of(&self.search.place.hub, &deals, is_wanted);
        let found = found.map_err(|it| self.search.place.failure(it))?;
        found.into_iter().for_each(|it| self.take(it));
        Ok(())
    }

    fn take(&mut self, found: FoundTask) {
        let now = now();
        let (id, state) = (found.id, found.state(now));
        let Some(task) = found.task.filter(|_| state == TaskState::Completed) else {
            if state.is_final() {
                self.over.insert(id);
            } else {
                self.pulling.count(|tally| tally.running += 1);
            }
            return;
        };
        match result_location(&task, now) {
            Err(reason) => {
                self.over.insert(id);
                self.pulling.say(id, &reason);
                self.pulling.count(|tally| tally.without_result += 1);
            }
            Ok(_) if !found.deal.deal.asks_for_encryption() => {
                self.over.insert(id);
                self.pulling
                    .say(id, &"it is not encrypted; task show --download gets it");
                self.pulling.count(|tally| tally.not_encrypted += 1);
            }
            Ok(location) => self.pulling.add(Job {
                id,
                task,
                deal: Arc::clone(&found.deal),
                location,
                evidence: None,
            }),
        }
    }
}
