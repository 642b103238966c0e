//! What a gateway answers when it is well.

use super::dag::{self, Node};
use super::{File, Habits};
use crate::support::sms::Request;

/// An answer that has yet to be sent.
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// In chunks, without its length in front.
    pub chunked: bool,
}

impl Answer {
    pub fn text(status: u16, text: &str) -> Self {
        Self {
            status,
            headers: vec![("Content-Type", "text/plain; charset=utf-8".to_owned())],
            body: text.as_bytes().to_vec(),
            chunked: false,
        }
    }
}

/// Answers a request for a file.
pub fn answer(request: &Request, file: &File, habits: &Habits) -> Answer {
    let accept = request.header("accept").unwrap_or_default();
    match habits.car {
        Ok(()) if accept.contains("application/vnd.ipld.car") => car(request, file, habits),
        Err(status) if status >= 400 && accept.contains("application/vnd.ipld.car") => {
            Answer::text(status, "no such format")
        }
        _ => plain(request, file, habits),
    }
}

fn car(request: &Request, file: &File, habits: &Habits) -> Answer {
    let root = file.path.first().unwrap_or(&file.root);
    let mut body = dag::car_header(root);
    for folder in &file.path {
        dag::put_block(folder, &mut body);
    }
    let range = request.parameter("entity-bytes").filter(|_| habits.ranges);
    let start = range.map_or(0, |range| range.split(':').next().unwrap().parse().unwrap());
    if habits.duplicates {
        dag::put_blocks(&file.root, 0, start, &mut body);
    } else {
        put_once(&file.root, &mut Vec::new(), &mut body);
    }
    let dups = if habits.duplicates { "y" } else { "n" };
    let media_type = format!("application/vnd.ipld.car; version=1; order=dfs; dups={dups}");
    Answer {
        status: 200,
        headers: vec![
            ("Content-Type", media_type),
            ("ETag", format!("W/\"{}.car\"", dag::text(&root.cid))),
        ],
        body,
        chunked: true,
    }
}

fn put_once(node: &Node, seen: &mut Vec<Vec<u8>>, car: &mut Vec<u8>) {
    if seen.contains(&node.cid) {
        return;
    }
    seen.push(node.cid.clone());
    dag::put_block(node, car);
    node.below.iter().for_each(|part| put_once(part, seen, car));
}

fn plain(request: &Request, file: &File, habits: &Habits) -> Answer {
    let etag = format!("\"{}\"", dag::text(&file.root.cid));
    let mut answer = Answer {
        status: 200,
        headers: vec![("Content-Type", "application/zip".to_owned())],
        body: file.bytes.to_vec(),
        chunked: false,
    };
    if habits.etag {
        answer.headers.push(("ETag", etag.clone()));
    }
    let is_same = request.header("if-range").is_none_or(|it| it == etag);
    if habits.ranges && is_same {
        answer.headers.push(("Accept-Ranges", "bytes".to_owned()));
        if let Some(range) = request.header("range") {
            let first: usize = range["bytes=".len()..]
                .trim_end_matches('-')
                .parse()
                .unwrap();
            let total = file.bytes.len();
            if first >= total {
                return Answer::text(416, "no such bytes");
            }
            answer.status = 206;
            answer.body.drain(..first);
            let range = format!("bytes {first}-{}/{total}", total - 1);
            answer.headers.push(("Content-Range", range));
        }
    }
    answer
}
