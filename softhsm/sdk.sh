#!/usr/bin/env bash
# Prints a folder with iExec's own SDK (the npm package iexec), after putting it there when it is missing. Fails, with
# the reason on stderr, where there is no npm or it cannot fetch.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
. softhsm/lib.sh

version=8.24.0 # the last one that knows all TEE frameworks; its result format is that of 9.x
folder=$(target_folder)/iexec-sdk-$version

if [[ ! -d $folder ]]; then
    for command in node npm; do
        command -v "$command" >/dev/null || die "there is no $command"
    done
    mkdir -p "$(dirname "$folder")"
    fresh=$(mktemp -d "$folder.XXXXXX")
    trap 'rm -rf "$fresh"' EXIT
    say "Fetching iexec@$version ..."
    # Without a network npm waits for minutes.
    timeout 180 npm install --prefix "$fresh" --ignore-scripts --no-audit --no-fund --silent \
        --fetch-retries 1 --fetch-timeout 60000 "iexec@$version" >&2 ||
        die "npm cannot fetch iexec@$version"
    mv -T "$fresh" "$folder"
fi
printf '%s\n' "$folder"
