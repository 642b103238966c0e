//! The call by which a worker contributes: only there are the signatures.

use alloy_primitives::keccak256;
use alloy_sol_types::{SolCall, SolValue as _, sol};

use super::ids::Id;
use crate::wallet::address::Address;

sol! {
    function contribute(
        bytes32 taskid,
        bytes32 resultHash,
        bytes32 resultSeal,
        address enclaveChallenge,
        bytes enclaveSign,
        bytes authorizationSign
    );
    function contributeAndFinalize(
        bytes32 taskid,
        bytes32 resultDigest,
        bytes results,
        bytes resultsCallback,
        address enclaveChallenge,
        bytes enclaveSign,
        bytes authorizationSign
    );
}

/// A contribution, as its worker has sent it to the hub.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContributionCall {
    /// The task.
    pub task: Id,
    /// What the worker says of the result.
    pub said: Said,
    /// The address that the enclave signs with.
    pub enclave: Address,
    /// The enclave's signature.
    pub enclave_signature: Vec<u8>,
    /// The signature of the one who authorises workers.
    pub authorisation: Vec<u8>,
}

/// What a worker says of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Said {
    /// The hashes, while others may still compute it.
    Hashes {
        /// Of task and digest.
        hash: Id,
        /// Of worker, task and digest.
        seal: Id,
    },
    /// All of it.
    Everything {
        /// The digest.
        digest: Id,
        /// Where the result is.
        results: Vec<u8>,
        /// What a contract is called back with.
        callback_data: Vec<u8>,
    },
}

impl ContributionCall {
    /// Reads the data of a call; none where it is another one, or is not written as everybody writes it.
    pub fn read(data: &[u8]) -> Option<Self> {
        if let Some(call) = exactly::<contributeCall>(data) {
            return Some(Self {
                task: call.taskid.into(),
                said: Said::Hashes {
                    hash: call.resultHash.into(),
                    seal: call.resultSeal.into(),
                },
                enclave: call.enclaveChallenge.into_array().into(),
                enclave_signature: call.enclaveSign.into(),
                authorisation: call.authorizationSign.into(),
            });
        }
        let call = exactly::<contributeAndFinalizeCall>(data)?;
        Some(Self {
            task: call.taskid.into(),
            said: Said::Everything {
                digest: call.resultDigest.into(),
                results: call.results.into(),
                callback_data: call.resultsCallback.into(),
            },
            enclave: call.enclaveChallenge.into_array().into(),
            enclave_signature: call.enclaveSign.into(),
            authorisation: call.authorizationSign.into(),
        })
    }
}

fn exactly<C: SolCall>(data: &[u8]) -> Option<C> {
    let call = C::abi_decode(data).ok()?;
    (call.abi_encode() == data).then_some(call)
}

impl Id {
    /// The hash of a task and the digest of its result, which workers agree on.
    pub fn result_hash(self, digest: Self) -> Self {
        keccak256([*self.as_bytes(), *digest.as_bytes()].concat()).into()
    }

    /// The hash by which a worker shows that it knew the digest of a task's result.
    pub fn result_seal(self, worker: Address, digest: Self) -> Self {
        let [worker, task, digest] = [&worker.as_bytes()[..], self.as_bytes(), digest.as_bytes()];
        keccak256([worker, task, digest].concat()).into()
    }

    /// The message that the scheduler signs to have a worker contribute to a task.
    pub fn authorisation(self, worker: Address, enclave: Address) -> Self {
        let [worker, task, enclave] = [&worker.as_bytes()[..], self.as_bytes(), enclave.as_bytes()];
        keccak256([worker, task, enclave].concat()).into()
    }

    /// The message that an enclave signs: of a result's hash, and its seal.
    pub fn enclave_message(self, seal: Self) -> Self {
        let packed = [*self.as_bytes(), *seal.as_bytes()].abi_encode_packed();
        keccak256(packed).into()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_selectors_are_those_of_the_hub() {
        assert_eq!(contributeCall::SELECTOR, [0x34, 0x62, 0x34, 0x84]);
        let both = contributeAndFinalizeCall::SELECTOR;
        assert_eq!(both, [0x5f, 0xac, 0xd7, 0x61]);
    }

    #[test]
    fn hashes_are_those_of_the_contracts() {
        let id = |digits: &str| format!("0x{digits}").parse::<Id>().unwrap();
        let task = id(&"11".repeat(32));
        let worker: Address = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
            .parse()
            .unwrap();
        let enclave: Address = "0x1563915e194D8CfBA1943570603F7606A3115508"
            .parse()
            .unwrap();
        let digest = id("315f5bdb76d078c43b8ac0064e4a0164612b1fce77c869345bfc94c75894edd3");
        let (hash, seal) = (task.result_hash(digest), task.result_seal(worker, digest));
        for (found, expected) in [
            (
                hash,
                "c8f4c1ef8d938254ce6b37bc820d8ea9cb800694c3111983311c2dc3a0d77274",
            ),
            (
                seal,
                "df01198d2fd9a76cf570e38b1355854a7ec40bf7e15cfeca17d604de5b5e0815",
            ),
            (
                hash.enclave_message(seal),
                "5f904212ff216009a11c4d6128c180020d51771d2186742b9305dc01e80fb3e1",
            ),
            (
                task.authorisation(worker, enclave),
                "9c9ced958591d2ba6792ba965ffd27a4545d8fe848bad315b5e8e613547997fd",
            ),
        ] {
            assert_eq!(found, id(expected));
        }
    }

    #[test]
    fn a_call_is_read_only_as_everybody_writes_it() {
        let call = contributeCall {
            taskid: [1; 32].into(),
            resultHash: [2; 32].into(),
            resultSeal: [3; 32].into(),
            enclaveChallenge: [4; 20].into(),
            enclaveSign: vec![5; 65].into(),
            authorizationSign: vec![6; 65].into(),
        };
        let data = call.abi_encode();
        let read = ContributionCall::read(&data).unwrap();
        assert_eq!(read.authorisation, [6; 65]);
        assert!(matches!(read.said, Said::Hashes { .. }));
        let longer = [&data[..], &[0]].concat();
        assert_eq!(ContributionCall::read(&longer), None);
        assert_eq!(ContributionCall::read(&data[..data.len() - 1]), None);
        // The bytes after a signature that fill its last word up.
        let mut padded = data.clone();
        *padded.last_mut().unwrap() = 1;
        assert_eq!(ContributionCall::read(&padded), None);
    }
}
