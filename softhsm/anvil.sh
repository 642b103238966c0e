#!/usr/bin/env bash
# Prints the path of anvil, a node of a chain of one's own (Foundry's, from npm), after putting it there where it is
# missing. Fails, with the reason on stderr, where it cannot be had.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
. softhsm/lib.sh

version=1.7.1
case $(uname -sm) in
    'Linux x86_64')
        name=linux-amd64
        sha512=+XmShybEaxfCrr0OUUZwYEy2OnYZt5pHH9TzBtLv3+VrK0O/ANuNSVEahqNhKHlgX7GRJ59383ofNhxkRWIYTg==
        ;;
    'Linux aarch64')
        name=linux-arm64
        sha512=ykHJmFOGdBR8+9smOKBm9ZZDCCCkLQctiHOAddLvmYx9mPeBDMfq6jP51hKYsO5MG8ClPLSlWe+JpiXPjoXgBQ==
        ;;
    *) die "there is no anvil for $(uname -sm)" ;;
esac
folder=$(target_folder)/anvil
anvil=$folder/anvil-$version

fresh=
trap 'rm -rf "$fresh"' EXIT

fetch() {
    command -v npm >/dev/null || die "there is no npm"
    mkdir -p "$folder"
    fresh=$(mktemp -d "$folder/.$version.XXXXXX")
    say "Fetching anvil $version ..."
    unpack_from_npm "@foundry-rs/anvil-$name@$version" "$sha512" "$fresh"
    mv -T "$fresh/package/bin/anvil" "$anvil"
}

[[ -x $anvil ]] || fetch
printf '%s\n' "$anvil"
