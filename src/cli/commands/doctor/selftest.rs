use std::fs;
use std::path::Path;
use std::time::Instant;

use super::check::Check;
use crate::archive::{Archive, Limits};
use crate::cli::context::Context;
use crate::cli::pins::Pins;
use crate::cli::ui::failure::Failure;
use crate::code::Code;
use crate::decrypt::{Options, Target, decrypt};
use crate::encrypt;
use crate::envelope::PublicKey;
use crate::token::{ResultKey, Session, TokenKeys};

const NAME: &str = "selftest";
const FILE: &str = "selftest.txt";

/// Seals a small result to the key as the enclave does, and opens it with the token.
pub(super) fn check(context: &Context, session: Session, pins: &mut Pins) -> Check {
    let begun = Instant::now();
    match run(context, session, pins) {
        Ok(key) => {
            let took = begun.elapsed().as_millis();
            Check::ok(
                NAME,
                format!("a result was sealed and opened in {took} ms with {key:?}"),
            )
        }
        Err(failure) => Check::failed(NAME, failure),
    }
}

/// Returns the label of the key that opened it.
fn run(context: &Context, session: Session, pins: &mut Pins) -> Result<String, Failure> {
    let key = choose(context, &session)?;
    let public = key.public.clone();
    let mut keys = TokenKeys::new(session, vec![key], pins);
    let folder = tempfile::tempdir().map_err(|error| io(&error))?;
    seal(context, folder.path(), &public)?;
    let archive = Archive::open(folder.path().join("archive.zip"), &Limits::default())?;
    let opened = folder.path().join("opened");
    let target = Target::Folder {
        path: &opened,
        only: &[],
        replace: &|_| false,
    };
    let options = Options {
        verify: true,
        no_sync: true,
        ..Options::default()
    };
    let report = decrypt(&archive, &mut keys, target, &options, &|_| {})?;
    let read = |path: &Path| fs::read(path).map_err(|error| io(&error));
    if read(&folder.path().join(FILE))? != read(&opened.join(FILE))? {
        return Err(Failure::new(
            Code::Failed,
            "what was opened is not what was sealed",
        ));
    }
    Ok(report.key.label)
}

/// Returns the key that `--key` names, else the first that a key file records, since each of several
/// is as good a test; else the only one.
fn choose(context: &Context, session: &Session) -> Result<ResultKey, Failure> {
    let token = session.token();
    let mut keys = session.private_keys()?;
    let wanted = context.settings.key.as_ref();
    let recorded = context.key_records(None).unwrap_or_default();
    if wanted.is_none()
        && let Some(current) = keys.iter().position(|key| recorded.have(token, key))
    {
        return Ok(keys.swap_remove(current));
    }
    Ok(recorded.choose(token, keys, wanted)?)
}

fn seal(context: &Context, folder: &Path, public: &PublicKey) -> Result<(), Failure> {
    let source = folder.join(FILE);
    fs::write(&source, "Sealed and opened by iexec-hsm doctor.\n").map_err(|error| io(&error))?;
    let archive = folder.join("archive.zip");
    let options = encrypt::Options {
        temporaries: context.temporaries.clone(),
        ..encrypt::Options::default()
    };
    encrypt::encrypt(&source, public, &archive, &options, &|_| {})?;
    Ok(())
}

fn io(error: &std::io::Error) -> Failure {
    Failure::new(
        Code::IoFailed,
        format!("the temporary folder cannot be used: {error}"),
    )
    .hint("Check the folder that TMPDIR names, and the room in it.")
}
