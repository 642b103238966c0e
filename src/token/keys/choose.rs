use crate::token::uri::ObjectType;
use crate::token::{ResultKey, TokenError, TokenInfo, Uri};

/// Whether `uri` names the public or the private key of `key`.
fn names_key(uri: &Uri, key: &ResultKey) -> bool {
    let is_key = matches!(
        uri.object_type,
        None | Some(ObjectType::Private | ObjectType::Public)
    );
    is_key && uri.matches_object(&key.id, key.label.as_bytes())
}

/// Chooses the one result key that fits `wanted`.
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
