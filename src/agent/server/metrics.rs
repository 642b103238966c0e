//! The numbers of the agent in Prometheus' text form.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};

use super::Server;
use crate::agent::wire::{Code, State};

/// The media type.
pub(super) const TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The text, while it is written.
struct Metrics(String);

impl Metrics {
    /// One metric with a value for each set of labels.
    fn add<L: Display>(
        &mut self,
        name: &str,
        kind: &str,
        help: &str,
        values: impl IntoIterator<Item = (L, u64)>,
    ) {
        let name = format!("iexec_hsm_agent_{name}");
        // Writing to a text does not fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, value) in values {
            let _ = writeln!(self.0, "{name}{labels} {value}");
        }
    }

    fn gauge(&mut self, name: &str, help: &str, value: u64) {
        self.add(name, "gauge", help, [("", value)]);
    }
}

impl Server {
    /// Returns the answer to `/v1/metrics`. No label has a name of others.
    pub(super) fn metrics(&self) -> String {
        let status = self.agent.status();
        let mut metrics = Metrics(String::new());
        let states = [
            ("locked", State::Locked),
            ("unlocking", State::Unlocking),
            ("unlocked", State::Unlocked),
            ("recovering", State::Recovering),
        ];
        let states = states.map(|(word, state)| {
            let value = u64::from(state == status.state);
            (labels(&[("state", word)]), value)
        });
        metrics.add("state", "gauge", "1 for the state that it is in.", states);
        metrics.gauge(
            "usable_keys",
            "Result keys that can be used.",
            status.usable_keys as u64,
        );
        metrics.gauge(
            "sessions",
            "Sessions that are open.",
            status.sessions as u64,
        );
        metrics.gauge(
            "waiting_requests",
            "Requests that wait for a session.",
            status.waiting as u64,
        );
        metrics.gauge(
            "hung",
            "1 while a call has not come back from the module.",
            status.hung.into(),
        );
        metrics.gauge(
            "uptime_seconds",
            "Seconds since its start.",
            status.uptime_seconds,
        );
        let counts = self.audit.counts();
        let requests = alike(counts.requests())
            .into_iter()
            .map(|((request, outcome), count)| {
                let labels = labels(&[("request", request), ("outcome", outcome)]);
                (labels, count)
            });
        metrics.add(
            "requests_total",
            "counter",
            "Requests, as in the audit log; a ciphertext that is bad is done, too.",
            requests,
        );
        let events = counts.events().into_iter();
        let events = events.map(|(event, count)| (labels(&[("event", event)]), count));
        metrics.add(
            "events_total",
            "counter",
            "Events, as in the audit log.",
            events,
        );
        metrics.add(
            "audit_lines_lost_total",
            "counter",
            "Lines of the audit log that could not be written.",
            [("", status.audit_lost)],
        );
        metrics.0
    }
}

/// Counts an unwrap that found nothing with those that did: whoever may ask could else tell a bad ciphertext by
/// the number.
fn alike(
    requests: Vec<(&'static str, &'static str, u64)>,
) -> BTreeMap<(&'static str, &'static str), u64> {
    let mut alike = BTreeMap::new();
    for (request, outcome, count) in requests {
        let outcome = match outcome == Code::CannotDecrypt.word() {
            true => "done",
            false => outcome,
        };
        *alike.entry((request, outcome)).or_default() += count;
    }
    alike
}

fn labels(labels: &[(&str, &str)]) -> String {
    let labels = labels.iter();
    let labels: Vec<_> = labels
        .map(|(name, value)| format!("{name}={value:?}"))
        .collect();
    ["{", &labels.join(","), "}"].concat()
}
