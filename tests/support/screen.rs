//! What a terminal shows in the end of all that was written to it.

/// Columns of a terminal of the tests.
pub const COLUMNS: usize = 80;

/// The lines of the screen. A line that is drawn over itself may not fill the last column, as some terminals break it there.
#[track_caller]
pub fn screen(written: &str) -> Vec<String> {
    let mut lines = vec![Vec::new()];
    let mut column = 0;
    let mut characters = written.chars();
    while let Some(character) = characters.next() {
        let at = lines.len() - 1;
        let line = &mut lines[at];
        match character {
            '\r' => column = 0,
            '\n' => lines.push(Vec::new()),
            '\x1b' => {
                assert_eq!(characters.next(), Some('['), "{written:?}");
                let mut sequence = String::new();
                for next in characters.by_ref() {
                    sequence.push(next);
                    if next.is_ascii_alphabetic() {
                        break;
                    }
                }
                if sequence == "2K" {
                    line.clear();
                }
            }
            character => {
                if line.len() <= column {
                    line.resize(column + 1, ' ');
                }
                line[column] = character;
                column += 1;
            }
        }
    }
    let lines = lines.into_iter().map(|line| line.into_iter().collect());
    let mut lines: Vec<String> = lines
        .map(|line: String| line.trim_end().to_owned())
        .collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

/// Every line that was drawn over itself: what stands behind a sequence that erases a line.
pub fn drawn(written: &str) -> Vec<String> {
    let parts = written.split("\x1b[2K").skip(1);
    let lines = parts.map(|part| part.split(['\r', '\n', '\x1b']).next().unwrap_or_default());
    let lines = lines.filter(|line| !line.is_empty());
    lines.map(str::to_owned).collect()
}
