//! Why a file is not loaded, where the loader's own words mislead: of a module for another processor it
//! says "no such file".

use std::io::Read as _;
use std::path::Path;

use crate::file::regular;

/// The reason in words: what the file is made for, what it lacks, or else `words`, the loader's own.
pub(super) fn why_not_loaded(path: &Path, words: String) -> String {
    made_for_another(path)
        .or_else(|| other_c_library(&words))
        .or_else(|| missing_library(path, &words))
        .unwrap_or(words)
}

/// The part of an ELF header that says what a file is made for.
#[derive(Debug, PartialEq, Eq)]
struct Target {
    /// `ELFCLASS32` or `ELFCLASS64`.
    class: u8,
    /// `ELFDATA2LSB` or `ELFDATA2MSB`.
    order: u8,
    /// `e_machine`.
    machine: u16,
}

impl Target {
    fn of(path: &Path) -> Option<Self> {
        let mut header = [0; 20];
        regular::open(path).ok()?.read_exact(&mut header).ok()?;
        Self::parse(&header)
    }

    fn parse(header: &[u8; 20]) -> Option<Self> {
        let [0x7f, b'E', b'L', b'F', class, order, ..] = *header else {
            return None;
        };
        let machine = [header[18], header[19]];
        Some(Self {
            class,
            order,
            machine: match order {
                2 => u16::from_be_bytes(machine),
                _ => u16::from_le_bytes(machine),
            },
        })
    }

    fn processor(&self) -> String {
        let name = match self.machine {
            3 => "x86",
            8 => "MIPS",
            20 => "PowerPC",
            21 => "PowerPC 64",
            22 => "IBM Z",
            40 => "ARM",
            62 => "x86-64",
            183 => "AArch64",
            243 => "RISC-V",
            258 => "LoongArch",
            other => return format!("machine number {other}"),
        };
        name.to_owned()
    }

    fn bits(&self) -> u8 {
        if self.class == 1 { 32 } else { 64 }
    }
}

fn made_for_another(path: &Path) -> Option<String> {
    // A bare name is searched for by the loader, and may be a file here that it does not take.
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())?;
    let ours = Target::of(Path::new("/proc/self/exe"))?;
    difference(&Target::of(path)?, &ours)
}

fn difference(target: &Target, ours: &Target) -> Option<String> {
    let (theirs, mine) = (target.processor(), ours.processor());
    if target.machine != ours.machine {
        return Some(format!(
            "it is made for another processor: {theirs}, {}-bit; this program is for {mine}, {}-bit",
            target.bits(),
            ours.bits()
        ));
    }
    if target.class != ours.class {
        return Some(format!(
            "it is made for {}-bit programs; this one has {} bits",
            target.bits(),
            ours.bits()
        ));
    }
    (target.order != ours.order).then(|| format!("it is made for the other byte order of {mine}"))
}

/// By the loader's words: what a module is linked with says for which C library it is made.
fn other_c_library(words: &str) -> Option<String> {
    // Where musl's files are installed beside glibc, the loader finds a script by that name.
    if words.starts_with("libc.musl") || words.starts_with("libc.so: ") {
        return Some(format!("it is made for another C library, musl ({words})"));
    }
    if words.contains("ld-linux") && words.starts_with("Error loading shared library") {
        return Some(format!("it is made for another C library, glibc ({words})"));
    }
    let version = words.split_once("version `GLIBC_")?.1.split('\'').next()?;
    Some(format!(
        "it is made for a newer C library: it needs glibc {version}, which is not here"
    ))
}

/// Names the library that a module is linked with and that is not there.
fn missing_library(path: &Path, words: &str) -> Option<String> {
    let (library, _) = words.split_once(": cannot open shared object file: No such file")?;
    let is_itself = Path::new(library) == path;
    (!is_itself).then(|| format!("it needs {library}, which is not installed"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const X86_64: Target = Target {
        class: 2,
        order: 1,
        machine: 62,
    };

    fn header(class: u8, order: u8, machine: [u8; 2]) -> [u8; 20] {
        let mut header = [0; 20];
        header[..6].copy_from_slice(&[0x7f, b'E', b'L', b'F', class, order]);
        header[18..].copy_from_slice(&machine);
        header
    }

    #[test]
    fn a_header_says_what_a_file_is_made_for() {
        let made_for = |class, order, machine| {
            let target = Target::parse(&header(class, order, machine)).unwrap();
            difference(&target, &X86_64)
        };
        assert_eq!(made_for(2, 1, [62, 0]), None);
        for (header, words) in [
            ((2, 1, [183, 0]), "AArch64, 64-bit"),
            ((1, 1, [3, 0]), "x86, 32-bit"),
            ((2, 2, [0, 22]), "IBM Z"),
            ((2, 1, [1, 9]), "machine number 2305"),
            ((1, 1, [62, 0]), "made for 32-bit programs"),
            ((2, 2, [0, 62]), "other byte order"),
        ] {
            let said = made_for(header.0, header.1, header.2).unwrap();
            assert!(said.contains(words), "{said}");
        }
        assert_eq!(Target::parse(b"#!/bin/sh\n0123456789"), None);
    }

    #[test]
    fn what_a_module_is_linked_with_says_more_than_the_loader() {
        let why = |words: &str| why_not_loaded(Path::new("/none/m.so"), words.to_owned());
        for (words, wanted) in [
            (
                "libc.musl-x86_64.so.1: cannot open shared object file: No such file or directory",
                "another C library, musl",
            ),
            ("libc.so: invalid ELF header", "another C library, musl"),
            (
                "Error loading shared library ld-linux-x86-64.so.2: No such file or directory (needed by /none/m.so)",
                "another C library, glibc",
            ),
            (
                "/lib/libc.so.6: version `GLIBC_2.99' not found (required by /none/m.so)",
                "it needs glibc 2.99",
            ),
            (
                "libpcsclite.so.1: cannot open shared object file: No such file or directory",
                "it needs libpcsclite.so.1, which is not installed",
            ),
        ] {
            assert!(why(words).contains(wanted), "{}", why(words));
        }
        for words in [
            "/none/m.so: cannot open shared object file: No such file or directory",
            "/none/m.so: undefined symbol: vendor_open",
        ] {
            assert_eq!(why(words), words);
        }
    }
}
