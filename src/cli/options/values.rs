use std::str::FromStr;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;

use crate::cli::ui::hints;
use crate::http::Origin;
use crate::text::hex;
use crate::token::Uri;
use crate::token::uri::UriError;

/// Reads a URI; what is wrong is followed by what to do.
pub(crate) fn parse_uri(text: &str) -> Result<Uri, String> {
    text.parse()
        .map_err(|error: UriError| match hints::uri(&error) {
            "" => error.to_string(),
            hint => format!("{error}. {hint}"),
        })
}

/// A key by its URI, or else by what people call it.
pub(crate) fn parse_key(text: &str) -> Result<Uri, String> {
    if is_uri(text) {
        return parse_uri(text);
    }
    // A private key in the wrong place must not be looked for, and named in what is said.
    let is_secret = hex::without_prefix(text.as_bytes()).len() >= 64;
    if text.is_empty() || is_secret || text.contains(['=', '\n']) {
        return Err("a label, an id, an address or a pkcs11: URI is needed".into());
    }
    Ok(Uri::for_short_name(text))
}

fn is_uri(text: &str) -> bool {
    let scheme = text.get(..7);
    scheme.is_some_and(|it| it.eq_ignore_ascii_case("pkcs11:"))
}

/// A token by its URI, or else by its label.
pub(crate) fn parse_token(text: &str) -> Result<Uri, String> {
    if is_uri(text) {
        return parse_uri(text);
    }
    if text.is_empty() {
        return Err("a label or a pkcs11: URI is needed".into());
    }
    Ok(Uri::for_label(text))
}

/// A size in bytes, with an optional unit: `500`, `64K`, `10GiB`.
pub(crate) fn parse_size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let shift = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "" | "B" => 0,
        "K" | "KB" | "KIB" => 10,
        "M" | "MB" | "MIB" => 20,
        "G" | "GB" | "GIB" => 30,
        "T" | "TB" | "TIB" => 40,
        _ => return Err("the units are K, M, G and T (powers of 1024)".into()),
    };
    let number: u64 = digits.parse().map_err(|_| "not a number".to_owned())?;
    number
        .checked_mul(1 << shift)
        .ok_or_else(|| "too large".to_owned())
}

/// A number of seconds that leaves some time, and ends.
pub(crate) fn parse_timeout(text: &str) -> Result<Duration, &'static str> {
    match text.parse() {
        Ok(seconds @ 1..=86_400) => Ok(Duration::from_secs(seconds)),
        Ok(_) => Err("1 to 86400 seconds can be given"),
        Err(_) => Err("a number of seconds is needed"),
    }
}

/// Hosts between spaces or commas: `sms.example http://localhost:13300`.
pub(crate) fn parse_hosts(text: &str) -> Result<Vec<Origin>, String> {
    let hosts = text.split([' ', ',']).filter(|host| !host.is_empty());
    hosts
        .map(|host| {
            Origin::parse(host).ok_or_else(|| {
                "hosts are needed, as in \"sms.example http://localhost:13300\"".to_owned()
            })
        })
        .collect()
}

/// Addresses of services between spaces or commas; what is wrong with one is said when it is used.
pub(crate) fn parse_urls(text: &str) -> Result<Vec<String>, &'static str> {
    let urls = text.split([' ', ',']).filter(|url| !url.is_empty());
    let urls: Vec<_> = urls.map(str::to_owned).collect();
    match urls.is_empty() {
        true => Err("an address is needed, as in \"https://gateway.example\""),
        false => Ok(urls),
    }
}

/// Who is shown how far long work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProgressChoice {
    /// A person, on a terminal.
    Auto,
    /// Nobody.
    Never,
    /// A program, in lines of JSON on stderr.
    Json,
}

impl FromStr for ProgressChoice {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "never" => Ok(Self::Never),
            "json" => Ok(Self::Json),
            _ => Err("it is auto, never or json"),
        }
    }
}

/// A `CKA_ID` in hexadecimal digits: `0x01ab` or `01ab`.
pub(crate) fn parse_id(text: &str) -> Result<Vec<u8>, String> {
    hex::vec(hex::without_prefix(text.as_bytes()))
        .filter(|id| !id.is_empty())
        .ok_or_else(|| "an even number of hexadecimal digits is needed, as in 0x01ab".into())
}

/// A `CKA_LABEL` that every token can keep.
pub(crate) fn label_parser() -> impl clap::builder::TypedValueParser<Value = String> {
    use clap::builder::TypedValueParser as _;
    NonEmptyStringValueParser::new().try_map(|label| {
        if label.len() <= 40 && label.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            Ok(label)
        } else {
            Err("a label is at most 40 printable ASCII characters")
        }
    })
}

/// A time: `90s`, `15m`, `8h` or `2d`; seconds where no unit is given.
pub(crate) fn parse_time(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" | "min" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err("the units are s, m, h and d".into()),
    };
    let number: u64 = digits.parse().map_err(|_| "not a number".to_owned())?;
    let seconds = number.checked_mul(unit).filter(|it| *it <= 366 * 86_400);
    let seconds = seconds.ok_or_else(|| "longer than a year".to_owned())?;
    Ok(Duration::from_secs(seconds))
}

/// A time after which somebody may stop to wait.
pub(crate) fn parse_limit(text: &str) -> Result<Duration, String> {
    let time = parse_time(text)?;
    if time.is_zero() || time > Duration::from_secs(600) {
        return Err("from 1s to 10m".into());
    }
    Ok(time)
}

/// Reads a token label: at most 32 bytes, as PKCS#11 has no room for more.
pub(crate) fn parse_token_label(text: &str) -> Result<String, &'static str> {
    if text.trim().is_empty() || text.len() > 32 {
        return Err("a token label has 1 to 32 bytes");
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests;
