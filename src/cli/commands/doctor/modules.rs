use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::check::{Check, State};
use crate::cli::context::Context;
use crate::cli::key_records::KeyRecords;
use crate::cli::ui::{hints, module_noise};
use crate::text::escape::Shown as _;
use crate::token::{Module, P11Kit, Probe, TokenError, TokenInfo, absent, p11_kit, well_known};

const NAME: &str = "module";

/// The module, path by path, as it is found by every command.
pub(super) fn checks(
    context: &Context,
    recorded: &KeyRecords,
) -> (Vec<Check>, Option<Arc<Module>>) {
    match context.named_module() {
        Some(path) => named(context, &path),
        None => discovered(context, recorded),
    }
}

fn named(context: &Context, path: &Path) -> (Vec<Check>, Option<Arc<Module>>) {
    match context.load_tried(path) {
        Ok(module) => (
            vec![Check::ok(NAME, about(path, &module.description()))],
            Some(module),
        ),
        Err(error) => {
            let others = well_known().into_iter().filter(|other| other != path);
            let others: Vec<Probe> = others.map(|path| context.probe(&path)).collect();
            let mut check = Check::failed(NAME, error.into());
            if let Some(other) = others.iter().find(|probe| shows_token(probe)) {
                let other = other.path.shown();
                check = check.fix(format!("Name another one; {other} shows a token."));
            }
            (vec![check], None)
        }
    }
}

/// Makes the choice of [`Context::locate`], and says what speaks against the others.
fn discovered(context: &Context, recorded: &KeyRecords) -> (Vec<Check>, Option<Arc<Module>>) {
    let probes: Vec<Probe> = well_known()
        .iter()
        .map(|path| context.probe(path))
        .collect();
    let is_set_up = |probe: &&Probe| {
        let tokens = probe.tokens.iter().flatten();
        tokens.into_iter().any(TokenInfo::initialised)
    };
    let located = context.locate(recorded).ok();
    let is_located = |probe: &&Probe| {
        let mut located = located.iter();
        located.any(|(module, _)| module.path() == probe.path)
    };
    // Where what is wanted is nowhere, there is more to be said of a token that is somewhere.
    let taken = probes.iter().find(is_located);
    let taken = taken.or_else(|| probes.iter().find(is_set_up));
    let taken = taken.or_else(|| probes.iter().find(|probe| shows_token(probe)));
    let mut checks: Vec<Check> = probes.iter().map(|probe| of(probe, taken)).collect();
    let paths: Vec<PathBuf> = probes.iter().map(|probe| probe.path.clone()).collect();
    checks.extend(absent(&paths).map(|absent| Check::not_there(NAME, absent.path.shown())));
    drop(located);
    // What it says of itself while it is loaded, it has said to the process that tried it.
    let silence = (!context.says()).then(module_noise::silence).flatten();
    let loaded = taken.map(|probe| context.load(&probe.path));
    drop(silence);
    let module = match loaded {
        Some(Ok(module)) => Some(module),
        Some(Err(error)) => {
            checks.push(Check::failed(NAME, error.into()));
            None
        }
        None => {
            // Each path was told above.
            let hint = hints::token(&TokenError::NoModule(Vec::new()));
            let what = "none of the modules found here shows a token";
            let code = crate::code::Code::TokenNotUsable;
            let failure = crate::cli::ui::failure::Failure::new(code, what).hint(hint);
            checks.push(Check::failed(NAME, failure));
            None
        }
    };
    (checks, module)
}

fn of(probe: &Probe, taken: Option<&Probe>) -> Check {
    let about = about(&probe.path, &probe.description);
    match &probe.tokens {
        Ok(tokens) if tokens.is_empty() => {
            Check::not_there(NAME, format!("{about}: shows no token"))
        }
        Ok(_) if taken.is_some_and(|taken| taken.path == probe.path) => {
            Check::ok(NAME, format!("{about}: taken"))
        }
        Ok(_) => Check::ok(NAME, format!("{about}: another one has priority")),
        Err(reason) => {
            Check::warning(NAME, format!("{about}: {}", reason.shown())).but(if taken.is_some() {
                State::NotThere
            } else {
                State::Warning
            })
        }
    }
}

fn shows_token(probe: &Probe) -> bool {
    probe.tokens.as_ref().is_ok_and(|tokens| !tokens.is_empty())
}

fn about(path: &Path, description: &str) -> String {
    match description {
        "" => path.shown().into_owned(),
        description => format!("{} ({})", path.shown(), description.shown()),
    }
}

pub(super) fn p11_kit_check() -> Check {
    let P11Kit { proxy, registered } = p11_kit();
    match proxy {
        None => Check::not_there("p11-kit", "its proxy is not installed; it is not needed"),
        Some(proxy) => {
            let registered = match registered.as_slice() {
                [] => "nothing".to_owned(),
                names => names.join(", ").shown().into_owned(),
            };
            Check::ok(
                "p11-kit",
                format!("{}; registered: {registered}", proxy.shown()),
            )
        }
    }
}
