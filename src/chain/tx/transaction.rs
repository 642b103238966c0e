//! Transactions in the forms that a node takes: with the fees of EIP-1559, and the older one of EIP-155.

use alloy_primitives::{U256, keccak256};
use alloy_rlp::{Encodable, Header};

use crate::chain::poco::{Call, Id};
use crate::wallet::sign::{Wallet, WalletError};
use crate::wallet::signature::Signature;

/// The first byte of a transaction of EIP-1559.
const DYNAMIC_FEE: u8 = 2;

/// What is paid for each unit of gas, in wei.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fee {
    /// As EIP-1559 has it: the base fee of the block and a tip.
    Dynamic {
        /// The most that is paid in all.
        max: u128,
        /// The tip.
        tip: u128,
    },
    /// One price, as before.
    Legacy {
        /// The price.
        price: u128,
    },
}

impl Fee {
    /// The most that a unit of gas costs.
    pub fn at_most(self) -> u128 {
        match self {
            Self::Dynamic { max, .. } => max,
            Self::Legacy { price } => price,
        }
    }
}

/// A transaction that nobody has signed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transaction {
    /// The number of the chain.
    pub chain_id: u64,
    /// How many transactions of the sender were before it.
    pub nonce: u64,
    /// What it calls.
    pub call: Call,
    /// The most gas that it may use.
    pub gas: u64,
    /// What that costs.
    pub fee: Fee,
}

/// A transaction that can be sent. Whoever has the bytes can send it, so they are not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Signed {
    bytes: Vec<u8>,
}

impl Transaction {
    /// The most that it costs, in wei, without what is sent along.
    pub fn gas_cost(&self) -> U256 {
        U256::from(self.gas) * U256::from(self.fee.at_most())
    }

    /// Has the wallet sign it.
    ///
    /// # Errors
    /// When the wallet cannot sign.
    pub fn sign(&self, wallet: &mut dyn Wallet) -> Result<Signed, WalletError> {
        let signature = wallet.sign_digest(&self.digest())?;
        Ok(self.signed(&signature))
    }

    /// The hash that is signed.
    pub fn digest(&self) -> [u8; 32] {
        let mut fields = self.fields();
        if let Fee::Legacy { .. } = self.fee {
            fields.extend([Field::from(self.chain_id), Field::EMPTY, Field::EMPTY]);
        }
        keccak256(self.encoded(&fields)).0
    }

    fn signed(&self, signature: &Signature) -> Signed {
        let odd = u64::from(signature.y_is_odd());
        let v = match self.fee {
            Fee::Dynamic { .. } => odd,
            Fee::Legacy { .. } => 2 * self.chain_id + 35 + odd,
        };
        let number = |bytes: &[u8; 32]| Field::from(U256::from_be_bytes(*bytes));
        let mut fields = self.fields();
        fields.extend([Field::from(v), number(signature.r()), number(signature.s())]);
        Signed {
            bytes: self.encoded(&fields),
        }
    }

    /// What both forms have before the signature, in the order of each.
    fn fields(&self) -> Vec<Field> {
        let call = [
            Field::from(self.gas),
            Field::Bytes(self.call.to.as_bytes().to_vec()),
            Field::from(self.call.value),
            Field::Bytes(self.call.data.clone()),
        ];
        let nonce = Field::from(self.nonce);
        match self.fee {
            Fee::Legacy { price } => [nonce, Field::from(price)]
                .into_iter()
                .chain(call)
                .collect(),
            Fee::Dynamic { max, tip } => {
                let first = [
                    Field::from(self.chain_id),
                    nonce,
                    Field::from(tip),
                    Field::from(max),
                ];
                first
                    .into_iter()
                    .chain(call)
                    .chain([Field::NoAccesses])
                    .collect()
            }
        }
    }

    fn encoded(&self, fields: &[Field]) -> Vec<u8> {
        let mut bytes = Vec::new();
        if let Fee::Dynamic { .. } = self.fee {
            bytes.push(DYNAMIC_FEE);
        }
        let payload_length = fields.iter().map(Field::length).sum();
        let list = true;
        Header {
            list,
            payload_length,
        }
        .encode(&mut bytes);
        fields.iter().for_each(|field| field.encode(&mut bytes));
        bytes
    }
}

impl Signed {
    /// The bytes of a transaction that was signed before.
    pub(crate) fn again(bytes: Vec<u8>) -> Self {
        Self { bytes }
    }

    /// What a node is sent.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The hash that the chain knows it by.
    pub fn hash(&self) -> Id {
        keccak256(&self.bytes).into()
    }
}

impl std::fmt::Debug for Signed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Signed").field(&self.hash()).finish()
    }
}

/// A field in RLP: a string of bytes, which a number is one of without its leading zeros, or an empty list.
enum Field {
    Bytes(Vec<u8>),
    NoAccesses,
}

impl Field {
    const EMPTY: Self = Self::Bytes(Vec::new());

    fn length(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.as_slice().length(),
            Self::NoAccesses => 1,
        }
    }

    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Bytes(bytes) => bytes.as_slice().encode(out),
            Self::NoAccesses => out.push(alloy_rlp::EMPTY_LIST_CODE),
        }
    }
}

impl From<U256> for Field {
    fn from(number: U256) -> Self {
        Self::Bytes(number.to_be_bytes_trimmed_vec())
    }
}

impl From<u64> for Field {
    fn from(number: u64) -> Self {
        U256::from(number).into()
    }
}

impl From<u128> for Field {
    fn from(number: u128) -> Self {
        U256::from(number).into()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
