# shellcheck shell=bash
# What the scripts share. Sourced by them; does nothing by itself.

# rustup's folder is on nobody's PATH until the next login.
command -v cargo >/dev/null || PATH=$PATH:$HOME/.cargo/bin

say() { printf '%s\n' "$*" >&2; }
die() { say "${0##*/}: $*"; exit 1; }

# need COMMAND[:PACKAGE]...   installs the Debian packages of those commands that are missing
need() {
    local item packages=()
    for item in "$@"; do
        command -v "${item%%:*}" >/dev/null || packages+=("${item##*:}")
    done
    install_packages ${packages[@]+"${packages[@]}"}
}

# need_package PACKAGE...   installs those Debian packages, which bring no command, that are missing
need_package() {
    local package packages=()
    for package in "$@"; do
        dpkg-query -Wf '${Status}' "$package" 2>/dev/null | grep -q ' installed$' || packages+=("$package")
    done
    install_packages ${packages[@]+"${packages[@]}"}
}

install_packages() {
    local packages=("$@") as_root=() log
    [[ ${#packages[@]} -gt 0 ]] || return 0

    command -v apt-get >/dev/null ||
        die "please install ${packages[*]} first: only Debian's apt-get is known here"
    if [[ $(id -u) -ne 0 ]]; then
        command -v sudo >/dev/null ||
            die "please install ${packages[*]} first: that takes root, and there is no sudo"
        as_root=(sudo)
    fi

    say "Installing ${packages[*]} ..."
    log=$(mktemp)
    if ! { "${as_root[@]}" apt-get update -q &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get install -qy --no-install-recommends "${packages[@]}"; } </dev/null >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        die "cannot install ${packages[*]}"
    fi
    rm -f "$log"
}

need_rust() {
    command -v cargo >/dev/null || die "cargo not found: install Rust first"
    need cc:build-essential
}

# Prints the path of SoftHSM2's PKCS#11 module.
softhsm_module() {
    local path
    for path in /usr/lib/softhsm /usr/lib/*/softhsm /usr/lib64/softhsm /usr/local/lib/softhsm /opt/homebrew/lib/softhsm; do
        if [[ -f $path/libsofthsm2.so ]]; then
            printf '%s\n' "$path/libsofthsm2.so"
            return
        fi
    done
    die "libsofthsm2.so is in none of the usual folders"
}

# token_folder FOLDER   writes FOLDER/softhsm2.conf, which keeps SoftHSM2's tokens in FOLDER/tokens
token_folder() {
    mkdir -p "$1/tokens"
    printf '%s\n' "directories.tokendir = $1/tokens" 'objectstore.backend = file' 'log.level = ERROR' \
        >"$1/softhsm2.conf"
}

# Forgets the caller's own tokens, PINs and settings, so that none of them is touched.
forget_settings() {
    local name
    for name in "${!IEXEC_HSM_@}"; do
        unset "$name"
    done
    export XDG_CONFIG_HOME=$1/config
}

# Prints the folder that cargo builds into.
target_folder() {
    cargo metadata --locked --no-deps --format-version 1 |
        sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p'
}

# need_tool CRATE@VERSION   puts this command of Cargo's on the PATH, and installs it where that version is not there
need_tool() {
    local crate=${1%@*} version=${1#*@} tools
    tools=$(target_folder)/tools
    PATH=$tools/bin:$PATH
    # Not every one tells its version by itself; Cargo notes what it has installed.
    ! grep -qs "^\"$crate $version " "$tools/.crates.toml" || return 0
    [[ $(cargo "${crate#cargo-}" --version 2>/dev/null) != "$crate $version" ]] || return 0
    say "Installing $crate $version ..."
    # Unoptimised: it is built five times as fast, and has little to do.
    RUSTFLAGS='' CARGO_PROFILE_DEV_DEBUG=0 cargo install --quiet --locked --debug --root "$tools" "$1" >&2 ||
        die "$crate cannot be installed"
}

# Builds the program as it is released, and puts it first on the PATH.
build_release() {
    local quiet=(--quiet)
    [[ -t 2 ]] && quiet=()
    say "Building iexec-hsm ..."
    cargo build --locked --release "${quiet[@]}"
    PATH=$(target_folder)/release:$PATH
}

# unpack_from_npm PACKAGE@VERSION SHA512 FOLDER   unpacks what npm has there, which has this hash, in base64
unpack_from_npm() {
    local package=$1 sha512=$2 folder=$3 found
    # Without a network npm waits for minutes.
    (cd "$folder" && timeout 180 npm pack --silent --fetch-retries 1 --fetch-timeout 60000 "$package" >packed) ||
        die "npm cannot fetch $package"
    found=$(openssl dgst -sha512 -binary "$folder/$(<"$folder/packed")" | base64 -w 0)
    [[ $found == "$sha512" ]] || die "$package is not what it was: its SHA-512 is $found"
    tar -xzf "$folder/$(<"$folder/packed")" -C "$folder"
}
