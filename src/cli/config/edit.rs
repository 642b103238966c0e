//! Changing a configuration file without touching what else is in it.

use super::entries;

/// `text` with these settings: in the place of those that it has, else at its end. Comments and
/// all else stay.
pub(crate) fn with_entries(text: &str, new: &[(&str, String)]) -> String {
    let old = entries(text);
    let mut text = text.to_owned();
    // From the end, so that the places before stay right.
    for entry in old.iter().rev() {
        if let Some((_, value)) = new.iter().find(|(key, _)| *key == entry.key) {
            text.replace_range(entry.place.clone(), &quoted(value));
        }
    }
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    for (key, value) in new {
        if !old.iter().any(|entry| entry.key == *key) {
            text.push_str(&format!("{key} = {}\n", quoted(value)));
        }
    }
    text
}

/// A basic string of TOML.
fn quoted(value: &str) -> String {
    let mut quoted = String::from('"');
    for c in value.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "# mine\nmodule = \"/a.so\" # why\n\nmax-size = 1_000\n no-agent=true";

    #[test]
    fn a_change_leaves_all_else_as_it_was() {
        let new = [
            ("token", "pkcs11:token=\"a\\b\"\u{7}".to_owned()),
            ("module", "/b.so".to_owned()),
        ];
        let text = with_entries(OLD, &new);
        let wanted = "# mine\nmodule = \"/b.so\" # why\n\nmax-size = 1_000\n no-agent=true\ntoken = \"pkcs11:token=\\\"a\\\\b\\\"\\u0007\"\n";
        assert_eq!(text, wanted);
        let read: Vec<_> = entries(&text).into_iter().map(|it| it.value).collect();
        assert_eq!(
            read,
            ["/b.so", "1000", "true", "pkcs11:token=\"a\\b\"\u{7}"]
        );
        assert_eq!(with_entries("", &new[1..]), "module = \"/b.so\"\n");
    }
}
