use cryptoki_sys::*;

use crate::ledger::pin_class;
use crate::pointer;

/// An argument of a call, as far as the ledger shows it.
#[derive(Clone, Copy)]
pub(crate) enum Arg {
    Number(u64),
    Bytes(*const u8),
    Length(*const CK_ULONG),
    Mechanism(*const CK_MECHANISM),
    Template(*const CK_ATTRIBUTE),
    /// What `C_Initialize` is given, as a reference to it has no type.
    Void(*const CK_C_INITIALIZE_ARGS),
    /// Anything else, and whether it is null.
    Pointer(bool),
}

/// The arguments of a call with their names.
pub(crate) type Args<'a> = [(&'static str, Arg)];

/// The number among `args` that has this name.
pub(crate) fn number(args: &Args, wanted: &str) -> Option<u64> {
    args.iter().find_map(|(name, arg)| match arg {
        Arg::Number(number) if *name == wanted => Some(*number),
        _ => None,
    })
}

/// The shape of `args`, and of PINs the class.
pub(crate) fn describe(args: &Args, salt: &[u8]) -> String {
    let mut text = String::new();
    for (index, (name, arg)) in args.iter().enumerate() {
        let len = match args.get(index + 1) {
            Some((_, Arg::Number(len))) => *len,
            _ => 0,
        };
        let shown = match arg {
            Arg::Number(number) => number.to_string(),
            Arg::Bytes(place) if place.is_null() => "null".into(),
            Arg::Bytes(place) if name.ends_with("pin") => {
                pin_class(salt, pointer::slice(*place, len))
            }
            // Where the caller only has room for a number, it may not have set it.
            Arg::Length(place) if name.ends_with("_len") => {
                pointer::get(*place).map_or("null".into(), |len| format!("[{len}]"))
            }
            Arg::Length(place) => set(place.is_null()),
            Arg::Bytes(_) => set(false),
            Arg::Mechanism(place) => {
                pointer::get(*place).map_or("null".into(), |it| format!("{:#x}", { it.mechanism }))
            }
            Arg::Template(place) => pointer::slice(*place, len)
                .iter()
                .map(|it| format!("{:#x}", { it.type_ }))
                .collect::<Vec<_>>()
                .join("+"),
            Arg::Void(place) if *name == "arguments" => initialize_arguments(*place),
            Arg::Void(place) => set(place.is_null()),
            Arg::Pointer(null) => set(*null),
        };
        text.push_str(&format!(" {name}={shown}"));
    }
    text
}

/// The flags, and the text behind `pReserved` where there is one.
fn initialize_arguments(place: *const CK_C_INITIALIZE_ARGS) -> String {
    let Some(arguments) = pointer::get(place) else {
        return "null".into();
    };
    let text = pointer::text(arguments.pReserved.cast());
    let text = text.map_or(String::new(), |it| format!(":{}", it.replace(' ', "%20")));
    format!("{:#x}{text}", arguments.flags)
}

fn set(null: bool) -> String {
    if null { "null" } else { "set" }.to_owned()
}

macro_rules! args {
    ($($type:ty => |$it:ident| $arg:expr;)*) => {
        $(impl From<$type> for Arg {
            fn from($it: $type) -> Self {
                $arg
            }
        })*
    };
}

args! {
    CK_ULONG => |it| Self::Number(it);
    CK_BBOOL => |it| Self::Number(it.into());
    CK_BYTE_PTR => |it| Self::Bytes(it);
    CK_ULONG_PTR => |it| Self::Length(it);
    CK_MECHANISM_PTR => |it| Self::Mechanism(it);
    CK_ATTRIBUTE_PTR => |it| Self::Template(it);
    CK_VOID_PTR => |it| Self::Void(it.cast());
    CK_INFO_PTR => |it| Self::Pointer(it.is_null());
    CK_SLOT_INFO_PTR => |it| Self::Pointer(it.is_null());
    CK_TOKEN_INFO_PTR => |it| Self::Pointer(it.is_null());
    CK_MECHANISM_INFO_PTR => |it| Self::Pointer(it.is_null());
    CK_SESSION_INFO_PTR => |it| Self::Pointer(it.is_null());
    CK_NOTIFY => |it| Self::Pointer(it.is_none());
}
