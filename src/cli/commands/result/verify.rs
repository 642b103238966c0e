//! `iexec-hsm result verify`: what is proven of a result.

mod measured;
mod unpacked;

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::decrypt::Holding;
use super::default_archive::{DEFAULT_ARCHIVE, check_default};
use crate::chain::poco::{Id, Task};
use crate::cli::commands::task::task_there;
use crate::cli::context::Context;
use crate::cli::evidence_file;
use crate::cli::idle::refuse;
use crate::cli::node::{NodeArgs, now};
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::cli::verification::{Verification, expected_beneficiary};
use crate::code::Code;
use crate::task::{ChainEvidence, chain_evidence};
use crate::verify::{Evidence, EvidenceFile};
use measured::Measured;

#[derive(Debug, Args)]
#[command(
    after_help = "What is checked, each verified, mismatch or unknown (-v shows all):
  CID                the archive is the one that the task names
  digest             the files are those that the digest on the chain was taken of
  consensus          the workers agreed on that digest
  seal               each worker that counts knew it before it was shown
  enclave            an enclave was asked for, and one contributed
  enclave signature  the enclave's key has signed the digest
  authorisation      the workerpool has authorised the worker and its enclave
  beneficiary        the result is for you
  encryption         the archive is sealed where the deal asks for it

What \"verified\" does not prove: that the enclave's key was made in an attested enclave (the SMS and the workerpool are trusted for that), the names of files, files that computed.json does not name, when it was computed, and that the node tells the truth about the chain.

Examples:
  iexec-hsm result verify encryptedResults.zip --task 0xc53be85f77694aa8eb345e025eaee669f8cb27cca2d05680538e97e209d53712
  iexec-hsm result verify results.zip --task 0xc53be85f77694aa8eb345e025eaee669f8cb27cca2d05680538e97e209d53712 --evidence evidence.json
  iexec-hsm result verify --evidence evidence.json"
)]
pub(crate) struct Verify {
    /// The archive, the decrypted result, or a folder with its files [default: with --task, encryptedResults.zip]
    #[arg(value_name = "ARCHIVE|RESULT|FOLDER")]
    archive: Option<PathBuf>,
    /// The task that the result belongs to
    #[arg(long, value_name = "TASKID", value_parser = str::parse::<Id>)]
    task: Option<Id>,
    /// With --task: write the evidence to this file. Without: check this file again, offline
    #[arg(long, value_name = "FILE")]
    evidence: Option<PathBuf>,
    /// Replace that file if it exists
    #[arg(long, requires = "evidence")]
    force: bool,
    /// Fail (exit 51) if any check is not proven
    #[arg(long)]
    require_verified: bool,
    #[command(flatten)]
    node: NodeArgs,
    #[command(flatten)]
    holding: Holding,
}

pub(super) fn run(context: &Context, command: &Verify) -> Result<Reply, Failure> {
    match (command.task, &command.evidence) {
        (Some(task), file) => asked(context, command, task, file.as_deref()),
        (None, Some(file)) => again(context, command, file),
        (None, None) => Err(
            Failure::new(Code::Usage, "a result is verified against a task")
                .hint("Name it with --task, or what was checked before with --evidence."),
        ),
    }
}

/// Holds a result against the chain.
fn asked(
    context: &Context,
    command: &Verify,
    task: Id,
    file: Option<&Path>,
) -> Result<Reply, Failure> {
    let archive = match &command.archive {
        Some(archive) => archive.as_path(),
        None => Path::new(DEFAULT_ARCHIVE),
    };
    if let Some(file) = file {
        evidence_file::check(context, file, Some(archive), command.force)?;
    }
    check_default(archive)?;
    let found = measured::look_at(archive, &context.limits())?;
    let place = command.node.place_for_reading(context)?;
    let task = task_there(&place, task)?;
    let chain = chain_evidence(&place.hub, &task).map_err(|it| place.failure(it))?;
    let measured = measured::measure(context, archive, found, &chain.task, &command.holding)?;
    let names_key = command.holding.names_key(context);
    let mut file_content = evidence(context, chain, &task, measured, names_key);
    file_content.seen.chain_id = place.chain.entry.id;
    if let Some(file) = file {
        evidence_file::write(context, file, &file_content, command.force)?;
    }
    told(context, command, Some(archive), &file_content.evidence)
}

/// Checks evidence again, and a result with it where one is named.
fn again(context: &Context, command: &Verify, file: &Path) -> Result<Reply, Failure> {
    let why = "without --task: no node is asked";
    let hint = "Name the task, or leave --evidence out.";
    refuse(&[("force", command.force)], why, hint)?;
    command.node.refuse(context, why, hint)?;
    let mut evidence = evidence_file::read(file)?.evidence;
    if let Some(archive) = &command.archive {
        let found = measured::look_at(archive, &context.limits())?;
        let measured =
            measured::measure(context, archive, found, &evidence.task, &command.holding)?;
        measured.put_into(&mut evidence);
    }
    told(context, command, command.archive.as_deref(), &evidence)
}

fn evidence(
    context: &Context,
    chain: ChainEvidence,
    task: &Task,
    measured: Measured,
    names_key: bool,
) -> EvidenceFile {
    let beneficiary = chain.deal.as_ref().map(|deal| deal.beneficiary);
    let mut seen = chain.seen;
    seen.time = now();
    let evidence = Evidence {
        task: task.into(),
        deal: chain.deal,
        contributions: chain.contributions,
        form: measured.form,
        cid: measured.cid,
        plaintext: measured.plaintext,
        beneficiary: expected_beneficiary(context, beneficiary, names_key),
    };
    EvidenceFile::new(evidence, seen)
}

fn told(
    context: &Context,
    command: &Verify,
    archive: Option<&Path>,
    evidence: &Evidence,
) -> Result<Reply, Failure> {
    let verification = Verification {
        report: evidence.check(),
        failed: None,
    };
    let judged = verification.judge(command.require_verified);
    if let Err(failure) = judged {
        if context.says() {
            verification
                .lines()
                .into_iter()
                .for_each(|it| context.tell(it));
        }
        return Err(failure);
    }
    let reply = Reply::new(json!({
        "taskid": evidence.task.id.to_string(),
        "archive": archive,
        "evidenceFile": command.evidence.as_ref().map(|it| context.absolute(it)),
    }))
    .with(verification.json());
    let lines = match context.global.verbose {
        true => verification.lines(),
        false => Vec::new(),
    };
    let reply = lines.into_iter().fold(reply, Reply::text);
    Ok(reply.text(verification.line()))
}
