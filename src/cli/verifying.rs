//! A result that is verified on its way: held against its task on the chain before it is released.

use std::fs::File;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::thread;

use clap::Args;

use super::context::Context;
use super::evidence_file;
use super::node::{Place, now};
use super::ui::failure::Failure;
use super::verification::{Verification, expected_beneficiary};
use crate::archive::result_zip::Watcher;
use crate::archive::{Archive, ArchiveError, Limits};
use crate::chain::poco::Task;
use crate::code::Code;
use crate::ipfs::Fetched;
use crate::task::{ChainEvidence, chain_evidence_in_part, cid_evidence};
use crate::verify::{
    CheckId, Digester, Evidence, EvidenceFile, Form, PlaintextEvidence, Report, Seen, Status,
};
use crate::wallet::address::Address;

/// Whether decrypted results are verified, and what that has to show.
#[derive(Debug, Clone, Args)]
pub(crate) struct VerifyingArgs {
    /// Do not verify results; otherwise decrypted ones are checked against their tasks
    #[arg(long, conflicts_with = "require_verified")]
    pub(crate) no_verify: bool,
    /// Fail (exit 51) if a check is not proven
    #[arg(long)]
    pub(crate) require_verified: bool,
}

/// Whom results should be for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Whom {
    /// This address.
    Address(Address),
    /// Whoever uses this program; with a key that is named by itself, nothing is known of its owner.
    Us { names_key: bool },
}

impl VerifyingArgs {
    /// What verifies a result; nothing where that is left out.
    pub(crate) fn verifier(&self, whom: Whom) -> Option<Verifier> {
        (!self.no_verify).then(|| Verifier::new(whom, self.require_verified))
    }
}

/// Verifies one result, which is released only where nothing is wrong with it.
pub(crate) struct Verifier {
    whom: Whom,
    all_wanted: bool,
    held: Arc<OnceLock<Held>>,
    digester: Arc<Digester>,
}

/// What is known of a result but for its files.
struct Held {
    evidence: Evidence,
    /// The checks of that, as long as the files are not known.
    report: Report,
    seen: Seen,
    /// Whether there is anything to verify.
    is_archive: bool,
    /// Why the node did not tell all.
    failed: Option<Failure>,
}

impl Verifier {
    fn new(whom: Whom, all_wanted: bool) -> Self {
        let held = Arc::<OnceLock<Held>>::default();
        let known = Arc::clone(&held);
        let releases =
            move |plaintext: &PlaintextEvidence| match known.wait().report(plaintext).verdict() {
                Status::Verified => true,
                Status::Unknown => !all_wanted,
                _ => false,
            };
        Self {
            whom,
            all_wanted,
            held,
            digester: Arc::new(Digester::with_release(releases)),
        }
    }

    /// Asks the node for the evidence while `fetch` fills `archive`.
    pub(crate) fn fetch(
        &self,
        context: &Context,
        place: &Place,
        task: &Task,
        archive: &File,
        fetch: impl FnOnce() -> Result<Fetched, Failure>,
    ) -> Result<Fetched, Failure> {
        let ((chain, failed), fetched) = thread::scope(|scope| {
            let asking = scope.spawn(|| chain_evidence_in_part(&place.hub, task));
            let fetched = fetch();
            let asked = asking.join();
            (asked.unwrap_or_else(|panic| resume_unwind(panic)), fetched)
        });
        let fetched = fetched?;
        let failed = failed.map(|it| place.failure(it));
        self.hold(context, chain, (archive, &fetched), failed);
        Ok(fetched)
    }

    /// Takes an archive that came, with what the chain says of it, and why it does not say more.
    pub(crate) fn hold(
        &self,
        context: &Context,
        chain: ChainEvidence,
        (archive, fetched): (&File, &Fetched),
        failed: Option<Failure>,
    ) {
        let cid = cid_evidence(&chain.task, fetched.check);
        let form = form_of(archive, &context.limits());
        let of_deal = chain.deal.as_ref().map(|deal| deal.beneficiary);
        let beneficiary = match self.whom {
            Whom::Address(address) => Some(address),
            Whom::Us { names_key } => expected_beneficiary(context, of_deal, names_key),
        };
        let mut seen = chain.seen;
        seen.time = now();
        let evidence = Evidence {
            task: chain.task,
            deal: chain.deal,
            contributions: chain.contributions,
            form: form.unwrap_or(Form::Sealed),
            cid,
            plaintext: self.digester.evidence(),
            beneficiary,
        };
        let _ = self.held.set(Held {
            report: evidence.check(),
            evidence,
            seen,
            is_archive: form.is_some(),
            failed,
        });
    }

    /// Refuses a result whose files need not be read for that: before a PIN is asked for.
    pub(crate) fn check_early(&self) -> Result<(), Failure> {
        let held = self.held.get().filter(|it| it.is_archive);
        let Some(verification) = held.and_then(|_| self.verification()) else {
            return Ok(());
        };
        // What its files are is not known yet, and for that alone nothing is refused.
        let mut unknown = verification.report.with(Status::Unknown);
        let only_digest = unknown.all(|check| check.id == CheckId::Digest);
        verification.judge(self.all_wanted && !only_digest)
    }

    /// Sees the files while they are decrypted. Whether the result may be released it says once [`Self::fetch`] is done.
    pub(crate) fn watcher(&self) -> Arc<dyn Watcher> {
        Arc::clone(&self.digester) as Arc<dyn Watcher>
    }

    /// Returns the failure of an opening, and why where it is one of verifying.
    pub(crate) fn failure(&self, failure: Failure) -> Failure {
        match self.verification() {
            Some(found) if failure.code == Code::VerifiedDifferent => {
                found.judge(self.all_wanted).err().unwrap_or(failure)
            }
            _ => failure,
        }
    }

    /// What is proven of the result; nothing where it did not come.
    pub(crate) fn verification(&self) -> Option<Verification> {
        let held = self.held.get()?;
        Some(Verification {
            report: held.report(&self.digester.evidence()),
            failed: held.failed.clone(),
        })
    }

    /// Writes down what was checked, as far as that came.
    pub(crate) fn write_evidence(
        &self,
        context: &Context,
        path: &Path,
        force: bool,
    ) -> Result<(), Failure> {
        let Some(held) = self.held.get() else {
            return Ok(());
        };
        let evidence = held.evidence(self.digester.evidence());
        let content = EvidenceFile::new(evidence, held.seen.clone());
        evidence_file::write(context, path, &content, force)
    }
}

impl Held {
    fn report(&self, plaintext: &PlaintextEvidence) -> Report {
        self.evidence.check_files(&self.report, plaintext)
    }

    fn evidence(&self, plaintext: PlaintextEvidence) -> Evidence {
        Evidence {
            plaintext,
            ..self.evidence.clone()
        }
    }
}

/// The form of a file that was downloaded; none of what will not be opened for a reason of its own.
fn form_of(archive: &File, limits: &Limits) -> Option<Form> {
    let copy = archive.try_clone().ok()?;
    match Archive::from_file(copy, Path::new(""), limits) {
        Ok(_) => Some(Form::Sealed),
        Err(ArchiveError::NotEncrypted) => Some(Form::Plain),
        Err(_) => None,
    }
}
