//! Connections to a node: kept from question to question, and missed by nobody when the node leaves them.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::pull::{World, told};
use crate::support::sms::Request;
use crate::support::web::Web;

/// A node in front of another one that closes each connection after `most` answers, and does not say so before.
struct Keeping {
    url: String,
    connections: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
}

impl Keeping {
    fn in_front_of(there: String, most: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (connections, requests) =
            (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let counts = (connections.clone(), requests.clone());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (there, requests) = (there.clone(), counts.1.clone());
                counts.0.fetch_add(1, Ordering::Relaxed);
                thread::spawn(move || serve(&mut stream.unwrap(), &there, most, &requests));
            }
        });
        Self {
            url,
            connections,
            requests,
        }
    }
}

fn serve(stream: &mut TcpStream, there: &str, most: usize, requests: &AtomicUsize) {
    for _ in 0..most {
        let Some(request) = Request::read(stream) else {
            return;
        };
        requests.fetch_add(1, Ordering::Relaxed);
        let body = Web::handed_on(there, &request).body;
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        let _ = stream.write_all(&[head.as_bytes(), &body].concat());
    }
}

/// Pulls some results by way of a node; returns its connections, and the requests on them.
fn pull(most: usize) -> Option<(usize, usize)> {
    let world = World::new()?;
    let work = world.keyed.work();
    let tasks = world.tasks(6);
    let node = Keeping::in_front_of(world.chain.node.url(), most);
    let args = ["--raw", "--rpc-url", &node.url];
    let run = world.pull(&work, &[]).args(&args).pin().run().ok();
    assert_eq!(told(&run).1["pulled"], tasks.len());
    let count = |it: &AtomicUsize| it.load(Ordering::Relaxed);
    Some((count(&node.connections), count(&node.requests)))
}

#[test]
fn a_connection_serves_many_questions() {
    let Some((connections, requests)) = pull(usize::MAX) else {
        return;
    };
    // As many at most as ask at the same time.
    assert!(connections <= 8, "{connections} for {requests}");
    assert!(requests > 24, "{requests}");
}

#[test]
fn one_that_the_node_has_left_is_replaced() {
    let Some((connections, requests)) = pull(7) else {
        return;
    };
    assert!(connections >= requests / 7, "{connections} for {requests}");
}
