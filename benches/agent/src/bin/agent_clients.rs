//! Clients of an agent on kept-alive connections, that have one key unwrapped over and over.
//!
//! ```text
//! agent_clients SOCKET BITS CIPHERTEXT-FILE CLIENTS COUNT
//! ```
//!
//! Prints the unwraps per second, and the median and the 99th percentile of one in microseconds.
#![allow(missing_docs)]

use std::error::Error;
use std::path::Path;
use std::sync::Barrier;
use std::time::{Duration, Instant};
use std::{fs, thread};

use iexec_hsm::agent::client::{AgentClient, ClientError};
use iexec_hsm::agent::wire::Unwrap;
use iexec_hsm::archive::Scheme;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [socket, bits, ciphertext, clients, count] = arguments.as_slice() else {
        return Err("usage: agent_clients SOCKET BITS CIPHERTEXT-FILE CLIENTS COUNT".into());
    };
    let (bits, clients, count): (usize, usize, usize) =
        (bits.parse()?, clients.parse()?, count.parse()?);
    let socket = Path::new(socket);
    let keys = AgentClient::connect(socket)?.keys()?.keys;
    let key = keys.into_iter().find(|key| key.bits == bits);
    let request = Unwrap {
        key: key.ok_or("no key of that size")?.key,
        scheme: Scheme::Current,
        wrapped_key: fs::read(ciphertext)?,
    };
    let start = Barrier::new(clients + 1);
    let (elapsed, mut times) = thread::scope(|scope| {
        let threads: Vec<_> = (0..clients)
            .map(|_| scope.spawn(|| unwrap(socket, &request, count / clients, &start)))
            .collect();
        start.wait();
        let began = Instant::now();
        let mut times = Vec::new();
        for thread in threads {
            times.extend(thread.join().map_err(|_| "a thread panicked")??);
        }
        Ok::<_, Box<dyn Error>>((began.elapsed(), times))
    })?;
    times.sort_unstable();
    let of = |hundredth: usize| times[times.len() * hundredth / 100].as_micros();
    let rate = times.len() as f64 / elapsed.as_secs_f64();
    println!("{rate:.0} {} {}", of(50), of(99));
    Ok(())
}

/// How long each of `count` unwraps took.
fn unwrap(
    socket: &Path,
    request: &Unwrap,
    count: usize,
    start: &Barrier,
) -> Result<Vec<Duration>, ClientError> {
    let client = AgentClient::connect(socket);
    let mut times = Vec::with_capacity(count);
    start.wait();
    let mut client = client?;
    for _ in 0..count {
        let began = Instant::now();
        client.unwrap(request)?;
        times.push(began.elapsed());
    }
    Ok(times)
}
