//! An IPFS gateway that costs as little as one can: it sends the same CAR to whoever asks for one, from memory, over
//! connections that stay open.
//!
//! ```text
//! gateway_bare CAR-FILE
//! ```
//!
//! Prints its URL, and serves until it is ended.
#![allow(missing_docs)]

use std::error::Error;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::{fs, io, thread};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args()
        .nth(1)
        .ok_or("usage: gateway_bare CAR-FILE")?;
    let car = fs::read(path)?;
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.ipld.car; version=1; order=dfs; dups=y\r\nContent-Length: {}\r\n\r\n",
        car.len()
    )
    .into_bytes();
    answer.extend(car);
    let answer: Arc<[u8]> = answer.into();
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("http://{}", listener.local_addr()?);
    for stream in listener.incoming() {
        let (stream, answer) = (stream?, Arc::clone(&answer));
        thread::spawn(move || serve(&stream, &answer));
    }
    Ok(())
}

/// Answers each request of a connection, none of which has a body.
fn serve(stream: &TcpStream, answer: &[u8]) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut requests, mut stream) = (BufReader::new(stream), stream);
    let mut line = String::new();
    while requests.read_line(&mut line)? > 0 {
        if line.trim_end().is_empty() {
            stream.write_all(answer)?;
        }
        line.clear();
    }
    Ok(())
}
