use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use super::check::Check;
use crate::text::escape::Shown as _;

const NAME: &str = "pcscd";
const START: &str =
    "Start it with `sudo systemctl start pcscd.socket`; it comes with the package pcscd.";

/// The class of USB interfaces that are smartcard readers.
const CCID: &str = "0b";

/// The service between cards and most modules, and the readers that are plugged in.
pub(super) fn check() -> Check {
    let socket = std::env::var_os("PCSCLITE_CSOCK_NAME").map(PathBuf::from);
    let socket = socket.unwrap_or_else(|| "/run/pcscd/pcscd.comm".into());
    check_at(&socket, &readers(Path::new("/sys/bus/usb/devices")))
}

fn check_at(socket: &Path, readers: &[String]) -> Check {
    let listed = match readers {
        [] => "no smartcard reader on USB".to_owned(),
        readers => format!("on USB: {}", readers.join(", ")),
    };
    match UnixStream::connect(socket) {
        Ok(_) => Check::ok(NAME, format!("it runs; {listed}")),
        Err(error) if socket.exists() => {
            let socket = socket.shown();
            Check::warning(NAME, format!("{socket} does not answer: {error}; {listed}")).fix(START)
        }
        Err(_) if readers.is_empty() => Check::not_there(
            NAME,
            format!("it does not run, which only smartcards need; {listed}"),
        ),
        Err(_) => Check::warning(NAME, format!("it does not run; {listed}")).fix(START),
    }
}

/// Returns the names of the readers, in the system's list of USB devices and their interfaces.
fn readers(devices: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(devices).into_iter().flatten().flatten() {
        let class = fs::read_to_string(entry.path().join("bInterfaceClass"));
        if class.is_ok_and(|class| class.trim() == CCID)
            // The device of the interface `1-2:1.0` is `1-2`.
            && let Some(device) = entry.file_name().to_string_lossy().split(':').next()
        {
            let product = fs::read_to_string(devices.join(device).join("product"));
            found.push(product.map_or_else(|_| device.to_owned(), |it| it.trim().to_owned()));
        }
    }
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;
    use crate::cli::commands::doctor::check::State;

    #[test]
    fn readers_are_known_by_their_interface() {
        let devices = tempfile::tempdir().unwrap();
        for (name, file, content) in [
            ("1-2:1.0", "bInterfaceClass", "0b\n"),
            ("1-2:1.1", "bInterfaceClass", "03\n"),
            ("1-2", "product", "YubiKey CCID\n"),
            ("3-1:1.0", "bInterfaceClass", "0b\n"),
            ("usb1", "product", "hub\n"),
        ] {
            let folder = devices.path().join(name);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(file), content).unwrap();
        }
        assert_eq!(readers(devices.path()), ["3-1", "YubiKey CCID"]);
        assert_eq!(readers(&devices.path().join("absent")), [""; 0]);
    }

    #[test]
    fn it_is_missed_where_there_is_a_reader() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("pcscd.comm");
        let reader = ["reader".to_owned()];
        assert_eq!(check_at(&socket, &[]).state, State::NotThere);
        assert_eq!(check_at(&socket, &reader).state, State::Warning);
        let listener = UnixListener::bind(&socket).unwrap();
        assert_eq!(check_at(&socket, &reader).state, State::Ok);
        drop(listener);
        assert_eq!(check_at(&socket, &[]).state, State::Warning);
    }
}
