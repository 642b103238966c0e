//! Whether the time of the agent's answers tells good wrapped keys from bad ones, and one way to be bad from another.
//!
//! ```text
//! agent_timing SOCKET BITS ROUNDS
//! ```
//!
//! Each round asks once with each class, in an order drawn anew, and after each with a good one, to see whether the next
//! answer tells of the one before. Prints Markdown: the difference of each class to the good ones of the same round.
//! As in the Marvin toolkit, a second good class is the control.
#![allow(missing_docs)]

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use iexec_hsm::agent::client::AgentClient;
use iexec_hsm::agent::wire::Unwrap;
use iexec_hsm::archive::Scheme;
use rsa::pkcs8::DecodePublicKey;
use rsa::rand_core::{OsRng, RngCore};
use rsa::traits::PublicKeyParts;
use rsa::{BigUint, RsaPublicKey};

/// Makes a block of so many bytes, to be encrypted.
type Block = fn(usize) -> Vec<u8>;

const CLASSES: [(&str, Block); 10] = [
    ("good", |len| padded(len, 32)),
    ("good, the control", |len| padded(len, 32)),
    ("31 bytes inside", |len| padded(len, 31)),
    ("33 bytes inside", |len| padded(len, 33)),
    ("nothing inside", |len| padded(len, 0)),
    ("as much inside as fits", |len| padded(len, len - 11)),
    ("a padding of 7 bytes", |len| padded(len, len - 10)),
    ("no end of the padding", |len| {
        [vec![0, 2], not_zero(len - 2)].concat()
    }),
    ("a signature's padding", |len| {
        [vec![0, 1], vec![255; len - 35], vec![0], random(32)].concat()
    }),
    ("no padding at all", |len| {
        [vec![0], random(len - 1)].concat()
    }),
];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [socket, bits, rounds] = arguments.as_slice() else {
        return Err("usage: agent_timing SOCKET BITS ROUNDS".into());
    };
    let (bits, rounds): (usize, usize) = (bits.parse()?, rounds.parse()?);
    let mut client = AgentClient::connect(Path::new(socket))?;
    let keys = client.keys()?.keys;
    let key = keys.into_iter().find(|key| key.bits == bits);
    let key = key.ok_or("no key of that size")?;
    let public = RsaPublicKey::from_public_key_pem(&key.public_key)?;
    let mut microseconds = |class: usize| -> Result<f64, Box<dyn Error>> {
        let request = Unwrap {
            key: key.key.clone(),
            scheme: Scheme::Current,
            wrapped_key: encrypt(&public, &CLASSES[class].1(bits / 8)),
        };
        let began = Instant::now();
        client.unwrap(&request)?;
        Ok(began.elapsed().as_nanos() as f64 / 1000.0)
    };
    let mut answers = vec![Vec::with_capacity(rounds); CLASSES.len()];
    let mut next = answers.clone();
    for _ in 0..rounds {
        for class in shuffled(CLASSES.len()) {
            answers[class].push(microseconds(class)?);
            next[class].push(microseconds(0)?);
        }
    }
    println!(
        "| RSA-{bits}, {rounds} rounds | median | difference, µs (95 %) | p | of the next answer | p |"
    );
    println!("|---|--:|--:|--:|--:|--:|");
    for (class, (name, _)) in CLASSES.iter().enumerate().skip(1) {
        let median = at(&sorted(answers[class].clone()), 0.5);
        let (now, after) = (
            Difference::new(&answers[class], &answers[0]),
            Difference::new(&next[class], &next[0]),
        );
        println!("| {name} | {median:.0} µs | {now} | {after} |");
    }
    Ok(())
}

/// A block of `len` bytes in RFC 8017's form, with `inside` random bytes.
fn padded(len: usize, inside: usize) -> Vec<u8> {
    let padding = not_zero(len - 3 - inside);
    [vec![0, 2], padding, vec![0], random(inside)].concat()
}

fn encrypt(key: &RsaPublicKey, block: &[u8]) -> Vec<u8> {
    let bytes = BigUint::from_bytes_be(block)
        .modpow(key.e(), key.n())
        .to_bytes_be();
    [vec![0; key.size() - bytes.len()], bytes].concat()
}

fn random(len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    OsRng.fill_bytes(&mut bytes);
    bytes
}

fn not_zero(len: usize) -> Vec<u8> {
    random(len).into_iter().map(|byte| byte.max(1)).collect()
}

fn shuffled(len: usize) -> Vec<usize> {
    let mut drawn: Vec<(u64, usize)> = (0..len).map(|it| (OsRng.next_u64(), it)).collect();
    drawn.sort_unstable();
    drawn.into_iter().map(|it| it.1).collect()
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

fn at(sorted: &[f64], share: f64) -> f64 {
    let last = sorted.len() - 1;
    sorted[((last as f64 * share).round() as usize).min(last)]
}

/// Pairs of one round, compared: the median of their differences, where that lies with 95 %, and the probability of
/// differences that are as far from balanced if there is none (Wilcoxon's signed ranks).
struct Difference {
    median: f64,
    from: f64,
    to: f64,
    p: f64,
}

impl Difference {
    fn new(these: &[f64], those: &[f64]) -> Self {
        let pairs = these.iter().zip(those);
        let differences = sorted(pairs.map(|(this, that)| this - that).collect());
        // Of a median: by the binomial distribution of how many lie below it.
        let off = 0.98 / (differences.len() as f64).sqrt();
        Self {
            median: at(&differences, 0.5),
            from: at(&differences, (0.5 - off).max(0.0)),
            to: at(&differences, (0.5 + off).min(1.0)),
            p: signed_ranks(differences),
        }
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            median,
            from,
            to,
            p,
        } = self;
        write!(out, "{median:+.1} ({from:+.1} to {to:+.1}) | {p:.3}")
    }
}

/// By the normal distribution; nanoseconds have next to no ties.
fn signed_ranks(mut differences: Vec<f64>) -> f64 {
    differences.retain(|it| *it != 0.0);
    differences.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
    let n = differences.len() as f64;
    let ranks = differences.iter().zip(1..);
    let above: f64 = ranks
        .filter(|(it, _)| **it > 0.0)
        .map(|(_, rank)| f64::from(rank))
        .sum();
    let deviation = (n * (n + 1.0) * (2.0 * n + 1.0) / 24.0).sqrt();
    let z = (above - n * (n + 1.0) / 4.0).abs() / deviation;
    2.0 * above_normal(z)
}

/// The normal distribution's tail (Abramowitz and Stegun 26.2.17).
fn above_normal(z: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * z);
    let terms = [
        0.319_381_530,
        -0.356_563_782,
        1.781_477_937,
        -1.821_255_978,
        1.330_274_429,
    ];
    let sum = terms.iter().rev().fold(0.0, |sum, term| (sum + term) * t);
    sum * (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt()
}
