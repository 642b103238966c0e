//! The accounts of the chain, and what they sign.

use alloy_primitives::{Address, B256, address, eip191_hash_message};
use k256::ecdsa::SigningKey;

/// The keys of the mnemonic that every test node has, by the number of the account.
const KEYS: [&str; 10] = [
    "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    "7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
    "47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
    "8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba",
    "92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e",
    "4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356",
    "dbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97",
    "2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6",
];

/// The one who has deployed the contracts, and made all RLC.
pub const ADMIN: Address = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");

/// An account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    AppOwner = 1,
    Scheduler = 2,
    Worker = 3,
    Requester = 4,
    SecondWorker = 5,
    ThirdWorker = 6,
    DatasetOwner = 7,
    /// One that has nothing to do with anything.
    Stranger = 8,
    /// The key that an enclave signs with.
    Enclave = 9,
}

impl Who {
    pub const ALL: [Self; 9] = [
        Self::AppOwner,
        Self::Scheduler,
        Self::Worker,
        Self::Requester,
        Self::SecondWorker,
        Self::ThirdWorker,
        Self::DatasetOwner,
        Self::Stranger,
        Self::Enclave,
    ];

    /// The private key, as a wallet's owner writes it.
    pub fn private_key(self) -> String {
        format!("0x{}", KEYS[self as usize])
    }

    fn key(self) -> SigningKey {
        let key: B256 = KEYS[self as usize].parse().unwrap();
        SigningKey::from_slice(key.as_slice()).unwrap()
    }

    pub fn address(self) -> Address {
        let point = self.key().verifying_key().to_sec1_point(false);
        Address::from_raw_public_key(&point.as_bytes()[1..])
    }

    /// The signature of a hash.
    pub fn sign(self, hash: B256) -> Vec<u8> {
        let (signature, id) = self.key().sign_prehash_recoverable(hash.as_slice());
        let mut bytes = signature.to_bytes().to_vec();
        bytes.push(27 + id.to_byte());
        bytes
    }

    /// The signature of a message, as wallets sign such.
    pub fn sign_message(self, message: B256) -> Vec<u8> {
        self.sign(eip191_hash_message(message))
    }
}
