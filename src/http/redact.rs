/// Characters of foreign text that a message shows: fewer than a signature has.
const LONGEST: usize = 120;
/// Digits of an address, the longest hexadecimal number that a message has use for.
const LONGEST_NUMBER: usize = 40;

/// A short piece of what a server said, fit for a terminal: one line, no control characters, and no hexadecimal
/// number that could be a piece of the signature, which a server may send back.
pub(crate) fn redact(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().map(printable).collect();
    let line = without_long_numbers(&words.join(" "));
    if line.chars().nth(LONGEST).is_none() {
        return line;
    }
    line.chars().take(LONGEST).chain(['…']).collect()
}

fn printable(word: &str) -> String {
    word.chars()
        .map(|char| {
            // Beyond ASCII there are characters that turn the rest of a line around.
            if char.is_ascii_graphic() || char.is_alphanumeric() {
                char
            } else {
                '?'
            }
        })
        .collect()
}

fn without_long_numbers(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
        let other = rest[digits..].find(|char: char| char.is_ascii_hexdigit());
        let end = other.map_or(rest.len(), |at| digits + at);
        if digits > LONGEST_NUMBER {
            out.push('…');
        } else {
            out.push_str(&rest[..digits]);
        }
        out.push_str(&rest[digits..end]);
        rest = &rest[end..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_text_stays() {
        for text in ["", "Down until 12:00.", "façade", "0xdead beef"] {
            assert_eq!(redact(text), text);
        }
    }

    #[test]
    fn what_a_terminal_would_obey_goes() {
        assert_eq!(redact("a\x1b[31m\r\n\tb\u{202e}c\0"), "a?[31m b?c?");
    }

    #[test]
    fn a_long_text_is_cut() {
        let cut = redact(&"äx ".repeat(1000));
        assert_eq!(cut.chars().count(), 121);
        assert!(cut.ends_with('…'));
    }

    #[test]
    fn a_signature_goes_and_an_address_stays() {
        let address = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";
        let said = format!("{address} sent 0x{}!", "5e".repeat(65));
        assert_eq!(redact(&said), format!("{address} sent 0x…!"));
    }
}
