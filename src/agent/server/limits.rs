//! The limits of connections, requests and waiting.

use std::time::Duration;

/// Connections whose request is not there yet, at a time; see [`room`](super::waiting::room) for one more.
pub(super) const WAITING_CONNECTIONS: usize = 256;

/// Those of one process.
pub(super) const SHARE: usize = 64;

/// Time that a connection has for its request where many others want its place.
pub(super) const GRACE: Duration = Duration::from_millis(250);

/// Time for the first request of who has just connected, when the agent ends.
pub(super) const FIRST_REQUEST: Duration = Duration::from_millis(250);

/// Bytes of a request's head.
pub(super) const HEAD: usize = 16 * 1024;

/// Lines in a request's head.
pub(super) const HEADERS: usize = 32;

/// Bytes of a request's body.
pub(super) const BODY: usize = 16 * 1024;

/// Time for a request's head to arrive, from the end of the request before: a connection may be
/// idle for as long.
pub(super) const HEAD_TIME: Duration = Duration::from_secs(60);

/// Time for a request's body to arrive.
pub(super) const BODY_TIME: Duration = Duration::from_secs(10);

/// Requests that may wait for a session.
pub(super) const WAITING: usize = 64;

/// Each session is asked something so often, busy or not: a YubiHSM 2 ends one after 30 idle seconds, and
/// a device that does not decrypt any more is found out.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// Time for calls that are under way to come back when the agent locks or ends.
pub(super) const LEAVING: Duration = Duration::from_secs(5);
