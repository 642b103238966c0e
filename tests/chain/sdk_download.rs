//! The result of a task as iExec's SDK downloads it, and as we do: the same bytes under the same name.

use alloy_primitives::{B256, keccak256};
use serde_json::Value;

use crate::support::chain::{Ask, Chain, on_ipfs};
use crate::support::gateway::Gateway;
use crate::support::*;

const PRIVATE_KEY: &str = "0x0000000000000000000000000000000000000000000000000000000000000001";

/// A chain with two tasks: the result of the first is not encrypted, that of the second is for a key that both sides have.
struct Sides {
    chain: Chain,
    gateway: Gateway,
    as_it_is: B256,
    encrypted: B256,
    plain: Vec<u8>,
}

impl Sides {
    fn new(public: &str) -> Option<Self> {
        let (chain, gateway) = (Chain::start()?, Gateway::start());
        let plain = plain_zip(&[("result.txt", b"Hello, world!"), ("a/b", &noise(600_000))]);
        let task = |archive: &[u8]| {
            let location = gateway.add(archive);
            let results = on_ipfs(location.trim_start_matches("/ipfs/"));
            chain
                .completed(Ask::default(), &results, keccak256(archive))
                .1
        };
        Some(Self {
            as_it_is: task(&plain),
            encrypted: task(&Sealed::current(public, &plain).archive()),
            chain,
            gateway,
            plain,
        })
    }

    fn configure(&self, work: &Work<'_>) {
        let gateway = self.gateway.url();
        self.chain
            .write_chain_json(work, &[("ipfsGateway", &gateway)]);
    }
}

/// The only zip in a folder, its bytes, and what was said of it. The file is gone then.
fn taken(work: &Work<'_>, run: &Run) -> (String, Vec<u8>, Value) {
    let mut names = work.files();
    names.retain(|it| it.ends_with(".zip"));
    let [name] = &names[..] else {
        panic!("{names:?}: {}", run.err());
    };
    let bytes = work.read(name);
    std::fs::remove_file(work.path(name)).unwrap();
    // The SDK tells of its wallet before.
    let said = run.out();
    let mut raw: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    assert_eq!(raw["resultPath"], work.path(name).to_str().unwrap());
    // It goes by the folder.
    raw.as_object_mut().unwrap().remove("resultPath");
    (name.clone(), bytes, raw)
}

#[test]
fn both_sdks_download_the_same_bytes_under_the_same_name() {
    if Sdk::all().next().is_none() {
        return;
    }
    let (private, public) = openssl::rsa_key(2048);
    let Some(sides) = Sides::new(&public) else {
        return;
    };
    let token = Token::new();
    let ours = Work::new(&token);
    sides.configure(&ours);
    let pem = ours.write("key.pem", &private);
    let import = ["result", "import-encryption-key", pem.to_str().unwrap()];
    ours.run([&import[..], &["--wallet-address", ADDRESS]].concat())
        .ok();
    for sdk in Sdk::all() {
        let theirs = Work::without_token();
        sides.configure(&theirs);
        theirs.write(format!(".secrets/beneficiary/{ADDRESS}_key"), &private);
        let import = ["wallet", "import", PRIVATE_KEY, "--password", "a"];
        sdk.iexec(&theirs, import).ok();
        for (task, args) in [
            (sides.as_it_is, &["--download", "mine"][..]),
            (sides.encrypted, &["--download", "--decrypt"]),
        ] {
            let task = task.to_string();
            let args = [&["task", "show", &task], args].concat();
            let unlocked = [&args[..], &["--password", "a"]].concat();
            let run = sdk.iexec(&theirs, unlocked).ok();
            let (name, bytes, raw) = taken(&theirs, &run);
            let run = ours.cmd(&args).pin().arg("--raw").run().ok();
            let our = taken(&ours, &run);
            assert!((&our.0, &our.1) == (&name, &bytes), "{name}: {}", our.0);
            // We say more.
            for (field, said) in raw.as_object().unwrap() {
                assert_eq!(&our.2[field], said, "{field}");
            }
            assert!(bytes == sides.plain, "{args:?}");
        }
    }
}
