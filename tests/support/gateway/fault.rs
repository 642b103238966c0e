//! How an answer is sent, and all that can go wrong with it.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::thread::sleep;
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;

use super::answer::Answer;

/// Short enough for a test, long enough to be one byte after the other.
const SLOW: Duration = Duration::from_millis(5);

/// How a gateway fails at one request. Places are of the answer's body.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Not at all.
    None,
    /// Another answer: status, headers each with its line end, text.
    Answer(u16, &'static str, &'static str),
    /// A web page with status 200.
    Page,
    /// A redirect to this location.
    Redirect(String),
    /// Nothing ever comes back.
    Hang,
    /// The connection is reset.
    Reset,
    /// Something else than HTTP comes back.
    NotHttp,
    /// The connection is closed at this place.
    Cut(usize),
    /// Nothing comes from this place on.
    Stall(usize),
    /// From this place on it comes byte by byte and has no end.
    Slow(usize),
    /// Something follows that has no end, nor a length in front.
    Endless,
    /// The byte at this place is another.
    Flip(usize),
    /// What the body ends with is not there, as if the file ended here.
    Short(usize),
    /// This follows.
    More(&'static [u8]),
    /// Other bytes come.
    Other(&'static [u8]),
    /// The length that is said is so much more than that of the body.
    Declares(usize),
    /// The header of this name is another; none where it is empty.
    Header(&'static str, &'static str),
}

/// Sends an answer, by `fault`. The other side may leave at any time.
pub fn send(mut stream: TcpStream, mut answer: Answer, fault: Fault) -> io::Result<()> {
    let mut upto = answer.body.len();
    match &fault {
        Fault::Hang => return stream.read(&mut [0]).map(drop),
        Fault::Reset => return Ok(set_socket_linger(&stream, Some(Duration::ZERO))?),
        Fault::NotHttp => return stream.write_all(b"SSH-2.0-OpenSSH_9.9\r\n"),
        Fault::Answer(status, headers, text) => {
            let len = text.len();
            let head = format!(
                "HTTP/1.1 {status} X\r\nConnection: close\r\n{headers}Content-Length: {len}\r\n\r\n"
            );
            return finish(&mut stream, format!("{head}{text}").as_bytes());
        }
        Fault::Redirect(location) => {
            let head = format!(
                "HTTP/1.1 302 X\r\nConnection: close\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
            );
            return finish(&mut stream, head.as_bytes());
        }
        Fault::Page => {
            let page = "<!DOCTYPE html><html><title>Welcome</title></html>";
            answer = Answer::text(200, page);
            answer.headers = vec![("Content-Type", "text/html; charset=utf-8".to_owned())];
            upto = page.len();
        }
        Fault::Cut(at) | Fault::Stall(at) | Fault::Slow(at) => upto = upto.min(*at),
        Fault::Flip(at) => answer.body[*at] ^= 1,
        Fault::Short(len) => {
            answer.body.truncate(*len);
            upto = *len;
        }
        Fault::More(more) => {
            answer.body.extend(*more);
            upto = answer.body.len();
        }
        Fault::Other(bytes) => {
            answer.body = bytes.to_vec();
            upto = answer.body.len();
        }
        Fault::Header(name, value) => {
            answer.headers.retain(|(known, _)| known != name);
            if !value.is_empty() {
                answer.headers.push((name, (*value).to_owned()));
            }
        }
        Fault::None | Fault::Endless | Fault::Declares(_) => {}
    }
    let chunked = answer.chunked && !matches!(fault, Fault::Endless);
    let mut head = format!("HTTP/1.1 {} X\r\nConnection: close\r\n", answer.status);
    for (name, value) in &answer.headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += &match fault {
        Fault::Endless => String::new(),
        _ if chunked => "Transfer-Encoding: chunked\r\n".to_owned(),
        Fault::Declares(more) => format!("Content-Length: {}\r\n", answer.body.len() + more),
        _ => format!("Content-Length: {}\r\n", answer.body.len()),
    };
    head += "\r\n";
    stream.write_all(head.as_bytes())?;
    for piece in answer.body[..upto].chunks(100_000) {
        write(&mut stream, piece, chunked)?;
    }
    match fault {
        Fault::Cut(_) => Ok(()),
        Fault::Stall(_) => stream.read(&mut [0]).map(drop),
        Fault::Slow(_) => loop {
            write(&mut stream, b"x", chunked)?;
            sleep(SLOW);
        },
        Fault::Endless => loop {
            stream.write_all(&[b'x'; 100_000])?;
        },
        _ if chunked => finish(&mut stream, b"0\r\n\r\n"),
        _ => finish(&mut stream, b""),
    }
}

fn write(stream: &mut TcpStream, piece: &[u8], chunked: bool) -> io::Result<()> {
    if !chunked {
        return stream.write_all(piece);
    }
    let mut chunk = format!("{:x}\r\n", piece.len()).into_bytes();
    chunk.extend(piece);
    chunk.extend(b"\r\n");
    stream.write_all(&chunk)
}

fn finish(stream: &mut TcpStream, last: &[u8]) -> io::Result<()> {
    stream.write_all(last)?;
    stream.shutdown(Shutdown::Write)
}
