//! Looking again and again until something is there.

use std::time::{Duration, Instant};

use super::poco::Hub;
use super::rpc::{RpcError, RpcKind};

/// How often is asked, and how long.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Pace {
    /// The time between two questions.
    pub interval: Duration,
    /// The longest time for all of them; none for as long as it takes.
    pub at_most: Option<Duration>,
}

impl Pace {
    /// A pace.
    pub const fn new(interval: Duration, at_most: Option<Duration>) -> Self {
        Self { interval, at_most }
    }
}

/// What happened to the node meanwhile.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// It does not answer any more, and is asked again.
    NodeAway(&'a RpcError),
    /// It answers again.
    NodeBack,
}

/// How watching ended.
#[derive(Debug)]
#[non_exhaustive]
pub enum Watched<T> {
    /// What was waited for is there.
    Over(T),
    /// The time was over before.
    GivenUp(T),
}

/// Looks again and again until `is_over` says of what was found that nothing more will come. A node that goes away after
/// its first answer is waited for.
///
/// # Errors
/// When the node cannot be asked at first, or refuses later.
pub fn watch<T>(
    hub: &Hub,
    pace: Pace,
    mut look: impl FnMut(&Hub) -> Result<T, RpcError>,
    is_over: impl FnMut(&T) -> bool,
    on_event: &mut dyn FnMut(Event<'_>),
) -> Result<Watched<T>, RpcError> {
    let first = look(hub)?;
    watch_from(first, hub, pace, look, is_over, on_event)
}

/// Does so after a first look, which the node has answered.
///
/// # Errors
/// When the node refuses later.
pub fn watch_from<T>(
    first: T,
    hub: &Hub,
    pace: Pace,
    mut look: impl FnMut(&Hub) -> Result<T, RpcError>,
    mut is_over: impl FnMut(&T) -> bool,
    on_event: &mut dyn FnMut(Event<'_>),
) -> Result<Watched<T>, RpcError> {
    let until = pace.at_most.map(|time| Instant::now() + time);
    let mut last = first;
    let mut is_away = false;
    loop {
        if is_over(&last) {
            return Ok(Watched::Over(last));
        }
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        if left == Some(Duration::ZERO) {
            return Ok(Watched::GivenUp(last));
        }
        let pause = left.map_or(pace.interval, |left| left.min(pace.interval));
        hub.rpc().pause(pause);
        match look(hub) {
            Ok(found) => {
                if std::mem::take(&mut is_away) {
                    on_event(Event::NodeBack);
                }
                last = found;
            }
            Err(error) if error.kind() == RpcKind::Unreachable => {
                if !std::mem::replace(&mut is_away, true) {
                    on_event(Event::NodeAway(&error));
                }
            }
            Err(error) => return Err(error),
        }
    }
}
