//! Tests that call the library, in folders by subject. A crate of their own, so that those of the program need not be
//! built again with it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod agent {
    mod asleep;
}
mod docs {
    mod library_example;
    mod library_examples;
}
mod interop {
    mod wycheproof;
}
mod ipfs {
    mod gateways;
}
mod keys {
    mod attestation;
}
mod publish {
    mod sms_client;
}
mod support;
mod terminal {
    mod verbose;
}
mod wallets {
    mod library;
}
