use serde_json::{Value, json};

use super::kinds::{Unit, Work};

/// Columns of a bar.
const BAR: usize = 20;

/// Progress at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) work: Work,
    pub(super) unit: Unit,
    pub(super) waits_for: Option<String>,
    pub(super) done: u64,
    pub(super) total: Option<u64>,
    /// Bytes, where these are not the unit.
    pub(super) bytes: Option<u64>,
}

impl Shown {
    /// The bytes that are done.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.unwrap_or(self.done)
    }

    /// The line for programs.
    pub(super) fn json(&self) -> Value {
        let mut progress = json!({
            "what": self.work.word(),
            "done": self.done,
            "total": self.total,
            "unit": self.unit.word(),
        });
        if let Some(bytes) = self.bytes {
            progress["bytes"] = json!(bytes);
        }
        json!({ "progress": progress })
    }

    /// The line for people, in at most so many columns.
    pub(super) fn line(&self, per_second: Option<u64>, columns: usize) -> String {
        let mut parts = vec![self.head(), self.count()];
        if self.unit != Unit::Seconds {
            parts.extend(self.bar());
            parts.extend(self.bytes.map(bytes));
            parts.extend(per_second.map(|it| format!("{}/s", bytes(it))));
            parts.extend(self.left(per_second));
        }
        let is_bar = |part: &String| part.starts_with('[');
        let len = |parts: &[String]| parts.iter().map(|it| it.chars().count() + 2).sum::<usize>();
        // What matters less goes first.
        while len(&parts) > columns + 2 && parts.len() > 1 {
            match parts.iter().position(is_bar) {
                Some(bar) => drop(parts.remove(bar)),
                None => drop(parts.pop()),
            }
        }
        parts.join("  ").chars().take(columns).collect()
    }

    fn head(&self) -> String {
        match &self.waits_for {
            Some(what) => format!("Waiting for {what}"),
            None => self.work.in_words().to_owned(),
        }
    }

    fn count(&self) -> String {
        let of = |show: fn(u64) -> String| match self.total {
            Some(total) => format!("{} of {}", show(self.done), show(total)),
            None => show(self.done),
        };
        match self.unit {
            Unit::Bytes => of(bytes),
            Unit::Seconds => match self.total {
                Some(total) => format!("{}, {} at most", time(self.done), time(total)),
                None => time(self.done),
            },
            Unit::Archives | Unit::Results => {
                format!("{} {}", of(|it| it.to_string()), self.unit.word())
            }
        }
    }

    fn bar(&self) -> Option<String> {
        let total = u128::from(self.total.filter(|it| *it > 0)?);
        let filled = u128::from(self.done) * BAR as u128 / total;
        let filled = usize::try_from(filled).ok()?.min(BAR);
        let head = if filled < BAR { ">" } else { "" };
        Some(format!(
            "[{:<BAR$}]",
            format!("{}{head}", "=".repeat(filled))
        ))
    }

    fn left(&self, per_second: Option<u64>) -> Option<String> {
        let left = self.total?.checked_sub(self.done)?;
        let seconds = left.checked_div(per_second?)?;
        (self.unit == Unit::Bytes).then(|| format!("{} left", time(seconds)))
    }
}

/// A number of bytes, in three or four digits.
fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if count < 1024 {
        return format!("{count} B");
    }
    let mut unit = 0;
    // In hundredths of the unit.
    let mut hundredths = u128::from(count) * 100 / 1024;
    while hundredths >= 102_400 && unit + 1 < UNITS.len() {
        hundredths /= 1024;
        unit += 1;
    }
    let (whole, rest) = (hundredths / 100, hundredths % 100);
    match whole {
        0..10 => format!("{whole}.{rest:02} {}", UNITS[unit]),
        10..100 => format!("{whole}.{} {}", rest / 10, UNITS[unit]),
        _ => format!("{whole} {}", UNITS[unit]),
    }
}

/// A number of seconds, as a clock would show it.
fn time(seconds: u64) -> String {
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m {:02}s", seconds % 60),
        (..100, _) => format!("{hours}h {minutes:02}m"),
        _ => format!("{}d {:02}h", hours / 24, hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_bytes(done: u64, total: Option<u64>) -> Shown {
        Shown {
            work: Work::Decrypt,
            unit: Unit::Bytes,
            waits_for: None,
            done,
            total,
            bytes: None,
        }
    }

    #[test]
    fn a_line_has_what_is_known() {
        let gib = 1 << 30;
        let half = of_bytes(gib, Some(2 * gib));
        assert_eq!(
            half.line(Some(gib / 4), 79),
            "Decrypting  1.00 GiB of 2.00 GiB  [==========>         ]  256 MiB/s  4s left"
        );
        assert_eq!(half.line(None, 40), "Decrypting  1.00 GiB of 2.00 GiB");
        assert_eq!(
            of_bytes(5 << 20, None).line(Some(1 << 20), 79),
            "Decrypting  5.00 MiB  1.00 MiB/s"
        );
        assert_eq!(
            of_bytes(0, Some(0)).line(Some(0), 79),
            "Decrypting  0 B of 0 B  0 B/s"
        );
        let several = Shown {
            unit: Unit::Archives,
            bytes: Some(3 << 20),
            ..of_bytes(3, Some(12))
        };
        assert_eq!(
            several.line(Some(1 << 20), 79),
            "Decrypting  3 of 12 archives  [=====>              ]  3.00 MiB  1.00 MiB/s"
        );
        let waiting = Shown {
            unit: Unit::Seconds,
            waits_for: Some("the task".into()),
            ..of_bytes(125, Some(3600))
        };
        assert_eq!(
            waiting.line(Some(1), 79),
            "Waiting for the task  2m 05s, 1h 00m at most"
        );
    }

    #[test]
    fn no_line_is_longer_than_its_columns() {
        let counts = [0, 1, 1023, 1024, 1 << 30, (1 << 50) - 1, u64::MAX];
        for (done, total) in counts
            .iter()
            .flat_map(|it| counts.map(|total| (*it, total)))
        {
            for unit in [Unit::Bytes, Unit::Archives, Unit::Seconds] {
                for columns in [39, 60, 79] {
                    let shown = Shown {
                        unit,
                        bytes: Some(done),
                        waits_for: Some("x".repeat(70)),
                        ..of_bytes(done, Some(total.max(done)))
                    };
                    let line = shown.line(Some(total / 3), columns);
                    assert!(line.chars().count() <= columns, "{line}");
                }
            }
        }
    }

    #[test]
    fn sizes_have_three_digits() {
        for (count, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.00 KiB"),
            (10_240, "10.0 KiB"),
            (1024 * 1024 - 1, "1023 KiB"),
            (1 << 20, "1.00 MiB"),
            (300 << 20, "300 MiB"),
            (u64::MAX, "16383 PiB"),
        ] {
            assert_eq!(bytes(count), text);
        }
    }
}
