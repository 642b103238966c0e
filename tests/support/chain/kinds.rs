//! A task of every kind that there is.

use alloy_primitives::{B256, keccak256};

use super::{Ask, Chain, Who, on_ipfs};

/// A CID of something that is on no gateway.
const LOST: &str = "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o";

/// A task, the word for its state, and what is special about it.
pub struct Kind {
    pub what: &'static str,
    pub task: B256,
    pub deal: B256,
    pub state: &'static str,
}

/// A task of each kind, on a chain that has just been started.
pub fn every_kind(chain: &Chain) -> Vec<Kind> {
    let mut kinds = Vec::new();
    let mut add = |what, state, (deal, task): (super::Deal, B256)| {
        let deal = deal.id;
        kinds.push(Kind {
            what,
            task,
            deal,
            state,
        });
    };
    let digest = keccak256("Hello, world!");
    let plain = || Ask {
        tee: false,
        ..Ask::default()
    };

    // Those that are over when the others begin.
    chain.ago(40_000);
    add("timed out", "TIMEOUT", chain.running(Ask::default()));
    let (deal, task) = chain.running(plain());
    chain.contribute(&deal, task, Who::Worker, digest);
    add("timed out unrevealed", "TIMEOUT", (deal, task));
    let (deal, task) = chain.running(Ask::default());
    chain.ago(20_000);
    chain.claim(task);
    add("claimed", "FAILED", (deal, task));

    chain.ago(600);
    add("running", "ACTIVE", chain.running(Ask::default()));
    let (deal, task) = chain.running(plain());
    chain.contribute(&deal, task, Who::Worker, digest);
    add("revealing", "REVEALING", (deal, task));

    let completed = |results: &[u8]| chain.completed(Ask::default(), results, digest);
    add("completed", "COMPLETED", completed(&on_ipfs(LOST)));
    let dropbox = br#"{ "storage": "dropbox", "location": "/results/0x12" }"#;
    add("on Dropbox", "COMPLETED", completed(dropbox));
    add("without results", "COMPLETED", completed(b""));
    add("not JSON", "COMPLETED", completed(b"\xffQm\x1b[31m"));
    add("JSON null", "COMPLETED", completed(b"null"));
    add("a JSON text", "COMPLETED", completed(br#""/ipfs/Qm""#));
    add(
        "odd JSON",
        "COMPLETED",
        completed(br#"[1,{"a":null,"2":[true]}]"#),
    );
    add(
        "called back",
        "COMPLETED",
        chain.called_back(Ask::default(), b"\x01\x02"),
    );

    let (deal, task) = chain.running(Ask {
        trust: 3,
        ..plain()
    });
    for worker in [Who::Worker, Who::SecondWorker] {
        chain.contribute(&deal, task, worker, digest);
    }
    for worker in [Who::Worker, Who::SecondWorker] {
        chain.reveal(task, worker, digest);
    }
    chain.finalize(task, &on_ipfs(LOST));
    add("several contributors", "COMPLETED", (deal, task));

    let deal = chain.deal(Ask {
        volume: 3,
        params: format!(r#"{{"bulk_cid":"{LOST}"}}"#),
        ..Ask::default()
    });
    let task = chain.begin(&deal, 1);
    chain.complete(&deal, task, &on_ipfs(LOST), digest);
    add("one of many", "COMPLETED", (deal, task));
    kinds
}
