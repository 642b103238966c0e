#!/usr/bin/env bash
# Makes a release: an archive, a Debian package and their SHA256SUMS, in target/release/dist. The same commit gives the
# same bytes in every folder (docs/release.md).
# With --debug, of the debug build that is there: in seconds, for tests.
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
    cp -R docs "$generated/man" "$generated/completions" "$folder"
    tar --create --sort=name --format=gnu --owner=0 --group=0 --numeric-owner --mode=go=rX,u+rw \
        --mtime="@$SOURCE_DATE_EPOCH" --directory "$dist" "$name" | gzip --no-name -9 >"$folder.tar.gz"
    rm -r "$folder"
}

profile=release
case $* in
    '') ;;
    --debug) profile=debug ;;
    *) die "usage: .ci/release.sh [--debug]" ;;
esac

need_rust
need git dpkg-shlibdeps:dpkg-dev
target=$(target_folder)
same_everywhere "$target"
need_tool cargo-deb@3.8.0
build=$target/$profile
program=$build/iexec-hsm
if [[ $profile == release ]]; then
    [[ -z $(git status --porcelain) ]] || die "a release is of a commit, and there are changes: git status"
    say "Building iexec-hsm ..."
    cargo build --quiet --locked --release --bin iexec-hsm
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
(cd "$dist" && sha256sum -- *.deb *.tar.gz >SHA256SUMS)
printf '%s\n' "$dist"/*
