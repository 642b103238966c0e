//! What the threads share: the results that are to be pulled, those that are in hand, and what became of them.

use std::cell::Cell;
use std::fmt::Display;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde_json::{Value, json};

use super::about::About;
use super::failures::{in_the_way, is_final, may_pass, not_recorded};
use super::job::Job;
use super::record::{Known, Record};
use super::results::{Found, Results};
use super::state::State;
use super::tally::Tally;
use super::{Pull, program};
use crate::chain::poco::{Id, Task};
use crate::cli::commands::result::{Arrivals, Arrived, Opened};
use crate::cli::context::Context;
use crate::cli::gateways::fetched_json;
use crate::cli::node::{Place, now};
use crate::cli::ui::failure::Failure;
use crate::cli::ui::progress::{Progress, Unit, Work};
use crate::cli::ui::reply::Reply;
use crate::cli::verification::Verification;
use crate::cli::verifying::{Verifier, Whom};
use crate::code::Code;
use crate::ipfs::{Gateways, Progress as Fetching};
use crate::task::chain_evidence_of_each;
use crate::text::escape::Shown as _;
use crate::wallet::address::Address;

/// Results that the node is asked about at once, at most: fewer at first, so that the first one need not wait for others.
const MOST_AT_ONCE: usize = 50;

pub(super) struct Pulling<'a> {
    context: &'a Context,
    command: &'a Pull,
    place: Arc<Place>,
    beneficiary: Address,
    results: Results,
    record: Mutex<Record>,
    state: Mutex<State>,
    changed: Condvar,
    progress: Progress,
}

impl<'a> Pulling<'a> {
    pub(super) fn new(
        context: &'a Context,
        command: &'a Pull,
        (place, beneficiary): (Arc<Place>, Address),
        results: Results,
        record: Record,
    ) -> Self {
        Self {
            context,
            command,
            place,
            beneficiary,
            results,
            record: Mutex::new(record),
            state: Mutex::default(),
            changed: Condvar::new(),
            progress: context.progress(Work::Pull, Unit::Results),
        }
    }

    /// Whether the result of a task may have to be pulled; those that need not be are counted.
    pub(super) fn is_wanted(&self, id: Id) -> bool {
        let known = lock(&self.record).get(id);
        let mut state = lock(&self.state);
        if state.is_in_hand(id) || state.waits(id) {
            return false;
        }
        let Some(known) = known else { return true };
        let tries_again = self.command.retry_failed && !state.has_failed(id);
        match known {
            Known::Failed(_) if tries_again => true,
            // Today that is no failure.
            Known::Failed(Code::NotVerified) if !self.command.verifying.require_verified => true,
            Known::Failed(_) => {
                state.tally.failed_before += 1;
                false
            }
            Known::Placed { .. } => true,
            Known::Pulled { .. } => {
                let is_settled = known.is_settled(self.results.has(id), self.command.not_again);
                match is_settled {
                    true => state.tally.existing += 1,
                    false => self.context.tell(format_args!(
                        "{id} was pulled before and was deleted: pulling it again"
                    )),
                }
                !is_settled
            }
        }
    }

    /// Adds a result that is to be pulled.
    pub(super) fn add(&self, job: Job) {
        self.progress.add_total(1);
        lock(&self.state).add(job);
        self.changed.notify_all();
    }

    /// Whether there is anything to pull.
    pub(super) fn has_work(&self) -> bool {
        lock(&self.state).waiting() > 0
    }

    /// Says that no more results come.
    pub(super) fn no_more(&self) {
        lock(&self.state).no_more = true;
        self.changed.notify_all();
    }

    /// Waits for the time of the next round; tells whether there is one.
    pub(super) fn pause(&self) -> bool {
        let until = Instant::now() + self.command.interval;
        let mut state = lock(&self.state);
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if state.stopped || left.is_zero() {
                return !state.stopped;
            }
            let woken = self.changed.wait_timeout(state, left);
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Ends all, because of a failure.
    pub(super) fn stop(&self, failure: Failure) {
        let is_first = {
            let mut state = lock(&self.state);
            let is_first = !std::mem::replace(&mut state.stopped, true);
            if is_first {
                state.tally.fail(failure.code);
            }
            is_first
        };
        // Several threads may meet the same.
        if is_first {
            self.tell(&failure);
        }
        self.changed.notify_all();
    }

    /// Asks the node for what verifies results, of several at once, until there are no more.
    pub(super) fn ask(&self) {
        let mut most = 1;
        while let Some(mut jobs) = self.wait_for(|state| state.next_found(most)) {
            let is_known = self.command.verifying.no_verify || self.ask_about(&mut jobs);
            // Where that fails, each is asked about alone while it is downloaded.
            most = if is_known {
                MOST_AT_ONCE.min(2 * most)
            } else {
                1
            };
            lock(&self.state).asked(jobs);
            self.changed.notify_all();
        }
    }

    fn ask_about(&self, jobs: &mut [Job]) -> bool {
        // Nothing is gained for a single one.
        if jobs.len() < 2 {
            return true;
        }
        let tasks: Vec<&Task> = jobs.iter().map(|it| &it.task).collect();
        let Ok(evidence) = chain_evidence_of_each(&self.place.hub, &tasks) else {
            return false;
        };
        for (job, evidence) in jobs.iter_mut().zip(evidence) {
            job.evidence = Some(evidence);
        }
        true
    }

    /// Downloads results, one after the other, until there are no more.
    pub(super) fn download(&self, gateways: &Gateways) {
        while let Some(job) = self.next_job() {
            let id = job.id;
            let known = lock(&self.record).get(id);
            match self.results.look(id, known) {
                // Another run has put it there and was killed before it could say so.
                Found::Result => self.finish(&job, json!({}), 1, None),
                Found::Other => self.failed(id, in_the_way(&self.results.place(id))),
                Found::Nothing => match self.fetched(gateways, job) {
                    Ok(arrived) => match arrived.about.check_early() {
                        Ok(()) => lock(&self.state).arrived.push_back(arrived),
                        Err(failure) => self.refused(id, failure),
                    },
                    // Also where other bytes came: the next gateway may have the right ones.
                    Err(failure) => self.failed(id, failure),
                },
            }
            lock(&self.state).downloading -= 1;
            self.changed.notify_all();
        }
    }

    /// The next result to download. What came already is opened first: the disk is not filled with archives that wait.
    fn next_job(&self) -> Option<Job> {
        let most = usize::from(self.command.downloads);
        self.wait_for(|state| state.next_job(most))
    }

    fn fetched(&self, gateways: &Gateways, mut job: Job) -> Result<Arrived<About>, Failure> {
        let file = self.results.waiting_file()?;
        let whom = Whom::Address(self.beneficiary);
        let verifier = self.command.verifying.verifier(whom);
        let at = Cell::new(0);
        let came = |now: Fetching| {
            self.progress
                .add_bytes(now.bytes.saturating_sub(at.replace(now.bytes)));
        };
        let fetch = || Ok(gateways.fetch(&job.location, &file, false, &came)?);
        let fetched = match (&verifier, job.evidence.take()) {
            (Some(it), None) => it.fetch(self.context, &self.place, &job.task, &file, fetch)?,
            (Some(it), Some(evidence)) => {
                let fetched = fetch()?;
                it.hold(self.context, evidence, (&file, &fetched), None);
                fetched
            }
            (None, _) => fetch()?,
        };
        Ok(Arrived {
            name: job.id.to_string().into(),
            file,
            folder: self.results.place(job.id),
            waiting: self.results.waiting(),
            watcher: verifier.as_ref().map(Verifier::watcher),
            about: About {
                download: fetched_json(&job.location, &fetched),
                job,
                verifier,
            },
        })
    }

    /// Moves a result that waited to its place, which is written down before: the next run knows it by that.
    fn publish(&self, id: Id) -> Result<(), Failure> {
        let inode = self.results.inode(id)?;
        let known = Known::Placed { inode };
        let mut record = lock(&self.record);
        let mut added = record.add(id, known, now());
        if self.results.needs_lasting_record() {
            added = added.and_then(|()| record.sync());
        }
        drop(record);
        added.map_err(|error| not_recorded(&error))?;
        self.results.publish(id)
    }

    /// Does the rest for a result that is in its place.
    fn finish(&self, job: &Job, more: Value, entries: u64, found: Option<&Verification>) {
        let place = self.results.place(job.id);
        if let Some(program) = &self.command.exec
            && let Err(failure) = program::run(program, job, &place)
        {
            return self.failed(job.id, failure);
        }
        let mut json = json!({
            "taskid": job.id.to_string(),
            "dealid": job.deal.deal.id.to_string(),
            "resultPath": place,
        });
        if let (Some(json), Value::Object(more)) = (json.as_object_mut(), more) {
            json.extend(more);
        }
        let checked = found.map(Verification::words);
        let checked = checked.map_or_else(String::new, |it| format!(" ({it})"));
        let note = format!("{} -> {}{checked}", job.id, place.shown());
        let lines = found
            .filter(|_| self.context.says())
            .map(Verification::lines);
        // Told before it is written down: told twice does less harm than never.
        let mut record = lock(&self.record);
        Reply::new(json)
            .with(found.map_or(Value::Null, Verification::json))
            .note([lines.unwrap_or_default(), vec![note]].concat().join("\n"))
            .print(&self.context.global.command, self.context.global.raw);
        let added = record.add(job.id, Known::Pulled { entries }, now());
        drop(record);
        lock(&self.state).pulled(job.id);
        self.progress.add_one();
        if let Err(error) = added {
            self.stop(not_recorded(&error));
        }
    }

    /// Takes note of a result that came and failed, which may be for good.
    fn refused(&self, id: Id, failure: Failure) {
        let code = failure.code;
        self.failed(id, failure);
        if !is_final(code) {
            return;
        }
        let added = lock(&self.record).add(id, Known::Failed(code), now());
        if let Err(error) = added {
            self.context.warn(format_args!(
                "the failure of {id} cannot be recorded: {error}"
            ));
        }
    }

    /// Takes note of a result that failed. Nothing decrypted of it waits any longer.
    fn failed(&self, id: Id, failure: Failure) {
        let code = failure.code;
        if let Err(error) = self.results.give_up(id) {
            self.context.warn(format_args!(
                "what was decrypted of {id} cannot be removed: {error}"
            ));
        }
        self.tell(
            &failure
                .of(&id.to_string())
                .with(json!({"taskid": id.to_string()})),
        );
        lock(&self.state).failed(id, code, self.command.interval);
        self.progress.add_one();
    }

    /// Tells of a failure.
    pub(super) fn tell(&self, failure: &Failure) {
        let global = &self.context.global;
        failure.print(&global.command, global.raw);
    }

    /// Tells, with `--verbose`, why nothing is done about a task.
    pub(super) fn say(&self, id: Id, reason: &dyn Display) {
        self.context.say(|| format!("{id}: {reason}"));
    }

    /// Counts a task.
    pub(super) fn count(&self, count: impl FnOnce(&mut Tally)) {
        count(&mut lock(&self.state).tally);
    }

    /// Forgets what is counted anew in each round.
    pub(super) fn forget_counts(&self) {
        lock(&self.state).forget_counts();
    }

    /// Tells what became of all tasks.
    pub(super) fn end(&self) -> Reply {
        let state = lock(&self.state);
        if !state.stopped {
            self.progress.finish();
        }
        let global = &self.context.global;
        if global.raw {
            // Whoever read has read enough.
            let _ = std::io::Write::write_all(
                &mut std::io::stdout(),
                format!("{}\n", state.tally.to_json()).as_bytes(),
            );
        } else if !global.quiet {
            self.context.tell(state.tally.line());
        }
        Reply::done(state.tally.first)
    }

    /// Waits until `look` finds something; nothing any more once all is to end.
    fn wait_for<T>(&self, mut look: impl FnMut(&mut State) -> Option<Option<T>>) -> Option<T> {
        let mut state = lock(&self.state);
        loop {
            if state.stopped {
                return None;
            }
            if let Some(found) = look(&mut state) {
                drop(state);
                self.changed.notify_all();
                return found;
            }
            let woken = self.changed.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Arrivals for Pulling<'_> {
    type About = About;

    fn next(&self) -> Option<Arrived<About>> {
        self.wait_for(State::next_arrived)
    }

    fn expected(&self) -> usize {
        if self.command.watch {
            return usize::MAX;
        }
        lock(&self.state).expected()
    }

    fn ended(&self, about: About, opened: Opened) {
        let id = about.job.id;
        match opened {
            Opened::Done(report) => match self.publish(id) {
                Ok(()) => {
                    let more = json!({
                        "key": report.key.uri,
                        "bytes": report.bytes,
                        "entries": report.entries,
                        "download": about.download,
                    });
                    let found = about.verification();
                    self.finish(&about.job, more, report.entries, found.as_ref());
                }
                Err(failure) => self.failed(id, failure),
            },
            Opened::Failed(failure) => {
                let failure = about.failure(failure);
                self.refused(id, failure);
            }
            Opened::FailedForAll(failure) if self.command.watch && may_pass(&failure) => {
                self.failed(id, failure);
            }
            Opened::FailedForAll(failure) => self.stop(failure),
        }
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
