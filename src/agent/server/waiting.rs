//! Which connection goes where one more comes.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::time::Instant;

use super::limits::{GRACE, SHARE, WAITING_CONNECTIONS};

/// The process that has connected, and the session that it belongs to, as far as the kernel says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Origin {
    pub(super) process: i32,
    pub(super) session: i32,
}

/// A connection whose request is not there yet: it sends none, or half of one. Those that are worked on do not
/// count; of them there are as many as may wait for a session.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waiting {
    pub(super) id: u64,
    pub(super) origin: Origin,
    pub(super) since: Instant,
    /// Whether a request of it was answered.
    pub(super) served: bool,
}

/// The room for one more connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    Free,
    InPlaceOf(u64),
    /// There is none before others have had their time.
    None,
}

/// The room for one more of `origin` beside those that wait. A process that is over its share is in its own way.
/// Where all places are taken, one goes of the session, and in it of the process, that has the most, so that a
/// crowd is in its own way, however many processes it is: whoever has none yet, or fewer, gets one at once.
pub(super) fn room(waiting: &[Waiting], origin: Origin) -> Room {
    let is_own = |it: &&Waiting| it.origin.process == origin.process;
    if waiting.iter().filter(is_own).count() >= SHARE {
        let own = waiting.iter().filter(is_own);
        return match own.min_by_key(|it| (it.served, it.since, it.id)) {
            Some(oldest) => Room::InPlaceOf(oldest.id),
            None => Room::Free,
        };
    }
    if waiting.len() < WAITING_CONNECTIONS {
        return Room::Free;
    }
    // Those that were of use go last.
    let all_served = waiting.iter().all(|it| it.served);
    let crowd = || waiting.iter().filter(|it| all_served || !it.served);
    let (mut processes, mut sessions) = (HashMap::new(), HashMap::new());
    for Waiting { origin, .. } in crowd() {
        *processes.entry(origin.process).or_insert(0) += 1;
        *sessions.entry(origin.session).or_insert(0) += 1;
    }
    let of = |origin: &Origin| {
        let session = sessions.get(&origin.session).copied().unwrap_or(0);
        let process = processes.get(&origin.process).copied().unwrap_or(0);
        (session, process)
    };
    let least = crowd().max_by_key(|it| {
        let (session, process) = of(&it.origin);
        let Origin { process: pid, .. } = it.origin;
        (session, process, pid, Reverse((it.since, it.id)))
    });
    let Some(least) = least else {
        return Room::None;
    };
    let ((session, process), (their_session, theirs)) = (of(&origin), of(&least.origin));
    let same_session = origin.session == least.origin.session;
    let has_fewer = match same_session {
        true => process + 1 < theirs,
        false => session + 1 < their_session,
    };
    match process == 0 || has_fewer || least.since.elapsed() >= GRACE {
        true => Room::InPlaceOf(least.id),
        false => Room::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Waiting connections of these origins, the oldest first.
    fn waiting(origins: impl IntoIterator<Item = (i32, i32)>) -> Vec<Waiting> {
        let since = Instant::now();
        let of = |(id, (process, session)): (usize, (i32, i32))| Waiting {
            id: id as u64,
            origin: Origin { process, session },
            since,
            served: false,
        };
        origins.into_iter().enumerate().map(of).collect()
    }

    fn of(waiting: &[Waiting], process: i32, session: i32) -> Room {
        room(waiting, Origin { process, session })
    }

    #[test]
    fn a_process_has_its_share_and_is_in_its_own_way() {
        let others = (2..12).map(|process| (process, process));
        let crowd = waiting(others.clone().chain((1..SHARE).map(|_| (1, 1))));
        assert_eq!(of(&crowd, 1, 1), Room::Free);
        let crowd = waiting(others.chain((0..SHARE).map(|_| (1, 1))));
        // The oldest of its own, and nobody else's.
        assert_eq!(of(&crowd, 1, 1), Room::InPlaceOf(10));
        assert_eq!(of(&crowd, 2, 2), Room::Free);
    }

    #[test]
    fn fifty_processes_of_one_session_are_in_their_own_way() {
        let crowd = (0..246).map(|number| (100 + number % 50, 7));
        // The most of one process, but in a session of its own.
        let client = (0..10).map(|_| (1, 1));
        let all = waiting(client.chain(crowd));
        assert_eq!(all.len(), WAITING_CONNECTIONS);
        let gone = |process, session| match of(&all, process, session) {
            Room::InPlaceOf(id) => all
                .iter()
                .find(|it| it.id == id)
                .map(|it| it.origin.session),
            _ => None,
        };
        assert_eq!(gone(1, 1), Some(7));
        // One of the crowd that has none, and one of a new process; one that has as many as the others waits.
        assert_eq!((gone(99, 7), gone(2, 2)), (Some(7), Some(7)));
        assert_eq!(of(&all, 120, 7), Room::None);
    }

    #[test]
    fn a_connection_that_was_of_use_goes_after_those_that_were_not() {
        let mut all = waiting((0..256).map(|number| (number, 1)));
        for it in &mut all {
            it.served = it.id < 200;
        }
        assert_eq!(of(&all, 999, 1), Room::InPlaceOf(255));
        for it in &mut all {
            it.served = true;
        }
        assert_eq!(of(&all, 999, 1), Room::InPlaceOf(255));
    }

    #[test]
    fn who_had_time_enough_goes() {
        let mut all = waiting((0..256).map(|number| (number % 10, 1)));
        assert_eq!(of(&all, 9, 1), Room::None);
        for it in &mut all {
            it.since = it.since.checked_sub(GRACE).unwrap_or(it.since);
        }
        assert!(matches!(of(&all, 9, 1), Room::InPlaceOf(_)));
    }
}
