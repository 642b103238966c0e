use crate::token::{TokenError, TokenInfo, Uri};

/// The one of `tokens` that is set up and fits `wanted`.
pub(in crate::token) fn choose_token(
    tokens: Vec<TokenInfo>,
    wanted: Option<&Uri>,
) -> Result<TokenInfo, TokenError> {
    let present: Vec<String> = tokens.iter().map(|token| token.uri().to_string()).collect();
    let mut fitting: Vec<TokenInfo> = tokens
        .into_iter()
        .filter(|token| wanted.is_none_or(|uri| token.fits(uri)))
        .collect();
    // An empty token stands for nothing unless it is asked for.
    if fitting.iter().any(TokenInfo::initialised) {
        fitting.retain(TokenInfo::initialised);
    }
    match (fitting.len(), fitting.pop()) {
        (1, Some(token)) if token.initialised() => Ok(token),
        (_, Some(token)) if !token.initialised() => Err(TokenError::NotReady {
            label: token.name(),
            reason: "it is not initialised".into(),
        }),
        (0, _) | (_, None) => Err(TokenError::NoToken {
            wanted: wanted.map_or("any".into(), |uri| uri.identity().to_string()),
            present,
        }),
        (_, Some(last)) => {
            fitting.push(last);
            Err(TokenError::TokenAmbiguous(
                fitting
                    .iter()
                    .map(|token| token.uri().to_string())
                    .collect(),
            ))
        }
    }
}

#[cfg(test)]
mod tests;
