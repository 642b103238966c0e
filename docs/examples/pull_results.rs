//! Pulls every result for an address that is not here yet, with the keys of a running, unlocked agent; each is checked
//! against its CID and opened into a folder of its own:
//!
//! ```text
//! cargo run --example pull_results --features chain -- NODE HUB MARKET GATEWAY ADDRESS AGENT-SOCKET FOLDER
//! ```

use std::error::Error;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use iexec_hsm::agent::client::{AgentClient, AgentKeys};
use iexec_hsm::archive::{Archive, Limits};
use iexec_hsm::chain::poco::Hub;
use iexec_hsm::chain::rpc::Rpc;
use iexec_hsm::decrypt::{Options, Target, decrypt};
use iexec_hsm::http::HttpOptions;
use iexec_hsm::ipfs::{GatewayOptions, Gateways};
use iexec_hsm::market::Market;
use iexec_hsm::task::{deals_for, result_location, tasks_of};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [node, hub, market, gateway, address, socket, folder] = arguments.as_slice() else {
        let usage = "usage: pull_results NODE HUB MARKET GATEWAY ADDRESS AGENT-SOCKET FOLDER";
        return Err(usage.into());
    };
    let places = [node, hub, market, gateway].map(String::as_str);
    for task in pull(places, address, Path::new(socket), Path::new(folder))? {
        println!("{task}");
    }
    Ok(())
}

/// Pulls what is not in `folder` yet, and returns the ids of the tasks.
///
/// # Errors
/// What was pulled until then stays, and a result that failed is not there.
pub fn pull(
    [node, hub, market, gateway]: [&str; 4],
    address: &str,
    socket: &Path,
    folder: &Path,
) -> Result<Vec<String>, Box<dyn Error>> {
    let address = address.parse()?;
    let hub = Hub::new(Rpc::new(node, HttpOptions::default())?, hub.parse()?, None);
    let market = Market::new(market, HttpOptions::default())?;
    let gateways = Gateways::new([gateway], GatewayOptions::default())?;

    // The market names deals, and the chain says which of them are for the address.
    let named = market.deals(hub.chain_id()?, address)?;
    let deals = deals_for(&hub, &named, address)?;
    let is_missing = |task| !folder.join(format!("{task}")).exists();

    let mut pulled = Vec::new();
    for found in tasks_of(&hub, &deals, is_missing)? {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let Some(location) = found.task.and_then(|task| result_location(&task, now).ok()) else {
            // It is still computed, has failed, or its result is elsewhere.
            continue;
        };
        // What does not have the CID that the chain has is refused while it comes.
        let waiting = tempfile::tempfile()?;
        gateways.fetch(&location, &waiting, false, &|_| {})?;

        let task = found.id.to_string();
        let archive = Archive::from_temporary(waiting, Path::new(&task), &Limits::default())?;
        let mut client = AgentClient::connect(socket)?;
        let present = client.keys()?.keys;
        let mut keys = AgentKeys::new(client, present);
        let target = Target::Folder {
            path: &folder.join(&task),
            only: &[],
            replace: &|_| false,
        };
        decrypt(&archive, &mut keys, target, &Options::default(), &|_| {})?;
        pulled.push(task);
    }
    Ok(pulled)
}
