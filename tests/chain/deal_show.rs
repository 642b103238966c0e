//! `deal show`: what it says of deals, which is what iExec's SDK says.

use alloy_primitives::B256;

use crate::support::chain::{Ask, Chain, every_kind};
use crate::support::{Cmd, Sdk, Work};

fn show(work: &Work<'_>, chain: &Chain, deal: B256) -> Cmd {
    chain.write_chain_json(work, &[]);
    work.cmd(["deal", "show", &deal.to_string()])
}

#[test]
fn raw_says_what_the_sdk_says_of_every_deal() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    let mut deals: Vec<_> = every_kind(&chain).iter().map(|it| it.deal).collect();
    // One that nobody has begun with.
    deals.push(chain.deal(Ask::default()).id);
    let wanted: Vec<_> = deals.iter().map(|it| format!("deal:{it}")).collect();
    let hub = chain.address("hub").to_string();
    for sdk in Sdk::all() {
        let theirs = sdk.show(&chain.node.url(), &hub, &wanted);
        for deal in &deals {
            let ours = show(&work, &chain, *deal).arg("--raw").run().ok().raw();
            assert_eq!(ours, theirs[deal.to_string()]);
        }
    }
}

#[test]
fn people_see_its_tasks() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    let deal = chain.deal(Ask {
        volume: 2,
        ..Ask::default()
    });
    let second = chain.begin(&deal, 1);
    let said = show(&work, &chain, deal.id).run().ok().out();
    let first = deal.task(0);
    assert!(
        said.contains(&format!("task 0        {first} UNSET")),
        "{said}"
    );
    assert!(
        said.contains(&format!("task 1        {second} ACTIVE")),
        "{said}"
    );
}

#[test]
fn an_id_of_something_else_is_named_as_that() {
    let Some(chain) = Chain::start() else { return };
    let work = Work::without_token();
    let (deal, task) = chain.running(Ask::default());
    let run = show(&work, &chain, task).run().fails(42);
    assert!(run.err().contains("is a task, not a deal"), "{}", run.err());
    assert!(run.err().contains(&deal.id.to_string()), "{}", run.err());
    let run = show(&work, &chain, B256::repeat_byte(1)).run().fails(42);
    assert!(run.err().contains("No deal found"), "{}", run.err());
}
