/// What part of a file an answer with status 206 has in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ContentRange {
    pub(super) first: u64,
    pub(super) last: u64,
    /// Bytes of the whole file, where they are said.
    pub(super) total: Option<u64>,
}

impl ContentRange {
    /// Reads the header; `None` where it is wrong.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let range = Self {
            first: number(first)?,
            last: number(last)?,
            total: match total.trim() {
                "*" => None,
                total => Some(number(total)?),
            },
        };
        let ends_inside = range.total.is_none_or(|total| range.last < total);
        (range.first <= range.last && ends_inside).then_some(range)
    }
}

/// A number without sign.
fn number(text: &str) -> Option<u64> {
    let text = text.trim();
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(())?;
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_read_or_refused() {
        let range = |first, last, total| Some(ContentRange { first, last, total });
        for (text, expected) in [
            ("bytes 5-9/10", range(5, 9, Some(10))),
            ("bytes 0-0/*", range(0, 0, None)),
            ("bytes 5-10/10", None),
            ("bytes 5-4/10", None),
            ("bytes +5-9/10", None),
            ("bytes */10", None),
            ("bytes 5-9", None),
            ("items 5-9/10", None),
            ("bytes 5-99999999999999999999/*", None),
            ("", None),
        ] {
            assert_eq!(ContentRange::parse(text), expected, "{text}");
        }
    }
}
