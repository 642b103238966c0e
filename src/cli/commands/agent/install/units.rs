//! The units, made of those in `docs/systemd/`.

/// The names of the units.
pub(super) const SERVICE: &str = "iexec-hsm-agent.service";
pub(super) const SOCKET: &str = "iexec-hsm-agent.socket";

const SERVICE_TEXT: &str = include_str!("../../../../../docs/systemd/iexec-hsm-agent.service");
const SOCKET_TEXT: &str = include_str!("../../../../../docs/systemd/iexec-hsm-agent.socket");

const PROGRAM: &str = "/usr/bin/env iexec-hsm";
const CREDENTIAL: &str = "LoadCredential=iexec-hsm-pin:%E/iexec-hsm/pin\n";

/// What the manager of the system can do for a service, and that of a user cannot everywhere. Devices stay as they are.
const MORE: &str = "CapabilityBoundingSet=
PrivateTmp=yes
ProtectSystem=full
ProtectHome=read-only
ProtectHostname=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
";

/// What is to be started, and as whom.
pub(super) struct Unit<'a> {
    pub(super) program: &'a str,
    /// The account of a service of the system.
    pub(super) account: Option<&'a str>,
    /// Whether there is a PIN for it: a service whose credential is missing does not start.
    pub(super) has_pin: bool,
}

impl Unit<'_> {
    pub(super) fn service(&self) -> String {
        let mut text = SERVICE_TEXT.replace(PROGRAM, &quoted(self.program));
        if !self.has_pin {
            text = text.replace(CREDENTIAL, &format!("#{CREDENTIAL}"));
        }
        if let Some(account) = self.account {
            text = text.replace("[Service]\n", &format!("[Service]\nUser={account}\n"));
            text.push_str(MORE);
        }
        text
    }

    pub(super) fn socket(&self) -> String {
        let Some(account) = self.account else {
            return SOCKET_TEXT.to_owned();
        };
        // Its folder is root's; the socket is the account's alone.
        SOCKET_TEXT
            .replace("SocketMode=", &format!("SocketUser={account}\nSocketMode="))
            .replace("DirectoryMode=0700", "DirectoryMode=0755")
            .replace("a program of this user", &format!("a program of {account}"))
    }
}

/// A path as systemd reads it back.
fn quoted(path: &str) -> String {
    let path = path.replace('%', "%%").replace('$', "$$");
    let is_plain = |it: char| it.is_ascii_alphanumeric() || "/._-+%$".contains(it);
    if path.chars().all(is_plain) {
        return path;
    }
    let escaped = path.replace('\\', r"\\").replace('"', r#"\""#);
    ["\"", &escaped, "\""].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_replaced_is_in_the_files() {
        for part in [PROGRAM, CREDENTIAL, "[Service]\n"] {
            assert_eq!(SERVICE_TEXT.matches(part).count(), 1, "{part}");
        }
        for part in [
            "SocketMode=",
            "DirectoryMode=0700",
            "a program of this user",
        ] {
            assert_eq!(SOCKET_TEXT.matches(part).count(), 1, "{part}");
        }
        assert!(SERVICE_TEXT.ends_with("\n"));
    }

    #[test]
    fn a_path_is_read_back_as_it_is() {
        assert_eq!(quoted("/usr/bin/iexec-hsm"), "/usr/bin/iexec-hsm");
        assert_eq!(quoted("/a b/100%"), "\"/a b/100%%\"");
        assert_eq!(quoted("/\"\\$"), "\"/\\\"\\\\$$\"");
    }
}
