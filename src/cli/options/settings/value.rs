//! The types of the settings' values. One parser reads a value of each type, wherever it stands.

use std::error::Error as _;
use std::ffi::OsStr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{
    FalseyValueParser, NonEmptyStringValueParser, PathBufValueParser, StringValueParser,
    TypedValueParser, ValueParser,
};
use clap::{Arg, Command, value_parser};

use crate::chain::FrameworkChoice;
use crate::cli::options::values::{
    ProgressChoice, parse_hosts, parse_key, parse_limit, parse_size, parse_time, parse_timeout,
    parse_token, parse_urls,
};
use crate::http::Origin;
use crate::token::Uri;
use crate::wallet::address::Address;

/// A type of value.
pub(crate) trait ValueType {
    type Value: Clone + Send + Sync + 'static;

    /// The kind of value that the file has for it.
    const FORM: Form = Form::Text;

    /// The parser of the text after the option, in the environment and in the file.
    fn parser() -> impl TypedValueParser<Value = Self::Value>;

    /// The option with all that its type says of it.
    fn complete(arg: Arg) -> Arg {
        arg.value_parser(ValueParser::new(Self::parser()))
    }
}

/// A kind of value in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    Path,
    Number,
    Positive,
    Size,
    Switch,
}

impl Form {
    /// The kind in words, where the file has another one.
    pub(crate) fn expected(self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::Path => "path string",
            Self::Number => "a number",
            Self::Positive => "a number above 0",
            Self::Size => "a number of bytes, or a text as in \"32G\"",
            Self::Switch => "a boolean",
        }
    }
}

/// Declares types of values.
macro_rules! value_types {
    ($( #[doc = $doc:literal] $name:ident: $value:ty, $form:ident, $parser:expr; )*) => {
        $(
            #[doc = $doc]
            pub(crate) enum $name {}

            impl ValueType for $name {
                type Value = $value;
                const FORM: Form = Form::$form;

                fn parser() -> impl TypedValueParser<Value = $value> {
                    $parser
                }
            }
        )*
    };
}

value_types! {
    /// Any text.
    Text: String, Text, StringValueParser::new();
    /// A text that is not empty.
    Name: String, Text, NonEmptyStringValueParser::new();
    /// A file or a folder.
    FilePath: PathBuf, Path, PathBufValueParser::new();
    /// A token by its URI, or else by its label.
    TokenUri: Uri, Text, parse_token;
    /// A key by its URI, or else by what people call it.
    KeyUri: Uri, Text, parse_key;
    /// An address that results are for.
    Beneficiary: Address, Text, Address::parse_beneficiary;
    /// A framework of enclaves, or all.
    Framework: FrameworkChoice, Text, str::parse::<FrameworkChoice>;
    /// Who is shown how far long work is.
    Progress: ProgressChoice, Text, str::parse::<ProgressChoice>;
    /// Hosts, between spaces.
    Hosts: Vec<Origin>, Text, parse_hosts;
    /// Addresses of services, between spaces.
    Urls: Vec<String>, Text, parse_urls;
    /// A number of seconds.
    Seconds: Duration, Number, parse_timeout;
    /// A time with a unit.
    Time: Duration, Text, parse_time;
    /// A time after which somebody may stop to wait.
    TimeLimit: Duration, Text, parse_limit;
    /// A number.
    Count: u64, Number, value_parser!(u64);
    /// A number above 0.
    Positive: NonZeroUsize, Positive, str::parse::<NonZeroUsize>;
    /// A number of bytes, with or without a unit.
    Size: u64, Size, parse_size;
}

/// Yes or no; the option alone says yes.
pub(crate) enum Switch {}

impl ValueType for Switch {
    type Value = bool;
    const FORM: Form = Form::Switch;

    fn parser() -> impl TypedValueParser<Value = bool> {
        FalseyValueParser::new()
    }

    fn complete(arg: Arg) -> Arg {
        arg.value_parser(ValueParser::new(Self::parser()))
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
    }
}

/// A value of a setting: there in any case, or as an [`Option`].
pub(crate) trait Shape {
    type Type: ValueType;
    type Stored;

    /// The value as it is stored; an error where it must be there and is not.
    fn of(value: Option<<Self::Type as ValueType>::Value>) -> Result<Self::Stored, String>;
}

impl<T: ValueType> Shape for T {
    type Type = T;
    type Stored = T::Value;

    fn of(value: Option<T::Value>) -> Result<T::Value, String> {
        value.ok_or_else(|| "a value is needed".into())
    }
}

impl<T: ValueType> Shape for Option<T> {
    type Type = T;
    type Stored = Option<T::Value>;

    fn of(value: Option<T::Value>) -> Result<Self::Stored, String> {
        Ok(value)
    }
}

/// The value that a setting of this shape stores.
pub(crate) type Stored<S> = <S as Shape>::Stored;

/// Reads the value that a setting of this shape stores.
pub(super) fn read<S: Shape>(text: Option<&OsStr>) -> Result<S::Stored, String> {
    S::of(text.map(parse::<S::Type>).transpose()?)
}

/// A type of value in the table of all settings.
#[derive(Debug)]
pub(crate) struct ValueKind {
    pub(crate) form: Form,
    /// Completes the option.
    pub(super) complete: fn(Arg) -> Arg,
    /// Says what is wrong with a text.
    pub(crate) check: fn(&OsStr) -> Result<(), String>,
}

impl ValueKind {
    pub(super) const fn of<S: Shape>() -> Self {
        Self {
            form: <S::Type as ValueType>::FORM,
            complete: <S::Type as ValueType>::complete,
            check: |text| parse::<S::Type>(text).map(drop),
        }
    }
}

/// Reads a value, or says what is wrong without showing it.
fn parse<T: ValueType>(text: &OsStr) -> Result<T::Value, String> {
    let parsed = T::parser().parse_ref(&Command::new(""), None, text);
    parsed.map_err(|error| match error.source() {
        Some(problem) => problem.to_string(),
        None => "a value is needed".into(),
    })
}
