//! A run that is gone on with: one that was interrupted, else the last one.

use super::args::Run;
use super::awaited::Made;
use super::keep_pin;
use crate::cli::commands::task::Wanted;
use crate::cli::context::Context;
use crate::cli::sending::resume;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::code::Code;

pub(super) fn run(
    context: &Context,
    command: &Run,
    wanted: Option<Wanted>,
) -> Result<Reply, Failure> {
    let pin = keep_pin(context, wanted.as_ref());
    let (place, settled, last) = resume(context, &command.send)?;
    context.secrets.pin.put(pin);
    if let Some(settled) = &settled {
        context.tell(settled.in_words());
    }
    let of_settled = settled.and_then(|it| Some((it.deal?, it.block.map(|_| it.hash))));
    let of_last = || last.and_then(|it| Some((it.deal()?, it.hash())));
    let Some((deal, hash)) = of_settled.or_else(of_last) else {
        return Err(
            Failure::new(Code::NotThereYet, "no run of this account is recorded here")
                .hint("`iexec-hsm app run` without --resume begins one."),
        );
    };
    Made {
        context,
        command,
        place: &place,
        deal,
        hash,
    }
    .go_on(wanted)
}
