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
hide() {
    for name; do
        for file in /usr/lib*/"$name" /usr/lib*/*/"$name" /usr/lib*/*/*/"$name" /usr/local/lib/"$name" /opt/*/lib/"$name"; do
            [ ! -e "$file" ] || mount --bind /dev/null "$file"
        done
    done
}
hide opensc-pkcs11.so libykcs11.so yubihsm_pkcs11.so libnethsm_pkcs11.so libcloudhsm_pkcs11.so libtpm2_pkcs11.so \
    libopencryptoki.so
"#;

/// What comes after it to have the misbehaving module stand where others are looked for, under the names before `--`.
/// SoftHSM2 itself is not found then, only by its other path.
const PUT: &str = r#"
faulty=$1
shift
mount -t tmpfs none /usr/local/lib
cp "$softhsm" /usr/local/lib/real.so
hide p11-kit-proxy.so libsofthsm2.so
while [ "$1" != -- ]; do
    cp "$faulty" "/usr/local/lib/$1"
    shift
done
shift
"#;

/// Where SoftHSM2 is behind the modules of [`with_modules`].
pub const REAL: &str = "/usr/local/lib/real.so";

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
    wrapper(namespace, HIDE).collect()
}

/// A wrapper for [`super::Cmd::under`]: the command finds the misbehaving module under these names, and no other module.
/// Nothing where no namespace may be made, after it said so.
pub fn with_modules(names: &[&str]) -> Option<Vec<String>> {
    let Some(namespace) = &*NAMESPACE else {
        println!(
            "skipped: no namespace of mounts may be made here, to put modules where they are looked for"
        );
        return None;
    };
    let faulty = super::Faulty::module().display().to_string();
    let names = names.iter().copied().chain(["--"]).map(str::to_owned);
    let script = format!("{HIDE}{PUT}");
    let parts = wrapper(namespace, &script).chain([faulty]).chain(names);
    Some(parts.collect())
}

fn wrapper(namespace: &[&str], script: &str) -> impl Iterator<Item = String> {
    let script = format!("{script}\nexec \"$@\"\n");
    let shell = ["sh".to_owned(), "-c".to_owned(), script, "sh".to_owned()];
    let namespace: Vec<String> = namespace.iter().map(|it| (*it).to_owned()).collect();
    let softhsm = softhsm_module().display().to_string();
    namespace.into_iter().chain(shell).chain([softhsm])
}
