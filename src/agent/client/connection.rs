use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use serde::Serialize;
use zeroize::Zeroizing;

/// The longest time in which nothing comes. An agent gives a request up before that, unless it was
/// told to be very patient.
const SILENCE: Duration = Duration::from_secs(600);

/// The longest head of an answer, in bytes, and most lines in it.
const HEAD: usize = 8 * 1024;
const HEADERS: usize = 32;

/// The longest body of an answer, in bytes: that of a list of a thousand keys.
const BODY: usize = 2 * 1024 * 1024;

/// A kept-alive connection that requests go over, one after the other.
pub(super) struct Connection {
    stream: UnixStream,
    /// The longest time in which nothing comes.
    silence: Duration,
    /// Whether it has carried a request: then it may have been closed since.
    used: bool,
}

/// A request as it goes over the socket; it may hold a PIN.
pub(super) struct Request {
    bytes: Zeroizing<Vec<u8>>,
    /// Whether it may be a PIN attempt, which nobody makes twice.
    pub(super) tries_pin: bool,
}

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Zeroizing<Vec<u8>>,
}

/// A failure to get an answer.
#[derive(Debug)]
pub(super) enum Fault {
    /// The connection was closed before this request was answered, which an idle one may be.
    Closed,
    Io(io::Error),
    /// The answer is not HTTP.
    NotHttp,
}

impl Request {
    pub(super) fn get(path: &str) -> Self {
        let head = format!("GET {path} HTTP/1.1\r\nhost: agent\r\n\r\n");
        Self::new(Zeroizing::new(head.into_bytes()))
    }

    pub(super) fn post(path: &str, body: &impl Serialize) -> serde_json::Result<Self> {
        let mut json = Zeroizing::new(Vec::with_capacity(8 * 1024));
        serde_json::to_writer(&mut *json, body)?;
        if json.as_slice() == b"null" {
            json.clear();
        }
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: agent\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            json.len()
        );
        let mut whole = Zeroizing::new(Vec::with_capacity(head.len() + json.len()));
        whole.extend_from_slice(head.as_bytes());
        whole.extend_from_slice(&json);
        Ok(Self::new(whole))
    }

    /// The same request as one that may be a PIN attempt.
    pub(super) fn trying_pin(self) -> Self {
        Self {
            tries_pin: true,
            ..self
        }
    }

    fn new(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self {
            bytes,
            tries_pin: false,
        }
    }
}

impl Connection {
    pub(super) fn new(stream: UnixStream) -> Self {
        Self {
            stream,
            silence: SILENCE,
            used: false,
        }
    }

    pub(super) fn stream(&self) -> &UnixStream {
        &self.stream
    }

    /// Another connection of the same patience.
    pub(super) fn anew(&self, stream: UnixStream) -> Self {
        Self {
            silence: self.silence,
            ..Self::new(stream)
        }
    }

    /// Sets the longest time in which nothing comes, and returns the one before.
    pub(super) fn set_silence(&mut self, silence: Duration) -> Duration {
        std::mem::replace(&mut self.silence, silence)
    }

    pub(super) fn send(&mut self, request: &Request) -> Result<Answer, Fault> {
        let first = !std::mem::replace(&mut self.used, true);
        self.write_and_read(request).map_err(|fault| match fault {
            // There was nothing to be closed before: it is this request that is not answered.
            Fault::Closed if first => Fault::Io(ErrorKind::UnexpectedEof.into()),
            fault => fault,
        })
    }

    fn write_and_read(&mut self, request: &Request) -> Result<Answer, Fault> {
        self.stream.set_read_timeout(Some(self.silence))?;
        self.stream.set_write_timeout(Some(self.silence))?;
        if let Err(error) = self.stream.write_all(&request.bytes) {
            return Err(match error.kind() {
                ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => Fault::Closed,
                _ => error.into(),
            });
        }
        let mut read = Zeroizing::new(Vec::with_capacity(HEAD));
        let head = loop {
            if let Some(head) = Head::parse(&read)? {
                break head;
            }
            if self.read_some(&mut read, HEAD)? == 0 {
                return Err(match read.is_empty() {
                    true => Fault::Closed,
                    false => Fault::Io(ErrorKind::UnexpectedEof.into()),
                });
            }
        };
        let mut body = Zeroizing::new(Vec::with_capacity(head.body));
        body.extend_from_slice(&read[head.len..]);
        while body.len() < head.body {
            if self.read_some(&mut body, head.body)? == 0 {
                return Err(Fault::Io(ErrorKind::UnexpectedEof.into()));
            }
        }
        if body.len() > head.body {
            return Err(Fault::NotHttp);
        }
        Ok(Answer {
            status: head.status,
            retry_after: head.retry_after,
            body,
        })
    }

    /// Reads what is there, up to `most` bytes in all; zero at the end of the stream.
    fn read_some(&mut self, to: &mut Vec<u8>, most: usize) -> Result<usize, Fault> {
        let before = to.len();
        if before >= most {
            return Err(Fault::NotHttp);
        }
        // Within its room the vector does not move, and leaves no copy behind.
        to.resize(most, 0);
        let read = loop {
            match self.stream.read(&mut to[before..]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        to.truncate(before + read.as_ref().copied().unwrap_or(0));
        match read {
            Err(error) if error.kind() == ErrorKind::ConnectionReset => Ok(0),
            read => Ok(read?),
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The head of an answer, as far as it matters.
struct Head {
    len: usize,
    status: u16,
    body: usize,
    retry_after: Option<Duration>,
}

impl Head {
    /// `None` while it is not complete.
    fn parse(read: &[u8]) -> Result<Option<Self>, Fault> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        let parsed = response.parse(read).map_err(|_| Fault::NotHttp)?;
        let (httparse::Status::Complete(len), Some(status)) = (parsed, response.code) else {
            return Ok(None);
        };
        let number = |name: &str| {
            let mut found = response.headers.iter();
            let found = found.find(|it| it.name.eq_ignore_ascii_case(name))?;
            str::from_utf8(found.value).ok()?.parse::<u64>().ok()
        };
        let body = number("content-length").unwrap_or(0);
        let body = usize::try_from(body).map_err(|_| Fault::NotHttp)?;
        if body > BODY {
            return Err(Fault::NotHttp);
        }
        Ok(Some(Self {
            len,
            status,
            body,
            retry_after: number("retry-after").map(Duration::from_secs),
        }))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::thread;

    use super::*;

    /// Reads `answer` as the client does, after which the connection is closed.
    fn answered(answer: &'static str) -> Result<Answer, Fault> {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let server = thread::spawn(move || {
            let mut request = [0; 4096];
            let _ = theirs.read(&mut request).unwrap();
            // In pieces, as a slow one sends it.
            for byte in answer.as_bytes() {
                if theirs.write_all(&[*byte]).is_err() {
                    // The client has seen enough.
                    break;
                }
            }
        });
        let answer = Connection::new(ours).send(&Request::get("/v1/status"));
        server.join().unwrap();
        answer
    }

    #[test]
    fn an_answer_is_read_from_pieces() {
        let answer = answered(
            "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\n{}",
        )
        .unwrap();
        assert_eq!((answer.status, &answer.body[..]), (429, &b"{}"[..]));
        assert_eq!(answer.retry_after, Some(Duration::from_secs(7)));
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        assert!(matches!(answered("SSH-2.0-x\r\n\r\n"), Err(Fault::NotHttp)));
        let huge = "HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n";
        assert!(matches!(answered(huge), Err(Fault::NotHttp)));
        let cut = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n{}";
        assert!(matches!(answered(cut), Err(Fault::Io(_))));
        assert!(matches!(answered(""), Err(Fault::Io(_))));
    }
}
