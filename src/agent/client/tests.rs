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

#[test]
fn an_agent_that_was_locked_meanwhile_has_not_simply_no_keys() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agent.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let mut client = AgentClient::connect(&path).unwrap();
    let agent = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let request = heard(&mut stream);
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 41\r\n\r\n\
            {\"state\":\"locked\",\"keys\":[],\"wallets\":[]}";
        stream.write_all(answer.as_bytes()).unwrap();
        request
    });
    let error = client.keys_of_login().unwrap_err();
    assert!(matches!(error, ClientError::Locked(_)), "{error:?}");
    assert_eq!(agent.join().unwrap(), "GET /v1/keys HTTP/1.1");
}

/// Reads one request, and returns its first line.
fn heard(stream: &mut UnixStream) -> String {
    let mut request = [0; 4096];
    let len = stream.read(&mut request).unwrap();
    let request = String::from_utf8_lossy(&request[..len]);
    request.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_pin_attempt_is_sent_once_and_over_a_connection_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agent.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let mut client = AgentClient::connect(&path).unwrap();
    let (mut idle, _) = listener.accept().unwrap();
    let agent = thread::spawn(move || {
        let mut requests = vec![heard(&mut idle)];
        idle.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
            .unwrap();
        let (mut stream, _) = listener.accept().unwrap();
        requests.push(heard(&mut stream));
        // It dies with the PIN.
        drop((stream, idle));
        (requests, listener)
    });
    client.status().unwrap_err();
    let request = wire::Unlock {
        pin: None,
        final_try: false,
    };
    let error = client.unlock(&request).unwrap_err();
    let (requests, listener) = agent.join().unwrap();
    assert!(
        matches!(error, ClientError::Io { pin_sent: true, .. }),
        "{error:?}"
    );
    assert_eq!(
        requests,
        ["GET /v1/status HTTP/1.1", "POST /v1/unlock HTTP/1.1"]
    );
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "it was sent again");
}
