#![allow(clippy::unwrap_used)]

use super::*;

fn any(_: &str) -> bool {
    true
}

fn decoded(text: impl AsRef<[u8]>) -> Result<Zeroizing<Vec<u8>>, PemError> {
    only_block(text.as_ref(), any)?.decode()
}

#[test]
fn any_length_survives_a_round_trip() {
    for length in 0..200 {
        let bytes = vec![7; length];
        let text = encode("A", &bytes);
        assert!(text.lines().all(|line| (1..=COLUMNS).contains(&line.len())));
        for text in [&text, &text.replace('\n', "\r\n"), &text.replace('\n', " ")] {
            assert_eq!(*decoded(text).unwrap(), bytes);
        }
    }
}

#[test]
fn every_form_that_a_text_takes_on_its_way_is_read() {
    // All characters of base64 are in it, and two for padding.
    let bytes: Vec<u8> = (0..=255).rev().chain([0xfb, 0xff, 0xbe, 0x7f]).collect();
    let text = encode("PUBLIC KEY", &bytes);
    let digits: String = text.lines().filter(|it| !it.starts_with('-')).collect();
    assert!(digits.contains('/') && digits.contains('+') && digits.ends_with('='));
    let in_lines = |columns: usize, end: &str| {
        let lines = digits.as_bytes().chunks(columns);
        let lines: Vec<_> = lines.map(|line| str::from_utf8(line).unwrap()).collect();
        let body = lines.join(end);
        format!("-----BEGIN PUBLIC KEY-----{end}{body}{end}-----END PUBLIC KEY-----{end}")
    };
    let quoted = text.replace('\n', r"\n");
    for form in [
        in_lines(64, "\n"),
        in_lines(64, "\r\n"),
        in_lines(64, "\r"),
        in_lines(64, "\r\r\n"),
        in_lines(64, " "),
        in_lines(64, "\n\n"),
        in_lines(64, "\n\t  "),
        in_lines(64, "\u{a0}\n"),
        in_lines(64, "\u{200b}\u{feff}\n"),
        in_lines(64, r"\n"),
        in_lines(64, r"\r\n"),
        in_lines(64, r"\\n"),
        in_lines(64, "\\n\n"),
        in_lines(64, "\\\n"),
        in_lines(76, "\n"),
        in_lines(1, "\n"),
        in_lines(10_000, "\n"),
        in_lines(10_000, ""),
        text.trim_end().to_owned(),
        format!("\u{feff}{text}"),
        format!("Bag Attributes\n  friendlyName: a\n{text}more\n"),
        format!("KEY=\"{quoted}\"\n"),
        format!("{{\"key\": \"{}\"}}", quoted.replace('/', r"\/")),
    ] {
        assert_eq!(*decoded(&form).unwrap(), bytes, "{form}");
    }
    // What is around it may be in another encoding.
    let around = [b"Caf\xe9\n", text.as_bytes(), b"\xff\0"].concat();
    assert_eq!(*decoded(around).unwrap(), bytes);
}

#[test]
fn what_is_not_one_whole_block_is_told_apart() {
    let text = encode("A", b"bytes");
    for (other, error) in [
        (String::new(), PemError::None),
        (text.replace("-----BEGIN ", ""), PemError::None),
        ("\u{1f511}".to_owned(), PemError::None),
        ("0\0".to_owned(), PemError::Binary),
        (text.replace("-----END ", ""), PemError::CutOff),
        (text.replace("END A", "END B"), PemError::Lines),
        (text.replace("BEGIN A-----", "BEGIN A---"), PemError::Lines),
        (text.replace("END A-----", "END A---"), PemError::Lines),
        (text.repeat(2), PemError::Several),
    ] {
        let block = only_block(other.as_bytes(), any);
        let found = block.and_then(|block| block.rest).unwrap_err();
        assert_eq!(found, error, "{other}");
    }
    assert_eq!(decoded(b"\x30\x82\xff").unwrap_err(), PemError::Binary);
    for broken in ["*", "A", "_", "é", "=", r"\", r"\x", r"\A", "n", "-"] {
        let text = text.replacen('\n', &format!("\n{broken}"), 1);
        assert_eq!(decoded(&text), Err(PemError::Base64), "{text}");
    }
}

#[test]
fn only_the_blocks_that_count_are_several() {
    let text = [encode("A", b"a"), encode("B", b"b"), encode("A", b"c")].concat();
    let only = |counts| only_block(text.as_bytes(), counts).map(|it| it.label);
    assert_eq!(only(|label| label == "B"), Ok("B"));
    assert_eq!(only(|label| label == "A"), Err(PemError::Several));
    assert_eq!(only(|label| label == "C"), Ok("A"));
}

#[test]
fn blocks_come_in_their_order_and_some_may_be_cut_off() {
    let text = [
        "before",
        &encode("A", b"a"),
        "between",
        "-----BEGIN B-----\nAAAA\n",
        &encode("C", b"c"),
        "-----BEGIN D-----\nAAAA",
    ]
    .concat();
    let found: Vec<_> = blocks(text.as_bytes())
        .map(|it| (it.label, it.rest.err()))
        .collect();
    let cut_off = Some(PemError::CutOff);
    assert_eq!(
        found,
        [("A", None), ("B", cut_off), ("C", None), ("D", cut_off)]
    );
}

#[test]
fn a_private_key_is_seen_in_any_state() {
    for text in [
        "-----BEGIN RSA PRIVATE KEY-----",
        "---- PRIVATE KEY",
        "a\r----END PRIVATE KEY",
        r#""-----BEGIN PRIVATE KEY-----\nAAAA"#,
    ] {
        assert!(holds_private_key(text.as_bytes()), "{text}");
    }
    for text in [
        "PRIVATE KEY",
        "----\nPRIVATE KEY",
        "-----BEGIN PUBLIC KEY-----",
    ] {
        assert!(!holds_private_key(text.as_bytes()), "{text}");
    }
}
