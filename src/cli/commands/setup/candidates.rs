use std::path::PathBuf;

use super::questions::Questions;
use crate::cli::context::Context;
use crate::cli::ui::failure::Failure;
use crate::code::Code;
use crate::text::escape::Shown as _;
use crate::token::{TokenError, TokenInfo};

/// A token that could be used, and the module that drives it.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) module: PathBuf,
    pub(super) token: TokenInfo,
}

impl Candidate {
    /// The module as it stands in the configuration.
    pub(super) fn module_text(&self, context: &Context) -> Result<String, Failure> {
        // A bare name is for the loader to search.
        let path = match self.module.components().count() {
            1 => self.module.clone(),
            _ => context.absolute(&self.module),
        };
        path.into_os_string().into_string().map_err(|path| {
            let what = format!("{} cannot stand in the configuration", path.shown());
            Failure::new(Code::Usage, what).hint("Give the module a path that is UTF-8.")
        })
    }

    /// For a person.
    pub(super) fn text(&self) -> String {
        let (token, module) = (&self.token, self.module.shown());
        let maker = format!("{} {}", token.manufacturer.shown(), token.model.shown());
        if token.initialised() {
            format!(
                "{:?}, {maker}, serial {}\n     {module}",
                token.label,
                token.serial.shown()
            )
        } else {
            format!("an empty token, {maker}\n     {module}")
        }
    }
}

/// Finds every token that fits what was named: the set up ones first, each once.
pub(super) fn find(context: &Context) -> Result<Vec<Candidate>, Failure> {
    let mut found = all(context)?;
    let settings = &context.settings;
    let wanted = settings.token.as_ref().or(settings.key.as_ref());
    let present = found.iter().map(|it| it.token.uri().to_string()).collect();
    found.retain(|it| wanted.is_none_or(|uri| it.token.fits(uri)));
    if found.is_empty() {
        let wanted = wanted.map_or("any".into(), |uri| uri.in_words());
        return Err(TokenError::NoToken { wanted, present }.into());
    }
    found.sort_by_key(|it| !it.token.initialised());
    Ok(found)
}

/// The tokens of the module that is named, else of all that are found.
fn all(context: &Context) -> Result<Vec<Candidate>, Failure> {
    let tokens = match context.named_module() {
        Some(path) => {
            let module = context.load_tried(&path)?;
            let tokens = module.examined(module.tokens()?).into_iter();
            tokens.map(|token| (path.clone(), token)).collect()
        }
        None => context.every_token()?,
    };
    let tokens = tokens.into_iter();
    Ok(tokens
        .map(|(module, token)| Candidate { module, token })
        .collect())
}

/// The one that is meant: by `label`, by a person, or because there is no other.
pub(super) fn choose(
    mut all: Vec<Candidate>,
    label: Option<&str>,
    questions: &Questions,
) -> Result<Candidate, Failure> {
    if let Some(label) = label {
        let labelled = all.iter().any(|it| it.token.label == label);
        all.retain(|it| {
            if labelled {
                it.token.label == label
            } else {
                !it.token.initialised()
            }
        });
    } else if !questions.can_ask() && all.iter().any(|it| it.token.initialised()) {
        // Nothing is made of an empty token that nobody spoke of.
        all.retain(|it| it.token.initialised());
    }
    match all.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(TokenError::NoToken {
            wanted: "an empty token".into(),
            present: vec![],
        }
        .into()),
        several if questions.can_ask() => {
            let items: Vec<String> = several.iter().map(Candidate::text).collect();
            let chosen = questions.choice("Tokens:", &items, "no token was chosen")?;
            Ok(several[chosen].clone())
        }
        several => {
            let uri = |it: &Candidate| match it.token.initialised() {
                true => it.token.uri().to_string(),
                // The URIs of empty tokens may all be alike: only the slot tells them apart.
                false => format!("{};slot-id={}", it.token.uri(), it.token.slot_id()),
            };
            Err(TokenError::TokenAmbiguous(several.iter().map(uri).collect()).into())
        }
    }
}
