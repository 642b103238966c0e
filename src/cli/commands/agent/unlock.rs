use super::status;
use crate::cli::agent_link::Link;
use crate::cli::context::Context;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;

pub(super) fn run(context: &Context) -> Result<Reply, Failure> {
    let mut link = Link::connect(context)?;
    let pins = context.pins()?;
    link.unlock(&pins)?;
    status::reply(&link.status)
}
