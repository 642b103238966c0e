use crate::token::{TokenError, TokenInfo};

/// A place for a token: a reader, or what stands for one.
#[derive(Debug)]
#[non_exhaustive]
pub struct Slot {
    /// The number, which no module promises to keep.
    pub id: u64,
    /// The description; blank where it does not tell.
    pub description: String,
    /// The token in it, if there is one, or why it does not tell of itself.
    pub token: Result<Option<TokenInfo>, TokenError>,
}
