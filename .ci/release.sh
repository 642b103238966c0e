#!/usr/bin/env bash
# Makes a release: an archive, a Debian package, a list of all crates in them and their SHA256SUMS, in target/release/dist.
# The same commit gives the same bytes in every folder (docs/release.md).
#
#   --sign KEY   signs SHA256SUMS with this key of OpenSSH, which may be on a token
#   --debug      a debug build, in a minute: shows that all of it works
#   --built      of the debug build that is there: in seconds, for tests; no binary tells of its crates then
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
. softhsm/lib.sh

# Neither a path, nor the time, nor the language of this machine goes into what is built.
same_everywhere() {
    local target=$1 cargo_home=${CARGO_HOME:-$HOME/.cargo}
    SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
    RUSTFLAGS="--remap-path-prefix=$PWD=/iexec-hsm --remap-path-prefix=$target=/target"
    RUSTFLAGS+=" --remap-path-prefix=$cargo_home=/cargo"
    CFLAGS="-ffile-prefix-map=$target=/target -ffile-prefix-map=$cargo_home=/cargo"
    export SOURCE_DATE_EPOCH RUSTFLAGS CFLAGS CARGO_INCREMENTAL=0 LC_ALL=C TZ=UTC
    umask 022
}

# What the program itself makes: manual pages and completions.
generate() {
    local program=$1 into=$2 shell
    mkdir -p "$into/completions"
    "$program" man --dir "$into/man" 2>/dev/null
    # As Debian has them.
    cp -R "$into/man" "$into/man1"
    gzip --no-name -9 "$into"/man1/*
    for shell in bash zsh fish; do
        "$program" completions "$shell" >"$into/completions/iexec-hsm.$shell"
    done
}

# A changelog as Debian's tools read it; it names the real one.
debian_changelog() {
    local maintainer
    maintainer=$(sed -n 's/^maintainer = "\(.*\)"$/\1/p' Cargo.toml)
    printf '%s\n' "iexec-hsm ($1-1) unstable; urgency=medium" '' '  * See CHANGELOG.md.' '' \
        " -- $maintainer  $(date --rfc-email --date="@$SOURCE_DATE_EPOCH")"
}

# One folder: sorted, owned by root, as old as the commit.
archive() {
    local program=$1 generated=$2 name=$3 dist=$4 folder
    folder=$dist/$name
    mkdir "$folder"
    cp "$program" LICENSE-APACHE LICENSE-MIT README.md CHANGELOG.md SECURITY.md "$folder"
    strip "$folder/iexec-hsm"
    [[ -z $builds ]] || tells_its_crates "$folder/iexec-hsm"
    cp -R docs "$generated/man" "$generated/completions" "$folder"
    tar --create --sort=name --format=gnu --owner=0 --group=0 --numeric-owner --mode=go=rX,u+rw \
        --mtime="@$SOURCE_DATE_EPOCH" --directory "$dist" "$name" | gzip --no-name -9 >"$folder.tar.gz"
    rm -r "$folder"
}

# sbom FILE   writes which crates are in the program, in the form of CycloneDX. Its tool writes beside the manifests: into
# a copy of them.
sbom() {
    local copy
    copy=$(mktemp -d)
    git ls-files -z -- '*Cargo.toml' Cargo.lock '*.rs' | xargs -0 cp --parents -t "$copy"
    (cd "$copy" && cargo cyclonedx --quiet --format json --spec-version 1.5 --override-filename sbom)
    sed "s|$copy|/iexec-hsm|g" "$copy/sbom.json" >"$1"
    # Crates twice in the tree have a star behind them.
    cargo tree --locked --package iexec-hsm --edges normal,build --prefix none | python3 .ci/sbom.py "$1"
    rm -r "$copy"
}

# tells_its_crates PROGRAM   whether it holds the list that `cargo auditable` puts into it, with the program itself in it
tells_its_crates() {
    local section
    section=$(mktemp)
    objcopy --output-target binary --only-section .dep-v0 --set-section-flags .dep-v0=alloc "$1" "$section"
    python3 - "$section" <<'PYTHON' || die "${1##*/} does not say which crates are in it"
import json, sys, zlib
packages = json.loads(zlib.decompress(open(sys.argv[1], "rb").read()))["packages"]
sys.exit("iexec-hsm" not in [package["name"] for package in packages])
PYTHON
    rm -f "$section"
}

profile=release key='' builds=yes
while [[ $# -gt 0 ]]; do
    case $1 in
        --sign) key=$(realpath -- "${2:?a key of OpenSSH}") && shift ;;
        --debug) profile=debug ;;
        --built) profile=debug builds='' ;;
        *) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
    esac
    shift
done

need_rust
need git dpkg-shlibdeps:dpkg-dev objcopy:binutils python3 ssh-keygen:openssh-client
target=$(target_folder)
same_everywhere "$target"
# A debug build takes the crates that are built already.
[[ $profile == release ]] || unset RUSTFLAGS CFLAGS
need_tool cargo-deb@3.8.0
need_tool cargo-cyclonedx@0.5.9
build=$target/$profile
program=$build/iexec-hsm
[[ $profile != release || -z $(git status --porcelain) ]] ||
    die "a release is of a commit, and there are changes: git status"
if [[ -n $builds ]]; then
    need_tool cargo-auditable@0.7.7
    say "Building iexec-hsm ..."
    cargo auditable build --quiet --locked --profile "${profile/debug/dev}" --bin iexec-hsm
    tells_its_crates "$program"
fi

# cargo-deb looks for this in the build folder (Cargo.toml).
generated=$build/generated dist=$build/dist
rm -rf "$generated" "$dist"
mkdir -p "$dist"
generate "$program" "$generated"
version=$("$program" --version | sed 's/.* //')
debian_changelog "$version" | gzip --no-name -9 >"$generated/changelog.Debian.gz"

archive "$program" "$generated" "iexec-hsm-$version-$(uname -m)-linux" "$dist"
cargo deb --quiet --locked --no-build --strip --profile "${profile/debug/dev}" --output "$dist/" >/dev/null
sbom "$dist/iexec-hsm-$version.cdx.json"
(cd "$dist" && sha256sum -- *.deb *.tar.gz *.json >SHA256SUMS)
if [[ -n $key ]]; then
    ssh-keygen -q -Y sign -n iexec-hsm-release -f "$key" "$dist/SHA256SUMS"
else
    say "Not signed: --sign KEY was not given."
fi
printf '%s\n' "$dist"/*
