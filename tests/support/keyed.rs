//! A token with a result key on it, made by the program itself.

use super::{ADDRESS, Sealed, Token, Work};

pub struct Keyed {
    pub token: Token,
    /// The public key, as PEM.
    pub public: String,
}

impl Keyed {
    /// With a key of 2048 bits, which is soon made.
    pub fn new() -> Self {
        Self::of_bits(2048)
    }

    pub fn of_bits(bits: u32) -> Self {
        let token = Token::new();
        let public = add_key(&token, bits);
        Self { token, public }
    }

    /// Makes one more key on the same token, and returns its public key.
    pub fn add_key(&self, bits: u32) -> String {
        add_key(&self.token, bits)
    }

    pub fn work(&self) -> Work<'_> {
        Work::new(&self.token)
    }

    /// An archive of today's form.
    pub fn archive(&self, plain: &[u8]) -> Vec<u8> {
        Sealed::current(&self.public, plain).archive()
    }
}

fn add_key(token: &Token, bits: u32) -> String {
    let work = Work::new(token);
    let bits = bits.to_string();
    let args = ["result", "generate-keys", "--bits", &bits];
    work.run([&args[..], &["--wallet-address", ADDRESS]].concat())
        .ok();
    let public = work.read(format!(".secrets/beneficiary/{ADDRESS}_key.pub"));
    String::from_utf8(public).unwrap()
}
