#!/usr/bin/env bash
# Prints a folder that has iExec's own SDK (the npm package iexec) in a folder for each version, after putting there what
# is missing. Fails, with the reason on stderr, where there is no npm or it cannot fetch.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
. softhsm/lib.sh

# The last one that knows several TEE frameworks, and the one of today.
versions=(8.24.0 9.0.1)
folder=$(target_folder)/iexec-sdk

fresh=
trap 'rm -rf "$fresh"' EXIT

fetch() {
    local version=$1
    for command in node npm; do
        command -v "$command" >/dev/null || die "there is no $command"
    done
    mkdir -p "$folder"
    fresh=$(mktemp -d "$folder/.$version.XXXXXX")
    say "Fetching iexec@$version ..."
    # Without a network npm waits for minutes.
    timeout 180 npm install --prefix "$fresh" --ignore-scripts --no-audit --no-fund --silent \
        --fetch-retries 1 --fetch-timeout 60000 "iexec@$version" >&2 ||
        die "npm cannot fetch iexec@$version"
    mv -T "$fresh" "$folder/$version"
}

for version in "${versions[@]}"; do
    [[ -d $folder/$version ]] || fetch "$version"
done
printf '%s\n' "$folder"
