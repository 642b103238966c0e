//! Times for people: in their time zone, and how long from now.

use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A time, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment(pub(crate) u64);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = i64::try_from(self.0).ok();
        match seconds.and_then(|it| Timestamp::from_second(it).ok()) {
            Some(time) => {
                let local = time.to_zoned_datetime(TimeZone::system());
                write!(f, "{}", local.strftime("%Y-%m-%d %H:%M:%S %Z"))
            }
            // Nobody lives to see it.
            None => f.write_str("never"),
        }
    }
}

/// The day of a time, as `2026-11-29`.
pub(crate) fn day(moment: Moment) -> String {
    let local = moment.to_string();
    local.split(' ').next().unwrap_or_default().to_owned()
}

/// A time, and how long it is from `now`.
pub(crate) fn when(moment: Moment, now: u64) -> String {
    let distance = long(moment.0.abs_diff(now));
    match moment.0 {
        0 => "never".to_owned(),
        at if at > now => format!("{moment} (in {distance})"),
        _ => format!("{moment} ({distance} ago)"),
    }
}

/// A number of seconds in its largest unit and the next one.
pub(crate) fn long(seconds: u64) -> String {
    const UNITS: [(u64, &str); 4] = [
        (86_400, "day"),
        (3600, "hour"),
        (60, "minute"),
        (1, "second"),
    ];
    let at = UNITS.iter().position(|(unit, _)| seconds >= *unit);
    let at = at.unwrap_or(UNITS.len() - 1);
    let (unit, name) = UNITS[at];
    let many = |number: u64, name: &str| match number {
        1 => format!("1 {name}"),
        _ => format!("{number} {name}s"),
    };
    let rest = UNITS
        .get(at + 1)
        .map(|(next, name)| (seconds % unit / next, name));
    match rest {
        Some((rest @ 1.., name)) => {
            format!("{} {}", many(seconds / unit, UNITS[at].1), many(rest, name))
        }
        _ => many(seconds / unit, name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_told_in_two_units() {
        for (seconds, text) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (59, "59 seconds"),
            (60, "1 minute"),
            (3601, "1 hour"),
            (3661, "1 hour 1 minute"),
            (200_000, "2 days 7 hours"),
        ] {
            assert_eq!(long(seconds), text);
        }
    }

    #[test]
    fn a_time_is_ahead_or_behind_or_never() {
        assert!(when(Moment(1000), 940).ends_with(" (in 1 minute)"));
        assert!(when(Moment(940), 1000).ends_with(" (1 minute ago)"));
        assert_eq!(when(Moment(0), 1000), "never");
        assert!(when(Moment(u64::MAX), 0).starts_with("never"));
    }
}
