/// Something about a result that can be proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CheckId {
    /// The archive is the one that the task names.
    Cid,
    /// The files are those that the digest on the chain was taken of.
    Digest,
    /// The workers agreed on that digest.
    Consensus,
    /// Each worker that counts knew the digest before it was shown.
    Seal,
    /// An enclave was asked for, and one contributed.
    Tee,
    /// The enclave's key has signed the digest.
    EnclaveSignature,
    /// Who may authorise workers has authorised this one with this enclave.
    Authorisation,
    /// The result is for the one who opens it.
    Beneficiary,
    /// The archive is sealed where the deal asks for it, and only there.
    Encryption,
}

/// The outcome of a check, and of all together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// It is proven.
    Verified,
    /// It is proven to be otherwise.
    Mismatch,
    /// It can be told neither way.
    Unknown,
}

/// A check that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Check {
    /// What was checked.
    pub id: CheckId,
    /// How that went.
    pub status: Status,
    /// Why, in one sentence without its full stop. It may repeat words of others: escape it before a terminal shows it.
    pub why: String,
}

/// All checks of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The checks, in the order of [`CheckId::ALL`].
    pub checks: Vec<Check>,
}

impl CheckId {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Cid,
        Self::Digest,
        Self::Consensus,
        Self::Seal,
        Self::Tee,
        Self::EnclaveSignature,
        Self::Authorisation,
        Self::Beneficiary,
        Self::Encryption,
    ];

    /// The word for it in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cid => "cid",
            Self::Digest => "digest",
            Self::Consensus => "consensus",
            Self::Seal => "seal",
            Self::Tee => "tee",
            Self::EnclaveSignature => "enclaveSignature",
            Self::Authorisation => "authorisation",
            Self::Beneficiary => "beneficiary",
            Self::Encryption => "encryption",
        }
    }

    /// The words for it in a text.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Cid => "CID",
            Self::EnclaveSignature => "enclave signature",
            Self::Tee => "enclave",
            other => other.name(),
        }
    }
}

impl Status {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Mismatch => "mismatch",
            Self::Unknown => "unknown",
        }
    }
}

impl Report {
    /// A mismatch if any check is one; verified only if all are; else unknown.
    pub fn verdict(&self) -> Status {
        if self.count(Status::Mismatch) > 0 {
            Status::Mismatch
        } else if !self.checks.is_empty() && self.count(Status::Verified) == self.checks.len() {
            Status::Verified
        } else {
            Status::Unknown
        }
    }

    /// The checks that ended so.
    pub fn with(&self, status: Status) -> impl Iterator<Item = &Check> {
        self.checks
            .iter()
            .filter(move |check| check.status == status)
    }

    fn count(&self, status: Status) -> usize {
        self.with(status).count()
    }
}
