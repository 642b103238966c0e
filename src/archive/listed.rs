//! Lists in messages.

/// The first `most` of `items` in words, and how many more there are.
pub(super) fn listed<T>(
    between: &str,
    most: usize,
    items: &[T],
    told: impl Fn(&T) -> String,
) -> String {
    let mut words: Vec<String> = items.iter().take(most).map(told).collect();
    if items.len() > most {
        words.push(format!("{} more", items.len() - most));
    }
    words.join(between)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_is_counted() {
        let list = |items: &[&str]| listed(", ", 2, items, |it| (*it).to_owned());
        assert_eq!(list(&[]), "");
        assert_eq!(list(&["a", "b"]), "a, b");
        assert_eq!(list(&["a", "b", "c", "d"]), "a, b, 2 more");
    }
}
