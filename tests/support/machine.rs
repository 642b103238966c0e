//! Keeps the PKCS#11 modules that are installed on the machine away from commands that look for modules.

use std::process::Command;
use std::sync::LazyLock;

use super::backend::softhsm_module;

/// Run first in a namespace of mounts: p11-kit knows of SoftHSM2 alone, and the other modules that are looked for are
/// empty files.
const HIDE: &str = r#"
set -e
softhsm=$1
shift
for folder in /usr/share/p11-kit/modules /etc/pkcs11/modules; do
    [ ! -d "$folder" ] || mount -t tmpfs none "$folder"
done
[ ! -d /usr/share/p11-kit/modules ] || echo "module: $softhsm" >/usr/share/p11-kit/modules/softhsm2.module
for name in opensc-pkcs11.so libykcs11.so yubihsm_pkcs11.so; do
    for file in /usr/lib*/*/"$name" /usr/lib*/*/pkcs11/"$name" /usr/local/lib/"$name"; do
        [ ! -e "$file" ] || mount --bind /dev/null "$file"
    done
done
exec "$@"
"#;

/// How a namespace of mounts is made here, if it may be made.
static NAMESPACE: LazyLock<Option<Vec<&str>>> = LazyLock::new(|| {
    let ways = [
        vec!["unshare", "--mount"],
        vec!["unshare", "--map-root-user", "--mount"],
    ];
    ways.into_iter().find(|way| {
        let tried = Command::new(way[0]).args(&way[1..]).arg("true").output();
        tried.is_ok_and(|it| it.status.success())
    })
});

/// A wrapper for [`super::Cmd::under`]: the command sees SoftHSM2 and p11-kit's proxy, and no other module of the
/// machine. Where no namespace may be made, says that the
/// isolation is skipped: the machine stays as it is.
pub fn without_other_modules() -> Vec<String> {
    let Some(namespace) = &*NAMESPACE else {
        println!(
            "skipped: no namespace of mounts may be made here, so other modules of this machine are seen"
        );
        return Vec::new();
    };
    let script = ["sh", "-c", HIDE, "sh"];
    let softhsm = softhsm_module().display().to_string();
    let parts = namespace.iter().copied().chain(script);
    parts.map(str::to_owned).chain([softhsm]).collect()
}
