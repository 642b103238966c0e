//! What to do about a file that should hold a key.

use crate::envelope::{ForeignKey, PemError, PublicKeyError};
use crate::token::SoftwareKeyError;

const MAKE: &str = "Make one with `iexec-hsm result generate-encryption-keypair`.";
const LARGER: &str = "Make a larger one with `iexec-hsm result generate-encryption-keypair`.";
const SMALLER: &str = "Make a smaller one with `iexec-hsm result generate-encryption-keypair`.";
const ONE_KEY: &str = "Put the one that is meant into a file of its own.";
const WRITE_ANEW: &str = "`iexec-hsm key export` writes the public key of a key on a token anew.";
const PUBLIC: &str = "Give the public key as the SDK writes it; `iexec-hsm key export` writes that of a key on a token.";

pub(crate) fn public_key(error: &PublicKeyError) -> &'static str {
    match error {
        PublicKeyError::Pem(PemError::Binary) => {
            "`openssl pkey -pubin -inform DER -in <file> -out <new file>` turns DER into PEM."
        }
        PublicKeyError::Pem(PemError::Several) => ONE_KEY,
        PublicKeyError::Pem(_) => PUBLIC,
        PublicKeyError::Private => "",
        PublicKeyError::Foreign(foreign) => public_in(*foreign),
        PublicKeyError::Damaged(_) => WRITE_ANEW,
        PublicKeyError::TooSmall { .. } => LARGER,
        PublicKeyError::TooLarge { .. } => SMALLER,
        PublicKeyError::Components(_) | PublicKeyError::Encode(_) => MAKE,
        PublicKeyError::Wrap(_) => "Use a key of 2048 bits or more.",
    }
}

/// The way to the public key in something else.
fn public_in(foreign: ForeignKey) -> &'static str {
    match foreign {
        ForeignKey::Certificate => {
            "`openssl x509 -pubkey -noout -in <file>` takes the key out of it."
        }
        ForeignKey::CertificateRequest => {
            "`openssl req -pubkey -noout -in <file>` takes the key out of it."
        }
        ForeignKey::Ssh => "`ssh-keygen -e -m PKCS8 -f <file>` prints it as PEM.",
        ForeignKey::Reference => "Give the file beside it that ends in `.pub`.",
        ForeignKey::EllipticCurve
        | ForeignKey::Pss
        | ForeignKey::OtherAlgorithm
        | ForeignKey::Pgp => MAKE,
        _ => PUBLIC,
    }
}

pub(crate) fn software_key(error: &SoftwareKeyError) -> &'static str {
    match error {
        SoftwareKeyError::Pem(PemError::Binary) => {
            "`openssl pkey -inform DER -in <file> -out <new file>` turns DER into PEM."
        }
        SoftwareKeyError::Pem(PemError::Several) => ONE_KEY,
        SoftwareKeyError::Pem(PemError::None) => {
            "Name the file that the SDK keeps the key in: <address>_key."
        }
        SoftwareKeyError::Pem(_) => "Copy it again, all of it.",
        SoftwareKeyError::Foreign(foreign) => private_beside(*foreign),
        SoftwareKeyError::Encrypted => "Decrypt it first: openssl pkey -in <file> -out <new file>.",
        SoftwareKeyError::MultiPrime => MAKE,
        SoftwareKeyError::Damaged(_) => {
            "Copy it again; `openssl pkey -in <file> -check -noout` says what OpenSSL makes of it."
        }
        SoftwareKeyError::Exponent => {
            "Not every token takes it: make a new key with `iexec-hsm result generate-encryption-keypair`."
        }
        SoftwareKeyError::Public(error) => public_key(error),
    }
}

/// The way to the private key where something else was given.
fn private_beside(foreign: ForeignKey) -> &'static str {
    match foreign {
        ForeignKey::Public => "The private key is in the file of that name without `.pub`.",
        ForeignKey::Reference => "That key is on its token already.",
        ForeignKey::Ssh => "`ssh-keygen -p -m PEM -f <copy>` turns a copy of it into PEM.",
        ForeignKey::EllipticCurve
        | ForeignKey::Pss
        | ForeignKey::OtherAlgorithm
        | ForeignKey::Pgp => MAKE,
        _ => "Name the file that the SDK keeps the key in: <address>_key.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::ui::hints::tests::says;

    #[test]
    fn hints_of_public_keys() {
        use PublicKeyError as Error;
        let text = || "reason".to_owned();
        for (error, words) in [
            (Error::Pem(PemError::None), "key export"),
            (Error::Pem(PemError::Binary), "-inform DER"),
            (Error::Pem(PemError::Several), "a file of its own"),
            (Error::Private, ""),
            (Error::Damaged("no DER"), "key export"),
            (Error::TooSmall { bits: 1024 }, "Make a larger one"),
            (Error::TooLarge { bits: 8192 }, "Make a smaller one"),
            (Error::Components(text()), "generate-encryption-keypair"),
            (Error::Encode(text()), "generate-encryption-keypair"),
            (Error::Wrap(text()), "2048 bits or more"),
            (Error::Foreign(ForeignKey::Certificate), "openssl x509"),
            (
                Error::Foreign(ForeignKey::CertificateRequest),
                "openssl req",
            ),
            (Error::Foreign(ForeignKey::Ssh), "ssh-keygen -e"),
            (Error::Foreign(ForeignKey::Reference), "`.pub`"),
            (
                Error::Foreign(ForeignKey::Pss),
                "generate-encryption-keypair",
            ),
            (Error::Foreign(ForeignKey::OtherPem), "key export"),
        ] {
            says(public_key(&error), words);
        }
    }

    #[test]
    fn hints_of_private_keys() {
        use SoftwareKeyError as Error;
        let small = PublicKeyError::TooSmall { bits: 1024 };
        for (error, words) in [
            (Error::Pem(PemError::None), "<address>_key"),
            (Error::Pem(PemError::Binary), "-inform DER"),
            (Error::Pem(PemError::Several), "a file of its own"),
            (Error::Pem(PemError::CutOff), "all of it"),
            (Error::Encrypted, "openssl pkey"),
            (Error::MultiPrime, "generate-encryption-keypair"),
            (Error::Damaged("no DER"), "-check"),
            (Error::Exponent, "generate-encryption-keypair"),
            (Error::Public(small), "Make a larger one"),
            (Error::Foreign(ForeignKey::Public), "without `.pub`"),
            (
                Error::Foreign(ForeignKey::Reference),
                "on its token already",
            ),
            (Error::Foreign(ForeignKey::Ssh), "ssh-keygen -p"),
            (
                Error::Foreign(ForeignKey::Pss),
                "generate-encryption-keypair",
            ),
            (Error::Foreign(ForeignKey::Certificate), "<address>_key"),
        ] {
            says(software_key(&error), words);
        }
    }
}
