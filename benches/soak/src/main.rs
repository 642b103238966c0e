//! Keeps an agent and commands busy with good and bad archives, wrong PINs and questions, while the device
//! goes away, agents are killed and disks fill; looks at each result. `benches/soak.sh` prepares what it works on.
//!
//! A *trouble* is something that is done to the agent, the device or a disk. What a command may answer depends
//! on the troubles that it met; each other answer is a *finding*, and so is each file that is not what it should be.

mod agent;
mod chance;
mod command;
mod load;
mod logins;
mod logs;
mod processes;
mod report;
mod samples;
mod troubles;
mod world;

use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use chance::Chance;
use world::World;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [folder, seconds, seed] = &args[..] else {
        eprintln!("usage: soak FOLDER SECONDS SEED");
        return ExitCode::from(2);
    };
    let (Ok(seconds), Ok(seed)) = (seconds.parse(), seed.parse()) else {
        eprintln!("soak: seconds and seed are numbers");
        return ExitCode::from(2);
    };
    let world = World::new(Path::new(folder), Duration::from_secs(seconds));
    run(&world, &mut Chance::new(seed));
    world.report.print();
    ExitCode::from(u8::from(world.report.has_findings()))
}

fn run(world: &World, chance: &mut Chance) {
    let started = Instant::now();
    if !agent::heal(world) {
        world.report.finding("the agent does not come up");
        return;
    }
    thread::scope(|scope| {
        for load in load::ALL {
            let chance = chance.another();
            scope.spawn(move || load(world, chance));
        }
        scope.spawn(|| processes::watch(world));
        while started.elapsed() < world.time {
            troubles::next(world, chance);
            world.report.progress(started.elapsed());
        }
        world.ends.store(true, Ordering::Relaxed);
    });
    agent::stop(world);
    logs::check(world);
    logins::check(world);
    processes::none_left(world);
}
