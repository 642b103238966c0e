use crate::token::{ResultKey, TokenError, TokenInfo, Uri};

/// Whether `uri` names the public or the private key of `key`.
fn names_key(uri: &Uri, key: &ResultKey) -> bool {
    uri.names_key_pair() && uri.matches_object(&key.id, key.label.as_bytes())
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
    let uri = |key: &ResultKey| key.uri(token).to_string();
    let place = (token.label.as_str(), token.login_required());
    choose_one(place, keys, wanted, uri, names_key)
}

/// Chooses the one of `keys`, each with its URI, that `wanted` names, or the only one. The label is
/// that of their token, which shows them after a login only, or without one.
///
/// # Errors
/// As for [`choose_key`].
pub(crate) fn choose_one<K>(
    (label, login_required): (&str, bool),
    keys: Vec<K>,
    wanted: Option<&Uri>,
    uri: impl Fn(&K) -> String,
    names: impl Fn(&Uri, &K) -> bool,
) -> Result<K, TokenError> {
    let uris = |keys: &[K]| keys.iter().map(&uri).collect();
    let present = uris(&keys);
    let mut fitting: Vec<K> = keys
        .into_iter()
        .filter(|key| wanted.is_none_or(|wanted| names(wanted, key)))
        .collect();
    if fitting.len() > 1 {
        return Err(TokenError::KeyAmbiguous(uris(&fitting)));
    }
    fitting.pop().ok_or_else(|| TokenError::NoKey {
        label: label.to_owned(),
        wanted: wanted.map_or("any".into(), Uri::in_words),
        present,
        login_required,
        recorded: None,
    })
}

#[cfg(test)]
mod tests;
