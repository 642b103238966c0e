use super::error::SmsError;

/// A request, and what came back. Nothing of the signature is in it.
#[derive(Debug)]
pub struct Exchange<'a> {
    /// The method.
    pub method: &'a str,
    /// The address, before any redirect.
    pub target: &'a str,
    /// The status of the answer, or why there is none.
    pub outcome: Result<u16, &'a SmsError>,
}
