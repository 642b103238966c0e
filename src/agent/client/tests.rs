#![allow(clippy::unwrap_used)]

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixListener;
use std::thread;

use super::*;

/// The client's reading of an agent that gives this answer.
fn status(answer: &'static str) -> Result<Status, ClientError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agent.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let agent = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        stream.write_all(answer.as_bytes()).unwrap();
    });
    let status = AgentClient::connect(&path).unwrap().status();
    agent.join().unwrap();
    status
}

#[test]
fn an_agent_that_asks_to_wait_for_ever_is_not_waited_for() {
    let answer = "HTTP/1.1 429 Wait\r\nretry-after: 18446744073709551615\r\ncontent-length: 68\r\n\r\n\
        {\"ok\":false,\"error\":{\"code\":\"agent-not-available\",\"message\":\"busy\"}}";
    let refused = status(answer).unwrap_err();
    assert!(matches!(refused, ClientError::Refused(_)), "{refused:?}");
}
