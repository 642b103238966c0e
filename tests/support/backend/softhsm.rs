use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Backend, output_of};

pub(in super::super) struct SoftHsm {
    module: PathBuf,
    conf: PathBuf,
}

impl SoftHsm {
    pub fn new(folder: &Path, module: PathBuf) -> Self {
        let tokens = folder.join("tokens");
        fs::create_dir(&tokens).unwrap();
        let conf = folder.join("softhsm2.conf");
        let text = format!(
            "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n",
            tokens.display()
        );
        fs::write(&conf, text).unwrap();
        Self { module, conf }
    }
}

impl Backend for SoftHsm {
    fn module(&self) -> &Path {
        &self.module
    }

    fn env(&self) -> Vec<(&'static str, OsString)> {
        vec![("SOFTHSM2_CONF", self.conf.clone().into())]
    }

    fn add(&self, label: &str, so_pin: &str, pin: &str) {
        let mut command = Command::new("softhsm2-util");
        command.args(["--init-token", "--free", "--label", label]);
        command.args(["--so-pin", so_pin, "--pin", pin]);
        output_of(command.envs(self.env()));
    }
}

/// SoftHSM2's module.
pub fn module() -> PathBuf {
    if let Some(path) = std::env::var_os("IEXEC_HSM_TEST_MODULE") {
        return path.into();
    }
    [
        "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib64/softhsm/libsofthsm2.so",
        "/usr/local/lib/softhsm/libsofthsm2.so",
        "/opt/homebrew/lib/softhsm/libsofthsm2.so",
    ]
    .iter()
    .map(Path::new)
    .find(|path| path.exists())
    .expect("no SoftHSM2 here: softhsm/test.sh installs it")
    .to_owned()
}
