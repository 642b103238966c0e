//! What the token can do at most: threads that do nothing but `C_DecryptInit` and `C_Decrypt`, each in a session of its
//! own, on one ciphertext.
//!
//! ```text
//! agent_bare MODULE LABEL PIN BITS CIPHERTEXT-FILE SESSIONS COUNT
//! ```
//!
//! Prints the decryptions per second, and the median and the 99th percentile of one in microseconds.
#![allow(unsafe_code, missing_docs)]

use std::error::Error;
use std::ptr::null_mut;
use std::sync::Barrier;
use std::time::{Duration, Instant};
use std::{fs, thread};

use cryptoki_sys::*;

/// Calls a function that must succeed.
macro_rules! ck {
    ($list:expr, $name:ident($($argument:expr),*)) => {{
        let function = (*$list).$name.ok_or(stringify!($name))?;
        // SAFETY: the list is that of a loaded module, and all pointers are to values that live through the call.
        let rv = unsafe { function($($argument),*) };
        if rv != CKR_OK && rv != CKR_USER_ALREADY_LOGGED_IN {
            return Err(format!("{} returned 0x{rv:x}", stringify!($name)).into());
        }
    }};
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [module, label, pin, bits, ciphertext, sessions, count] = arguments.as_slice() else {
        return Err(
            "usage: agent_bare MODULE LABEL PIN BITS CIPHERTEXT-FILE SESSIONS COUNT".into(),
        );
    };
    let (bits, sessions, count): (CK_ULONG, usize, usize) =
        (bits.parse()?, sessions.parse()?, count.parse()?);
    let ciphertext = fs::read(ciphertext)?;
    // SAFETY: the module is the one that the caller named.
    let library = unsafe { Pkcs11::new(module) }?;
    let get = library
        .C_GetFunctionList
        .as_ref()
        .map_err(|error| error.to_string())?;
    let mut list = null_mut();
    // SAFETY: it writes one pointer.
    if unsafe { get(&mut list) } != CKR_OK || list.is_null() {
        return Err("no function list".into());
    }
    // SAFETY: not null, and plain data that lives as long as the library.
    let list = unsafe { *list };
    let mut init = CK_C_INITIALIZE_ARGS {
        flags: CKF_OS_LOCKING_OK,
        ..Default::default()
    };
    ck!(&list, C_Initialize((&raw mut init).cast()));
    let slot = slot(&list, label)?;
    let key = key(&list, slot, pin, bits)?;

    let start = Barrier::new(sessions + 1);
    let (elapsed, mut times) = thread::scope(|scope| {
        let threads: Vec<_> = (0..sessions)
            .map(|_| {
                scope.spawn(|| decrypt(&list, slot, key, &ciphertext, count / sessions, &start))
            })
            .collect();
        start.wait();
        let began = Instant::now();
        let mut times = Vec::new();
        for thread in threads {
            let done = thread.join().map_err(|_| "a thread panicked")?;
            times.extend(done.map_err(|error| format!("{error}"))?);
        }
        Ok::<_, Box<dyn Error>>((began.elapsed(), times))
    })?;
    ck!(&list, C_Finalize(null_mut()));
    times.sort_unstable();
    let of = |hundredth: usize| times[times.len() * hundredth / 100].as_micros();
    let rate = times.len() as f64 / elapsed.as_secs_f64();
    println!("{rate:.0} {} {}", of(50), of(99));
    Ok(())
}

fn slot(list: &CK_FUNCTION_LIST, label: &str) -> Result<CK_SLOT_ID, Box<dyn Error>> {
    let (mut slots, mut count) = ([0; 64], 64);
    ck!(list, C_GetSlotList(CK_TRUE, slots.as_mut_ptr(), &mut count));
    for slot in &slots[..count as usize] {
        let mut info = CK_TOKEN_INFO::default();
        ck!(list, C_GetTokenInfo(*slot, &mut info));
        if String::from_utf8_lossy(&info.label).trim_end() == label {
            return Ok(*slot);
        }
    }
    Err("no such token".into())
}

fn open(list: &CK_FUNCTION_LIST, slot: CK_SLOT_ID) -> Result<CK_SESSION_HANDLE, Box<dyn Error>> {
    let mut session = 0;
    ck!(
        list,
        C_OpenSession(slot, CKF_SERIAL_SESSION, null_mut(), None, &mut session)
    );
    Ok(session)
}

/// The private key of that size, in a login that stays.
fn key(
    list: &CK_FUNCTION_LIST,
    slot: CK_SLOT_ID,
    pin: &str,
    bits: CK_ULONG,
) -> Result<CK_OBJECT_HANDLE, Box<dyn Error>> {
    let session = open(list, slot)?;
    let mut pin = pin.as_bytes().to_vec();
    let len = pin.len() as CK_ULONG;
    ck!(list, C_Login(session, CKU_USER, pin.as_mut_ptr(), len));
    let mut class = CKO_PRIVATE_KEY;
    let mut wanted = [CK_ATTRIBUTE {
        type_: CKA_CLASS,
        pValue: (&raw mut class).cast(),
        ulValueLen: size_of_val(&class) as CK_ULONG,
    }];
    ck!(list, C_FindObjectsInit(session, wanted.as_mut_ptr(), 1));
    let (mut keys, mut count) = ([0; 64], 0);
    ck!(
        list,
        C_FindObjects(session, keys.as_mut_ptr(), 64, &mut count)
    );
    ck!(list, C_FindObjectsFinal(session));
    for key in &keys[..count as usize] {
        let mut modulus = [0_u8; 2048];
        let mut attribute = [CK_ATTRIBUTE {
            type_: CKA_MODULUS,
            pValue: modulus.as_mut_ptr().cast(),
            ulValueLen: modulus.len() as CK_ULONG,
        }];
        ck!(
            list,
            C_GetAttributeValue(session, *key, attribute.as_mut_ptr(), 1)
        );
        if attribute[0].ulValueLen * 8 == bits {
            return Ok(*key);
        }
    }
    Err("no key of that size".into())
}

/// How long each of `count` decryptions took.
fn decrypt(
    list: &CK_FUNCTION_LIST,
    slot: CK_SLOT_ID,
    key: CK_OBJECT_HANDLE,
    ciphertext: &[u8],
    count: usize,
    start: &Barrier,
) -> Result<Vec<Duration>, Box<dyn Error + Send + Sync>> {
    let session = open(list, slot).map_err(|error| error.to_string())?;
    let mut ciphertext = ciphertext.to_vec();
    let mut plain = vec![0; ciphertext.len()];
    let mut times = Vec::with_capacity(count);
    start.wait();
    for _ in 0..count {
        let began = Instant::now();
        let mut mechanism = CK_MECHANISM {
            mechanism: CKM_RSA_PKCS,
            pParameter: null_mut(),
            ulParameterLen: 0,
        };
        ck!(list, C_DecryptInit(session, &mut mechanism, key));
        let (from, from_len) = (ciphertext.as_mut_ptr(), ciphertext.len() as CK_ULONG);
        let mut len = plain.len() as CK_ULONG;
        ck!(
            list,
            C_Decrypt(session, from, from_len, plain.as_mut_ptr(), &mut len)
        );
        times.push(began.elapsed());
    }
    Ok(times)
}
