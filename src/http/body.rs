use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::io::{self, BufRead, Read};
use std::pin::pin;
use std::task::Poll;

use bytes::{Buf as _, Bytes};
use tokio::sync::mpsc::{Receiver, Sender, channel as bounded};

use super::error::HttpError;
use super::response::HttpResponse;

/// Pieces that are received ahead of who reads them; each has less than half a megabyte.
const AHEAD: usize = 8;

/// The body of an answer as a reader. Its errors have an [`HttpError`] in them.
#[derive(Debug)]
pub(crate) struct HttpBody {
    /// What was received before.
    first: VecDeque<Piece>,
    pieces: Receiver<Piece>,
    /// What was received last and not yet read.
    piece: Bytes,
    ended: bool,
}

/// What was received; none at the end.
pub(super) type Piece = Result<Option<Bytes>, HttpError>;

/// Bytes of a body that are received before anybody reads it: a short one needs no thread.
const AT_FIRST: usize = 128 * 1024;

/// Receives the beginning of a body: with the end, or a failure, where these come soon.
pub(super) async fn beginning(response: &mut HttpResponse) -> Vec<Piece> {
    let (mut pieces, mut length) = (Vec::new(), 0);
    while length < AT_FIRST {
        let piece = response.piece().await;
        let is_last = !matches!(piece, Ok(Some(_)));
        length += piece.iter().flatten().map(Bytes::len).sum::<usize>();
        pieces.push(piece);
        if is_last {
            // Its connection is free once that was seen, too.
            tokio::task::yield_now().await;
            break;
        }
    }
    pieces
}

/// Whether a body ends with these pieces.
pub(super) fn is_whole(pieces: &[Piece]) -> bool {
    pieces
        .last()
        .is_some_and(|last| !matches!(last, Ok(Some(_))))
}

/// A body, and how it gets there.
pub(super) fn channel(first: Vec<Piece>) -> (Sender<Piece>, HttpBody) {
    let (receipt, pieces) = bounded(AHEAD);
    let body = HttpBody {
        first: first.into(),
        pieces,
        piece: Bytes::new(),
        ended: false,
    };
    (receipt, body)
}

/// Receives the body of an answer, as long as somebody reads it.
pub(super) async fn receive(mut response: HttpResponse, receipt: Sender<Piece>) {
    loop {
        let Some(piece) = unless(receipt.closed(), response.piece()).await else {
            return;
        };
        let is_last = !matches!(piece, Ok(Some(_)));
        if receipt.send(piece).await.is_err() || is_last {
            // Its connection is free once that was seen, too.
            tokio::task::yield_now().await;
            return;
        }
    }
}

/// What `work` comes to; nothing when `end` is there before.
async fn unless<T>(end: impl Future, work: impl Future<Output = T>) -> Option<T> {
    let (mut end, mut work) = (pin!(end), pin!(work));
    poll_fn(|context| {
        if let Poll::Ready(done) = work.as_mut().poll(context) {
            return Poll::Ready(Some(done));
        }
        end.as_mut().poll(context).map(|_| None)
    })
    .await
}

impl BufRead for HttpBody {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.piece.is_empty() && !self.ended {
            let first = self.first.pop_front();
            match first.or_else(|| self.pieces.blocking_recv()) {
                Some(Ok(Some(piece))) => self.piece = piece,
                Some(Ok(None)) => self.ended = true,
                Some(Err(error)) => return Err(io::Error::other(error)),
                // It has failed before.
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
        Ok(&self.piece)
    }

    fn consume(&mut self, count: usize) {
        self.piece.advance(count);
    }
}

impl Read for HttpBody {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.len().min(out.len());
        self.piece.copy_to_slice(&mut out[..count]);
        Ok(count)
    }
}
