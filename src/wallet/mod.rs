//! Who the beneficiary is.

pub mod address;
