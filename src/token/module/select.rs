use crate::token::{TokenError, TokenInfo, Uri};

/// Chooses the one of `tokens` that is set up and fits `wanted`; where several do, the one of them that
/// `is_meant`.
///
/// # Errors
/// When none does, or several are left; the error lists the candidates as paste-ready URIs.
pub fn choose_token(
    tokens: Vec<TokenInfo>,
    wanted: Option<&Uri>,
    is_meant: impl FnMut(&TokenInfo) -> bool,
) -> Result<TokenInfo, TokenError> {
    let present: Vec<String> = tokens.iter().map(|token| token.uri().to_string()).collect();
    let mut fitting: Vec<TokenInfo> = tokens
        .into_iter()
        .filter(|token| wanted.is_none_or(|uri| token.fits(uri)))
        .collect();
    // An empty token stands for nothing unless it is asked for.
    for in_use in [TokenInfo::is_surely_in_use, TokenInfo::initialised] {
        if fitting.iter().any(in_use) {
            fitting.retain(in_use);
        }
    }
    match fitting.as_slice() {
        [] => Err(TokenError::NoToken {
            wanted: wanted.map_or("any".into(), Uri::in_words),
            present,
        }),
        [empty, ..] if !empty.initialised() => Err(TokenError::NotReady {
            label: empty.name(),
            reason: "it is not initialised".into(),
        }),
        [only] => Ok(only.clone()),
        _ => only_one(fitting, is_meant),
    }
}

/// The one of several tokens that `is_meant`.
fn only_one(
    fitting: Vec<TokenInfo>,
    is_meant: impl FnMut(&TokenInfo) -> bool,
) -> Result<TokenInfo, TokenError> {
    let uris = fitting.iter().map(|token| token.uri().to_string());
    let ambiguous = TokenError::TokenAmbiguous(uris.collect());
    let mut is_meant = is_meant;
    let mut meant = fitting.into_iter().filter(|token| is_meant(token));
    match (meant.next(), meant.next()) {
        (Some(only), None) => Ok(only),
        _ => Err(ambiguous),
    }
}

#[cfg(test)]
mod tests;
