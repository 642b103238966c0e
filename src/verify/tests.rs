#![allow(clippy::unwrap_used)]

mod digester;
mod digests;
mod each_check;
mod plans;
mod proven;
mod sample;
