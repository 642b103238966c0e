//! The processes of the agent: what memory and descriptors they have, and whether any is left.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::agent;
use crate::chance::Chance;
use crate::world::World;

/// An agent of this age has opened all its sessions.
const WARM: Duration = Duration::from_secs(3);
/// KiB that it may grow by beyond half of what it had: the allocator keeps some of what was used at once.
const MORE_MEMORY: u64 = 24 * 1024;
/// Descriptors that it may have more at once: connections.
const MORE_DESCRIPTORS: u64 = 80;

/// Processes of an agent: itself, the one that keeps the PIN, one for each session, and those that are ending.
const PROCESSES: usize = 12;

#[derive(Clone, Copy, Default)]
struct Use {
    /// KiB.
    memory: u64,
    descriptors: u64,
}

/// Looks at the agent until it is time to end.
pub fn watch(world: &World) {
    // Of an agent with so many processes.
    let mut first: HashMap<(u32, usize), Use> = HashMap::new();
    let mut told = None;
    while !world.ends() {
        thread::sleep(Duration::from_millis(500));
        let age = agent::of(world).started.map(|it| it.elapsed());
        let Some(id) = agent::id(world).filter(|_| age.is_some_and(|it| it > WARM)) else {
            continue;
        };
        let processes = with_children(id);
        let now = sum(&processes);
        let was = *first.entry((id, processes.len())).or_insert(now);
        world
            .report
            .most("agent", "processes, at most", processes.len() as u64);
        world
            .report
            .most("agent", "memory, at most (KiB)", now.memory);
        world
            .report
            .most("agent", "descriptors, at most", now.descriptors);
        let grows = processes.len() > PROCESSES
            || now.memory > was.memory * 3 / 2 + MORE_MEMORY
            || now.descriptors > was.descriptors + MORE_DESCRIPTORS;
        if grows && told.replace(id) != Some(id) {
            world.report.finding(format!(
                "the agent has {} KiB and {} descriptors in {} processes, where it had {} and {}",
                now.memory,
                now.descriptors,
                processes.len(),
                was.memory,
                was.descriptors
            ));
        }
    }
}

fn sum(ids: &[u32]) -> Use {
    ids.iter().fold(Use::default(), |all, id| {
        let process = Path::new("/proc").join(id.to_string());
        let status = fs::read_to_string(process.join("status")).unwrap_or_default();
        let memory = status.lines().find_map(|it| it.strip_prefix("VmRSS:"));
        let memory = memory.and_then(|it| it.trim().split(' ').next()?.parse::<u64>().ok());
        let descriptors = fs::read_dir(process.join("fd")).map_or(0, Iterator::count);
        Use {
            memory: all.memory + memory.unwrap_or(0),
            descriptors: all.descriptors + descriptors as u64,
        }
    })
}

/// The process, and those that it has started, and these.
fn with_children(id: u32) -> Vec<u32> {
    let parents = parents();
    let mut all = vec![id];
    let mut at = 0;
    while let Some(parent) = all.get(at).copied() {
        all.extend(
            parents
                .iter()
                .filter(|(_, it)| **it == parent)
                .map(|(id, _)| *id),
        );
        at += 1;
    }
    all
}

/// Of each process that of its parent.
fn parents() -> HashMap<u32, u32> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = processes.filter_map(|it| it.file_name().to_string_lossy().parse().ok());
    let parent = |id: &u32| {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // Behind the name, which may have anything in it.
        stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
    };
    ids.filter_map(|id: u32| Some((id, parent(&id)?))).collect()
}

/// Kills a process that the agent has started, if there is any.
pub fn kill_a_worker(world: &World, chance: &mut Chance) {
    let Some(id) = agent::id(world) else {
        return;
    };
    let workers = &with_children(id)[1..];
    if workers.is_empty() {
        return world
            .report
            .count("agent", "has no process that could be killed");
    }
    let worker = i32::try_from(*chance.of(workers))
        .ok()
        .and_then(Pid::from_raw);
    if let Some(worker) = worker {
        let _ = kill_process(worker, Signal::KILL);
        world.report.count("agent", "workers killed");
        agent::mend_token(world);
    }
}

/// Looks for processes of this soak, by a variable that all of them have.
pub fn none_left(world: &World) {
    // A module process of a client may be ending.
    thread::sleep(Duration::from_secs(1));
    let mark = format!("SOAK_FOLDER={}", world.folder.display());
    for id in parents().into_keys().filter(|id| *id != std::process::id()) {
        let environment = fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
        if environment
            .split(|byte| *byte == 0)
            .any(|it| it == mark.as_bytes())
        {
            let name = fs::read_to_string(format!("/proc/{id}/cmdline")).unwrap_or_default();
            world
                .report
                .finding(format!("process {id} is left: {}", name.replace('\0', " ")));
        }
    }
}
