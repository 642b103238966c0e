//! Checks of several fuzz targets.

use std::fmt::Display;

/// The most that a message may be long, in characters.
const LONGEST_MESSAGE: usize = 256 * 1024;

/// A message is for a terminal: nothing in it can move the cursor or turn a line around.
pub fn check_message(message: impl Display) {
    let text = message.to_string();
    assert!(!text.is_empty());
    assert!(text.len() <= LONGEST_MESSAGE);
    let moving = text
        .chars()
        .find(|it| it.is_control() || is_bidirectional(*it));
    assert_eq!(moving, None, "{text:?}");
}

fn is_bidirectional(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
