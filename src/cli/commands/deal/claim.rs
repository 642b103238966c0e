use clap::Args;
use serde_json::{Map, Value, json};

use super::show::not_there;
use crate::chain::poco::{Call, Deal, Hub, Id, TaskStatus, U256};
use crate::cli::claims::{too_early, warn_of_clock};
use crate::cli::context::Context;
use crate::cli::node::Place;
use crate::cli::sending::{SendArgs, Sender};
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::code::Code;
use crate::task::is_over;

/// Tasks that one transaction claims: its gas must fit into a block, at some 55,000 each.
const MOST_BEGUN: usize = 100;
/// Those that have to be begun with first take 250,000 each.
const MOST_NOT_BEGUN: usize = 40;

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  iexec-hsm deal claim 0x62f18e42f98f3e894ac89b4398a1511fdc1466e61a137738d7c6df607eee5796"
)]
pub(crate) struct Claim {
    /// The id of a deal whose time is over
    #[arg(value_name = "DEALID", value_parser = str::parse::<Id>)]
    deal: Id,
    #[command(flatten)]
    send: SendArgs,
}

/// What a transaction claims.
struct Batch {
    kind: &'static str,
    tasks: Vec<(U256, Id)>,
}

pub(super) fn run(context: &Context, command: &Claim) -> Result<Reply, Failure> {
    let sender = Sender::new(context, &command.send)?;
    let place = &sender.place;
    let failed = |error| place.failure(error);
    let Some(deal) = place.hub.deal(command.deal).map_err(failed)? else {
        return Err(not_there(place, command.deal));
    };
    let final_time = place.hub.final_time(&deal).map_err(failed)?;
    let time = place.hub.block_time().map_err(failed)?;
    warn_of_clock(context, final_time, time);
    if !is_over(final_time, time) {
        return Err(too_early("deal", final_time, time));
    }
    let batches = batches(place, &deal)?;
    if batches.is_empty() {
        return Err(Failure::new(Code::ChainRefused, "Nothing to claim").hint("Nothing was sent."));
    }
    let calls = batches
        .iter()
        .map(|it| it.call(&place.hub, &deal))
        .collect();
    context.tell("Claiming deal...");
    let mut hashes = Vec::new();
    let sent = sender.send("deal claim", calls, |receipt| hashes.push(receipt.hash));
    let json = claimed(&batches, &hashes);
    match sent {
        Err(failure) => Err(failure.with(json)),
        Ok(()) => {
            let count: usize = batches.iter().map(|it| it.tasks.len()).sum();
            Ok(Reply::new(json).note(format!("Deal successfully claimed ({count} tasks claimed)")))
        }
    }
}

/// The tasks that can be claimed, in the order of the SDK: those that somebody has begun with first.
fn batches(place: &Place, deal: &Deal) -> Result<Vec<Batch>, Failure> {
    let (mut begun, mut not_begun) = (Vec::new(), Vec::new());
    let mut index = deal.first_task;
    for id in deal.task_ids() {
        let task = place.hub.task(id).map_err(|it| place.failure(it))?;
        match task.map(|task| task.status) {
            None | Some(TaskStatus::Unset) => not_begun.push((index, id)),
            Some(TaskStatus::Active | TaskStatus::Revealing) => begun.push((index, id)),
            Some(_) => {}
        }
        index += U256::from(1);
    }
    let batch = |kind, tasks: &[(U256, Id)]| Batch {
        kind,
        tasks: tasks.to_vec(),
    };
    let begun = begun.chunks(MOST_BEGUN).map(|it| batch("claimArray", it));
    let not_begun = not_begun.chunks(MOST_NOT_BEGUN);
    let not_begun = not_begun.map(|it| batch("initializeAndClaimArray", it));
    Ok(begun.chain(not_begun).collect())
}

impl Batch {
    fn call(&self, hub: &Hub, deal: &Deal) -> Call {
        let (indices, ids): (Vec<_>, Vec<_>) = self.tasks.iter().copied().unzip();
        match self.kind {
            "claimArray" => hub.claim_all(&ids),
            _ => hub.begin_and_claim_all(deal.id, &indices),
        }
    }
}

/// The JSON of the SDK's program: what is claimed by transactions that are in a block.
fn claimed(batches: &[Batch], hashes: &[Id]) -> Value {
    let done = || batches.iter().zip(hashes);
    let tasks = done().flat_map(|(batch, _)| &batch.tasks);
    let claimed: Map<_, _> = tasks
        .map(|(index, id)| (index.to_string(), json!(id.to_string())))
        .collect();
    let transaction =
        |(batch, hash): (&Batch, &Id)| json!({"txHash": hash.to_string(), "type": batch.kind});
    let transactions: Vec<_> = done().map(transaction).collect();
    json!({ "claimed": claimed, "transactions": transactions })
}
