use super::check::Check;
use crate::cli::ui::failure::Failure;
use crate::code::Code;
use crate::token::{Mechanism, Module, TokenInfo};

/// The size of the keys that the SDK makes.
const USUAL_BITS: usize = 4096;

/// Checks what the token can do, of what is asked of it.
pub(super) fn checks(module: &Module, token: &TokenInfo) -> Vec<Check> {
    match module.mechanisms(token) {
        Ok(all) => vec![decrypt(&all), oaep(&all), generate(&all)],
        Err(error) => vec![Check::failed("mechanisms", error.into())],
    }
}

fn named<'m>(all: &'m [Mechanism], name: &str) -> Option<&'m Mechanism> {
    all.iter().find(|mechanism| mechanism.name == name)
}

fn decrypt(all: &[Mechanism]) -> Check {
    let name = "CKM_RSA_PKCS";
    match named(all, name) {
        Some(mechanism) if mechanism.decrypt => Check::ok(
            "decrypt",
            format!(
                "{name}{}: archives in the current and legacy-ecb formats",
                sizes(mechanism)
            ),
        ),
        _ => Check::failed(
            "decrypt",
            Failure::new(
                Code::NotSupported,
                format!("the token does not decrypt with {name}"),
            )
            .hint("Use another token; some allow it by a setting or a policy of their own."),
        ),
    }
}

fn oaep(all: &[Mechanism]) -> Check {
    let name = "CKM_RSA_PKCS_OAEP";
    match named(all, name) {
        Some(mechanism) if mechanism.decrypt => Check::ok(
            "decrypt OAEP",
            format!(
                "{name}{}: archives in the guide-2019 format",
                sizes(mechanism)
            ),
        ),
        _ => Check::not_there(
            "decrypt OAEP",
            format!("{name}: only archives in the guide-2019 format need it"),
        ),
    }
}

fn generate(all: &[Mechanism]) -> Check {
    let name = "CKM_RSA_PKCS_KEY_PAIR_GEN";
    let Some(mechanism) = named(all, name) else {
        return Check::not_there(
            "make keys",
            format!("{name}: the vendor's tool makes keys, `iexec-hsm key adopt` takes them over"),
        );
    };
    let found = format!("{name}{}", sizes(mechanism));
    let max = mechanism.key_size.1;
    if (1..USUAL_BITS).contains(&max) {
        return Check::ok("make keys", format!("{found}; choose a size with --bits"));
    }
    Check::ok("make keys", found)
}

fn sizes(mechanism: &Mechanism) -> String {
    match mechanism.key_size {
        (_, 0) => String::new(),
        (min, max) => format!(", {min} to {max} bits"),
    }
}
