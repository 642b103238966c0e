use crate::token::uri::ObjectType;
use crate::token::{ResultKey, TokenError, TokenInfo, Uri};

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

/// Whether `uri` names either half of `key`.
fn names_key(uri: &Uri, key: &ResultKey) -> bool {
    let is_key = matches!(
        uri.object_type,
        None | Some(ObjectType::Private | ObjectType::Public)
    );
    is_key && uri.matches_object(&key.id, key.label.as_bytes())
}

/// The one result key that fits `wanted`.
///
/// # Errors
/// When none or more than one does; the error lists the candidates as paste-ready URIs.
pub fn choose_key(
    token: &TokenInfo,
    keys: Vec<ResultKey>,
    wanted: Option<&Uri>,
) -> Result<ResultKey, TokenError> {
    let uris = |keys: &[ResultKey]| keys.iter().map(|key| key.uri(token).to_string()).collect();
    let present = uris(&keys);
    let mut fitting: Vec<ResultKey> = keys
        .into_iter()
        .filter(|key| wanted.is_none_or(|uri| names_key(uri, key)))
        .collect();
    if fitting.len() > 1 {
        return Err(TokenError::KeyAmbiguous(uris(&fitting)));
    }
    fitting.pop().ok_or_else(|| TokenError::NoKey {
        label: token.label.clone(),
        wanted: wanted.map_or("any".into(), |uri| uri.identity().to_string()),
        present,
    })
}

#[cfg(test)]
mod tests;
