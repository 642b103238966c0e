//! Scripts: one rule in each line, `#` begins a comment.
//!
//! A rule of a **call** is `FUNCTION WHEN ACTION`. `FUNCTION` is a name of the standard, or `*` for
//! calls of all functions together. `WHEN` counts its calls in this process from 1: `3`, `3-` (from
//! the third on), `2-4`, `/5` (every fifth), or `*`.
//!
//! | action | what happens |
//! |---|---|
//! | `return RV` | it returns `RV` and does nothing |
//! | `then RV` | it does its work and returns `RV` |
//! | `answer LEN` | `C_Decrypt` succeeds with `LEN` invented bytes |
//! | `remove` | the token is gone, from this call on |
//! | `insert` | it is back, for the next `C_Initialize` |
//! | `final-try` | all PIN attempts but one are spent, on a token with `pin-tries` |
//! | `sleep MS` | so many milliseconds pass first |
//! | `hang FILE` | it waits until there is such a file |
//! | `print TEXT` | the module writes to stdout and stderr |
//! | `opens FILE` | the module opens a file to write to it, and the ledger says how that went |
//! | `runs PROGRAM` | the module runs a program, and the ledger says how that went |
//! | `abort` | the module ends the process |
//! | `crash` | the module writes where it may not, and so ends the process |
//!
//! A rule behind `in FILE` counts only for a copy of the module in a file of that name.
//!
//! A rule of the **token**:
//!
//! | rule | what it makes of the token |
//! |---|---|
//! | `flag +NAME [after N]` | sets a flag of `C_GetTokenInfo`, after `N` wrong PINs; `-NAME` clears it |
//! | `pin-tries N` | counts wrong PINs over all processes, reports them by flags, blocks the PIN after `N` |
//! | `pin-pad PIN [SO-PIN]` | the reader asks for PINs, and is given these |
//! | `always-authenticate PIN` | private keys demand this PIN for each decryption |
//! | `stuck-sessions` | a session in which a decryption failed says `CKR_OPERATION_ACTIVE` for ever |
//! | `attribute NAME VALUE` | `VALUE` is in hexadecimal, or `missing`, or `untouched`: success, and no length |
//! | `private-attribute NAME VALUE` | the same of private keys alone |
//! | `hide CLASS` | objects of this class are not found; with `before-login` or `after-login` only then, with `read-write` only in such sessions |
//! | `sessions KIND` | only those that are `read-only`, or only those that are `read-write`, are granted |
//! | `mechanism NAME hidden` | it is not there; with `no-decrypt`, not for decryption |
//! | `mechanism NAME sizes MIN MAX` | it says that its keys have these sizes |
//! | `one-thread` | it cannot lock: `C_Initialize` refuses OS locking, and two calls at a time end the process |
//! | `looks-for FILE` | `C_Initialize` fails where there is such a file in the working folder |
//! | `not-at-once NAME` | it can lock, but two calls of this function at a time in one process crash it |
//! | `takes-arguments` | `C_Initialize` may be given a text, which the real module does not see |
//! | `so-generates PIN SO-PIN` | only the security officer makes key pairs |
//! | `one-device` | calls are counted, and the token is pulled out and back, for all processes together |
//! | `shuffle-slots` | slots get new numbers with each `C_Initialize` |
//! | `label TEXT [after N]` | the token's label, after `N` calls of `C_Initialize`; `label` alone is a blank one |
//! | `serial TEXT` | the serial number of all tokens |
//! | `library TEXT` | the maker of the module, by its own word |
//! | `describes TEXT` | what else token, slot and module tell of themselves: makers, model, descriptions |
//!
//! In the texts of these three, `\\n`, `\\t` and `\\s` are the end of a line, a tab and a space.
//!
//! | rule | what it makes of the token |
//! |---|---|
//! | `hardware` | slots say that they are a device's |
//! | `away-while FILE` | the token is gone while there is such a file, and back for the next `C_Initialize` |
//! | `writes-down NAME` | the ledger has this function only, and others that have such a rule |
//! | `answers-alone NAME` | a function that succeeds, and does nothing, while the token is gone |
//! | `shows TEXT` | of all tokens only the one with this label is there |
//! | `needs-no-login PIN` | it says so, and the user is logged in by any session; a PIN that is sent must be this one |
//! | `pin-lengths MIN MAX` | it says that its PINs have so many bytes |
//! | `empty-pin PIN` | it says that PINs may be empty, and takes an empty one for this one |
//! | `gives-id HEX` | key pairs that are made get this id, of as many bytes as the one that was asked for |
//! | `rubbish-modulus` | after a key was made, moduli have 2048 bytes until the next `C_Initialize` |

use std::path::PathBuf;
use std::time::Duration;

use cryptoki_sys::{CK_ATTRIBUTE_TYPE, CK_FLAGS, CK_MECHANISM_TYPE, CK_OBJECT_CLASS, CK_RV};

use crate::names;

/// All rules.
#[derive(Default)]
pub(crate) struct Script {
    pub(crate) calls: Vec<CallRule>,
    pub(crate) flags: Vec<FlagRule>,
    pub(crate) pin_tries: Option<u64>,
    pub(crate) pin_pad: Option<PinPad>,
    pub(crate) always_authenticate: Option<Vec<u8>>,
    pub(crate) stuck_sessions: bool,
    pub(crate) one_device: bool,
    pub(crate) not_at_once: Option<String>,
    pub(crate) library: Option<String>,
    pub(crate) attributes: Vec<(CK_ATTRIBUTE_TYPE, Value)>,
    pub(crate) private_attributes: Vec<(CK_ATTRIBUTE_TYPE, Value)>,
    /// With the only sessions in which it is so.
    pub(crate) hidden: Vec<(CK_OBJECT_CLASS, Option<Sessions>)>,
    /// Whether only read-write sessions are granted, or only others.
    pub(crate) only_writable: Option<bool>,
    pub(crate) mechanisms: Vec<(CK_MECHANISM_TYPE, Lack)>,
    pub(crate) sizes: Vec<(CK_MECHANISM_TYPE, (u64, u64))>,
    /// PINs of the user and of the security officer, who alone makes key pairs.
    pub(crate) so_generates: Option<PinPad>,
    pub(crate) one_thread: bool,
    pub(crate) looks_for: Option<PathBuf>,
    pub(crate) takes_arguments: bool,
    pub(crate) shuffle_slots: bool,
    /// With how many calls of `C_Initialize` come before it.
    pub(crate) label: Option<(String, u64)>,
    pub(crate) serial: Option<String>,
    pub(crate) description: Option<String>,
    /// The label of the only token.
    pub(crate) shows: Option<String>,
    pub(crate) needs_no_login: Option<Vec<u8>>,
    pub(crate) pin_lengths: Option<(u64, u64)>,
    pub(crate) empty_pin: Option<Vec<u8>>,
    pub(crate) hardware: bool,
    pub(crate) rubbish_modulus: bool,
    /// The id of key pairs that are made.
    pub(crate) gives_id: Option<Vec<u8>>,
    /// Functions for which the module does not ask the token.
    pub(crate) answers_alone: Vec<String>,
    /// The file whose presence is the token's absence.
    pub(crate) away_while: Option<PathBuf>,
    /// The functions in the ledger; all where there are none.
    pub(crate) writes_down: Vec<String>,
}

/// What happens at certain calls.
pub(crate) struct CallRule {
    pub(crate) function: String,
    pub(crate) when: When,
    pub(crate) action: Action,
}

/// Which of the calls.
pub(crate) enum When {
    Between(u64, u64),
    Every(u64),
}

pub(crate) enum Action {
    Return(CK_RV),
    Then(CK_RV),
    Answer(u64),
    Remove,
    Insert,
    FinalTry,
    Sleep(Duration),
    Hang(PathBuf),
    Print(String),
    Opens(PathBuf),
    Runs(PathBuf),
    Abort,
    Crash,
}

/// A flag of the token, once so many PINs were wrong.
pub(crate) struct FlagRule {
    pub(crate) flag: CK_FLAGS,
    pub(crate) on: bool,
    pub(crate) after: u64,
}

/// What a person types on the reader.
pub(crate) struct PinPad {
    pub(crate) pin: Vec<u8>,
    pub(crate) so_pin: Vec<u8>,
}

/// What is shown of an attribute.
pub(crate) enum Value {
    Bytes(Vec<u8>),
    Missing,
    Untouched,
}

/// Some of the sessions.
pub(crate) enum Sessions {
    /// While nobody is logged in.
    Public,
    /// While the user is.
    User,
    ReadWrite,
}

/// What a mechanism cannot do.
#[derive(PartialEq)]
pub(crate) enum Lack {
    All,
    Decrypt,
}

impl When {
    pub(crate) fn has(&self, call: u64) -> bool {
        match self {
            Self::Between(first, last) => (*first..=*last).contains(&call),
            Self::Every(step) => call.is_multiple_of(*step),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Between(1, u64::MAX));
        }
        if let Some(step) = text.strip_prefix('/') {
            return step.parse().ok().filter(|it| *it > 0).map(Self::Every);
        }
        match text.split_once('-') {
            None => text.parse().ok().map(|it| Self::Between(it, it)),
            Some((first, "")) => Some(Self::Between(first.parse().ok()?, u64::MAX)),
            Some((first, last)) => Some(Self::Between(first.parse().ok()?, last.parse().ok()?)),
        }
    }
}

impl Script {
    /// The rules in `text` for a module in a file of this `name`, or the line that is none.
    pub(crate) fn parse(text: &str, name: &str) -> Result<Self, String> {
        let mut script = Self::default();
        for line in text
            .lines()
            .map(|it| it.split('#').next().unwrap_or_default().trim())
        {
            let mut words: Vec<&str> = line.split_whitespace().collect();
            if let ["in", file, ..] = *words {
                if file != name {
                    continue;
                }
                words.drain(..2);
            }
            if !words.is_empty() && script.add(&words, line).is_none() {
                return Err(format!("no rule: {line}"));
            }
        }
        Ok(script)
    }

    fn add(&mut self, words: &[&str], line: &str) -> Option<()> {
        match *words {
            ["flag", flag, ref after @ ..] => self.flags.push(flag_rule(flag, after)?),
            ["pin-tries", count] => self.pin_tries = Some(count.parse().ok()?),
            ["pin-pad", pin] => self.pin_pad = Some(pin_pad(pin, "")),
            ["pin-pad", pin, so_pin] => self.pin_pad = Some(pin_pad(pin, so_pin)),
            ["always-authenticate", pin] => self.always_authenticate = Some(pin.into()),
            ["not-at-once", name] => self.not_at_once = Some(name.into()),
            ["one-device"] => self.one_device = true,
            ["stuck-sessions"] => self.stuck_sessions = true,
            ["attribute", name, shown] => {
                let rule = (names::attribute(name)?, value(shown)?);
                self.attributes.push(rule);
            }
            ["private-attribute", name, shown] => {
                let rule = (names::attribute(name)?, value(shown)?);
                self.private_attributes.push(rule);
            }
            ["hide", class] => self.hidden.push((names::class(class)?, None)),
            ["hide", class, "before-login"] => {
                let rule = (names::class(class)?, Some(Sessions::Public));
                self.hidden.push(rule);
            }
            ["hide", class, "after-login"] => {
                let rule = (names::class(class)?, Some(Sessions::User));
                self.hidden.push(rule);
            }
            ["hide", class, "read-write"] => {
                let rule = (names::class(class)?, Some(Sessions::ReadWrite));
                self.hidden.push(rule);
            }
            ["sessions", "read-only"] => self.only_writable = Some(false),
            ["sessions", "read-write"] => self.only_writable = Some(true),
            ["mechanism", name, "hidden"] => {
                self.mechanisms.push((names::mechanism(name)?, Lack::All));
            }
            ["mechanism", name, "no-decrypt"] => {
                self.mechanisms
                    .push((names::mechanism(name)?, Lack::Decrypt));
            }
            ["mechanism", name, "sizes", min, max] => {
                let range = (min.parse().ok()?, max.parse().ok()?);
                self.sizes.push((names::mechanism(name)?, range));
            }
            ["so-generates", pin, so_pin] => self.so_generates = Some(pin_pad(pin, so_pin)),
            ["one-thread"] => self.one_thread = true,
            ["looks-for", file] => self.looks_for = Some(file.into()),
            ["takes-arguments"] => self.takes_arguments = true,
            ["label"] => self.label = Some((String::new(), 0)),
            ["label", label] => self.label = Some((text(label), 0)),
            ["label", label, "after", count] => {
                self.label = Some((text(label), count.parse().ok()?));
            }
            ["serial", serial] => self.serial = Some(text(serial)),
            ["library", maker] => self.library = Some(text(maker)),
            ["describes", description] => self.description = Some(text(description)),
            ["shows", label] => self.shows = Some(label.to_owned()),
            ["needs-no-login", pin] => self.needs_no_login = Some(pin.into()),
            ["pin-lengths", min, max] => {
                self.pin_lengths = Some((min.parse().ok()?, max.parse().ok()?));
            }
            ["empty-pin", pin] => self.empty_pin = Some(pin.into()),
            ["shuffle-slots"] => self.shuffle_slots = true,
            ["hardware"] => self.hardware = true,
            ["gives-id", id] => match value(id)? {
                Value::Bytes(id) => self.gives_id = Some(id),
                _ => return None,
            },
            ["away-while", file] => self.away_while = Some(file.into()),
            ["writes-down", name] => self.writes_down.push(name.to_owned()),
            ["answers-alone", name] => self.answers_alone.push(name.to_owned()),
            ["rubbish-modulus"] => self.rubbish_modulus = true,
            [function, when, ref rest @ ..] if function == "*" || function.starts_with("C_") => {
                self.calls.push(CallRule {
                    function: function.to_owned(),
                    when: When::parse(when)?,
                    action: action(rest, line)?,
                });
            }
            _ => return None,
        }
        Some(())
    }
}

fn action(words: &[&str], line: &str) -> Option<Action> {
    Some(match *words {
        ["return", rv] => Action::Return(names::rv(rv)?),
        ["then", rv] => Action::Then(names::rv(rv)?),
        ["answer", len] => Action::Answer(len.parse().ok()?),
        ["remove"] => Action::Remove,
        ["insert"] => Action::Insert,
        ["final-try"] => Action::FinalTry,
        ["sleep", time] => Action::Sleep(Duration::from_millis(time.parse().ok()?)),
        ["hang", file] => Action::Hang(file.into()),
        ["print", ..] => Action::Print(line.split_once("print ")?.1.to_owned()),
        ["opens", file] => Action::Opens(file.into()),
        ["runs", program] => Action::Runs(program.into()),
        ["abort"] => Action::Abort,
        ["crash"] => Action::Crash,
        _ => return None,
    })
}

fn flag_rule(flag: &str, after: &[&str]) -> Option<FlagRule> {
    let on = flag.starts_with('+');
    Some(FlagRule {
        flag: names::token_flag(flag.strip_prefix(if on { '+' } else { '-' })?)?,
        on,
        after: match after {
            [] => 0,
            ["after", count] => count.parse().ok()?,
            _ => return None,
        },
    })
}

/// A word of the script as the text that it stands for.
fn text(word: &str) -> String {
    let spaces = word.replace("\\s", " ").replace("\\t", "\t");
    spaces.replace("\\n", "\n")
}

fn pin_pad(pin: &str, so_pin: &str) -> PinPad {
    PinPad {
        pin: pin.into(),
        so_pin: so_pin.into(),
    }
}

fn value(text: &str) -> Option<Value> {
    match text {
        "missing" => return Some(Value::Missing),
        "untouched" => return Some(Value::Untouched),
        _ => {}
    }
    let digits = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..text.len()).step_by(2).map(digits).collect();
    bytes.map(Value::Bytes)
}
