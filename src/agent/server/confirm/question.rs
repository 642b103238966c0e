//! The words of a question. What they name of others (a program's path, labels, what a client wants signed) can make up no
//! words of its own: only some characters of ASCII are passed on, none that a terminal, a dialog or a shell reads as anything but
//! itself, and so much of them that ours stay in sight.

use sha2::{Digest as _, Sha256};

use super::super::peer::Peer;
use crate::token::Uri;
use crate::wallet::address::Address;

/// Characters that stay in a name.
const LONGEST: usize = 96;

/// What somebody wants to do with a key.
#[derive(Debug, Clone, Copy)]
pub(in crate::agent::server) enum Wanted<'a> {
    /// To have this ciphertext unwrapped, in the form of a scheme.
    Unwrap {
        scheme: &'a str,
        ciphertext: &'a [u8],
    },
    /// To have a secret of this name published for `owner`, by the signature of this challenge.
    Sign {
        owner: &'a Address,
        secret: &'a str,
        challenge: &'a str,
    },
}

impl Wanted<'_> {
    /// Tells one request from every other.
    pub(super) fn digest(&self, key: &str) -> [u8; 32] {
        let mut hash = Sha256::new();
        let mut add = |part: &[u8]| {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        };
        add(key.as_bytes());
        match self {
            Self::Unwrap { scheme, ciphertext } => {
                add(scheme.as_bytes());
                add(ciphertext);
            }
            // All that is signed is in it.
            Self::Sign { challenge, .. } => add(challenge.as_bytes()),
        }
        hash.finalize().into()
    }

    /// The question whether `peer` may do it, with the key of this URI on the token of this label.
    pub(super) fn question(&self, peer: &Peer, key: &str, token: &str) -> String {
        let token = quoted(token);
        let what = match self {
            Self::Unwrap { .. } => format!(
                "Allow one use of the key {} of the token {token}?\n\nA content key is to be unwrapped.",
                name_of(key)
            ),
            Self::Sign {
                owner,
                secret,
                challenge,
            } => format!(
                "Allow one signature of the wallet {owner} of the token {token}?\n\nIt publishes the secret {} to the SMS.\nChallenge: {challenge}",
                quoted(secret)
            ),
        };
        let process = match peer.pid {
            // It is in a container that does not show here.
            0 => "A process with an unknown number".to_owned(),
            pid => format!("The process {pid}"),
        };
        let whose = match peer.uid == 0 && !rustix::process::geteuid().is_root() {
            true => " of root",
            false => "",
        };
        let program = match (peer.program.as_str(), peer.names_itself) {
            ("", _) => "Its program is not known.".to_owned(),
            (program, false) => format!("Its program:\n{}", quoted(program)),
            // Any process can take any name, so it is told apart from a file.
            (name, true) => format!(
                "Its program cannot be identified. It calls itself:\n{}",
                quoted(name)
            ),
        };
        format!("{what}\n{process}{whose} asks for it. {program}")
    }
}

/// The label of a key, or else its id.
fn name_of(key: &str) -> String {
    let uri: Uri = key.parse().unwrap_or_default();
    match (&uri.object, &uri.id) {
        (Some(label), _) if !label.is_empty() => quoted(label),
        (_, Some(id)) => format!("with the id {}", crate::text::hex::hex(id)),
        _ => "without a name".to_owned(),
    }
}

/// A name of others between quotes: its beginning and its end, where it is long.
fn quoted(name: &str) -> String {
    let characters: Vec<char> = name.chars().map(harmless).collect();
    let text: String = match characters.len() > LONGEST {
        false => characters.iter().collect(),
        true => {
            let half = LONGEST / 2;
            let (head, tail) = (&characters[..half], &characters[characters.len() - half..]);
            head.iter().chain(&['.', '.', '.']).chain(tail).collect()
        }
    };
    // Nothing in it needs an escape.
    format!("{text:?}")
}

/// The character, or a question mark for one that somebody might read as more than itself: as the end of a line or of the
/// name, as markup or an escape of a dialog, as a letter of another script that looks like one of ours.
fn harmless(character: char) -> char {
    let is_plain = character.is_ascii_alphanumeric() || " -_./,:;+=@#()[]~!*".contains(character);
    if is_plain { character } else { '?' }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn peer(program: &str) -> Peer {
        Peer {
            uid: rustix::process::geteuid().as_raw(),
            pid: 4242,
            program: program.to_owned(),
            names_itself: false,
            allowed: Default::default(),
        }
    }

    const KEY: &str = "pkcs11:token=demo;object=iexec%20result%20key%207e5f4552;id=%AA%02";

    fn unwrap(program: &str) -> String {
        let wanted = Wanted::Unwrap {
            scheme: "current",
            ciphertext: b"x",
        };
        wanted.question(&peer(program), KEY, "demo")
    }

    #[test]
    fn it_names_the_key_the_process_and_its_program() {
        assert_eq!(
            unwrap("/usr/bin/python3.11"),
            "Allow one use of the key \"iexec result key 7e5f4552\" of the token \"demo\"?\n\n\
             A content key is to be unwrapped.\n\
             The process 4242 asks for it. Its program:\n\"/usr/bin/python3.11\""
        );
    }

    #[test]
    fn a_name_that_a_process_gives_itself_is_told_from_a_file() {
        let asked = |peer: &Peer| {
            let wanted = Wanted::Unwrap {
                scheme: "current",
                ciphertext: b"x",
            };
            wanted.question(peer, KEY, "demo")
        };
        let mut peer = Peer {
            names_itself: true,
            ..peer("/usr/bin/ssh")
        };
        let text = asked(&peer);
        let end = "Its program cannot be identified. It calls itself:\n\"/usr/bin/ssh\"";
        assert!(text.ends_with(end), "{text}");
        (peer.pid, peer.program) = (0, String::new());
        let text = asked(&peer);
        let end = "A process with an unknown number asks for it. Its program is not known.";
        assert!(text.ends_with(end), "{text}");
    }

    #[test]
    fn a_program_cannot_put_words_into_it() {
        let plain = unwrap("/x");
        for evil in [
            "/x\"\nIt is safe, say yes",
            "/x\u{202e}\x1b[2J<b>&#10;\\n%0A$(id)`id`",
            "/\u{440}\u{443}thon\u{2028}\u{85}\r\t",
        ] {
            let text = unwrap(evil);
            assert_eq!(text.lines().count(), plain.lines().count(), "{text}");
            assert!(
                text.bytes()
                    .all(|it| it == b'\n' || (b' '..=b'~').contains(&it))
            );
            let last = text.lines().last().unwrap_or_default();
            let name = last.trim_start_matches('"').trim_end_matches('"');
            assert!(
                !name.contains(['"', '<', '>', '&', '\\', '%', '$', '`']),
                "{text}"
            );
        }
    }

    #[test]
    fn a_long_name_leaves_the_rest_in_sight() {
        let text = unwrap(&format!("/begin/{}/end", "x".repeat(5000)));
        assert!(text.len() < 400, "{}", text.len());
        assert!(
            text.ends_with("/end\"") && text.contains("\n\"/begin/"),
            "{text}"
        );
        let owner = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
            .parse()
            .unwrap();
        let wanted = Wanted::Sign {
            owner: &owner,
            secret: &"x\n".repeat(5000),
            challenge: "0x00",
        };
        let text = wanted.question(&peer(&"y".repeat(5000)), KEY, &"z".repeat(5000));
        assert!(text.len() < 700, "{text}");
    }

    #[test]
    fn each_part_of_a_request_tells_it_from_others() {
        let digest = |key: &str, scheme, ciphertext: &[u8]| {
            Wanted::Unwrap { scheme, ciphertext }.digest(key)
        };
        let one = digest("key", "current", b"abc");
        assert_eq!(one, digest("key", "current", b"abc"));
        for other in [
            digest("other", "current", b"abc"),
            digest("key", "legacy-ecb", b"abc"),
            digest("key", "current", b"abd"),
            digest("keyc", "urrent", b"abc"),
        ] {
            assert_ne!(one, other);
        }
    }
}
