use serde::{Deserialize, Serialize};

use super::crossing;

/// A remedy where a key or a token cannot do what is asked, or has done half of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Remedy {
    /// The documentation of the token.
    Documentation,
    /// A token that is not write-protected.
    Writable,
    /// The capability of this name, for the authentication key and the key.
    Capability(#[serde(with = "crossing::words")] crossing::Words),
    /// A login with the token that has the private key.
    LogIn,
    /// Another token, as this one keeps no keys.
    TokenThatKeepsKeys,
    /// Another token, as this one keeps no key as it should.
    OtherToken,
    /// A key made by the user rather than the SO, as there is no SO.
    MakeAsUser,
    /// A key made by the SO, or else as in [`Self::AdoptKey`].
    MakeAsSo,
    /// A key made with the vendor's tool, to be taken over.
    AdoptKey,
    /// A key made on the token rather than brought to it.
    MakeKey,
    /// A key of another size.
    OtherSize,
    /// A key with another id.
    OtherId,
    /// A key that may decrypt, or another token.
    DecryptKey,
    /// A key that may decrypt, or a token that makes such keys.
    DecryptKeyMade,
    /// A token, or a setting of this one, that allows `CKM_RSA_PKCS`.
    RsaPkcs,
    /// A token with `CKM_RSA_PKCS_OAEP`.
    RsaPkcsOaep,
    /// A key and a token that allow `CKM_ECDSA`.
    Ecdsa,
    /// A token with the curve secp256k1, or a wallet that is on no token.
    OtherWallet,
    /// Another initialisation of the token, with the label that it has by now.
    InitialiseAgain(String),
    /// The new result key with this URI is good to be taken over, or else removed.
    AdoptOrDelete(String),
    /// The new result key with this URI is to be removed.
    Delete(String),
    /// The new wallet with this URI is to be removed with the vendor's tool.
    DeleteWallet(String),
}
