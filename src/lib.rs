//! Open encrypted iExec results with an RSA key that never leaves its PKCS#11 token.

pub mod archive;
pub mod beneficiary;
pub mod cli;
pub mod decrypt;
pub mod encrypt;
pub mod envelope;
mod small_file;
pub mod sms;
pub mod token;
pub mod wallet;
