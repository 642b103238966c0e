//! Messages on the socket between front and worker: a length, and as much JSON. One at a time goes each way.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

/// Bytes of a message at most.
const LONGEST: usize = 1 << 20;

/// Room for every message with a secret in it, so that none leaves a copy behind when it grows.
const ROOM: usize = 16 * 1024;

const HEAD: usize = size_of::<u32>();

/// Sends one message.
pub(super) fn send(mut socket: &UnixStream, message: &impl Serialize) -> io::Result<()> {
    let mut frame = Zeroizing::new(Vec::with_capacity(ROOM));
    frame.extend([0; HEAD]);
    serde_json::to_writer(&mut *frame, message)?;
    let len = frame.len() - HEAD;
    if len > LONGEST {
        return Err(ErrorKind::InvalidData.into());
    }
    let head = u32::try_from(len).map_err(io::Error::other)?;
    frame[..HEAD].copy_from_slice(&head.to_le_bytes());
    socket.write_all(&frame)
}

/// Receives one message; `None` when the other side is gone.
pub(super) fn receive<T: DeserializeOwned>(socket: &UnixStream) -> io::Result<Option<T>> {
    let mut frame = Zeroizing::new(vec![0; ROOM]);
    let mut have = 0;
    while have < HEAD {
        match read(socket, &mut frame[have..])? {
            0 => return Ok(None),
            len => have += len,
        }
    }
    let mut head = [0; HEAD];
    head.copy_from_slice(&frame[..HEAD]);
    let len = usize::try_from(u32::from_le_bytes(head)).map_err(io::Error::other)?;
    // Nobody sends a second one before the first is answered.
    if len > LONGEST || have > HEAD + len {
        return Err(ErrorKind::InvalidData.into());
    }
    if HEAD + len > frame.len() {
        frame.resize(HEAD + len, 0);
    }
    while have < HEAD + len {
        match read(socket, &mut frame[have..HEAD + len])? {
            0 => return Ok(None),
            more => have += more,
        }
    }
    Ok(Some(serde_json::from_slice(&frame[HEAD..HEAD + len])?))
}

/// Reads some bytes; none when the other side is gone, however it went.
fn read(mut socket: &UnixStream, to: &mut [u8]) -> io::Result<usize> {
    loop {
        match socket.read(to) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(0),
            read => return read,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_all_sizes_arrive_one_after_the_other() {
        let (here, there) = UnixStream::pair().unwrap();
        for len in [0, 1, ROOM - 7, ROOM, 10 * ROOM] {
            let sent = "x".repeat(len);
            std::thread::scope(|scope| {
                scope.spawn(|| send(&here, &sent).unwrap());
                assert_eq!(receive::<String>(&there).unwrap().as_ref(), Some(&sent));
            });
        }
        drop(here);
        assert_eq!(receive::<String>(&there).unwrap(), None);
    }

    #[test]
    fn what_is_no_message_is_refused() {
        let received = |bytes: &[u8]| {
            let (mut here, there) = UnixStream::pair().unwrap();
            here.write_all(bytes).unwrap();
            drop(here);
            receive::<u8>(&there)
        };
        assert!(received(&[255; 8]).is_err(), "more than may come");
        assert!(received(b"\x01\x00\x00\x00x").is_err(), "no JSON");
        assert!(
            received(b"\x01\x00\x00\x00123").is_err(),
            "more than was said"
        );
        assert_eq!(received(b"\x09\x00\x00\x001").unwrap(), None, "less");
        assert_eq!(received(b"\x01\x00\x00\x007").unwrap(), Some(7));
    }
}
