//! Changing a configuration file without touching what else is in it.

use super::entries::parse;
use crate::cli::options::Setting;

/// `text` with these settings: in the place of those that it has, else at its end. Comments and
/// all else stay.
pub(crate) fn with_entries(text: &str, new: &[(&'static Setting, String)]) -> String {
    let old = parse(text).unwrap_or_default();
    let mut text = text.to_owned();
    // From the end, so that the places before stay right.
    for entry in old.iter().rev() {
        if let Some((_, value)) = new
            .iter()
            .find(|(setting, _)| setting.id == entry.setting.id)
        {
            text.replace_range(entry.place.clone(), &quoted(value));
        }
    }
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    for (setting, value) in new {
        if !old.iter().any(|entry| entry.setting.id == setting.id) {
            text.push_str(&format!("{} = {}\n", setting.name(), quoted(value)));
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
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::cli::options::SETTINGS;

    const OLD: &str = "# mine\nmodule = \"/a.so\" # why\n\nmax-size = 1_000\n no-agent=true";

    #[test]
    fn a_change_leaves_all_else_as_it_was() {
        let new = [
            (&SETTINGS.module_args, "a \"b\\c\"\u{7}".to_owned()),
            (&SETTINGS.module, "/b.so".to_owned()),
        ];
        let text = with_entries(OLD, &new);
        let wanted = "# mine\nmodule = \"/b.so\" # why\n\nmax-size = 1_000\n no-agent=true\nmodule-args = \"a \\\"b\\\\c\\\"\\u0007\"\n";
        assert_eq!(text, wanted);
        let read: Vec<_> = parse(&text)
            .unwrap()
            .into_iter()
            .map(|it| it.text)
            .collect();
        assert_eq!(read, ["/b.so", "1000", "true", "a \"b\\c\"\u{7}"]);
        assert_eq!(with_entries("", &new[1..]), "module = \"/b.so\"\n");
    }
}
