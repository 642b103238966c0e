#!/usr/bin/env bash
# Makes contracts.json.xz and addresses.json: the state of a chain that has iExec's contracts and nothing more, and what is
# where on it. Two runs make the same files.
#
# Wants npm, node, jq and xz, and fetches the node, the contracts and iExec's SDK (for its ethers) from npm.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source-path=SCRIPTDIR
. ../../softhsm/lib.sh

poco='@iexec/poco@6.1.0'
poco_sha512=BPbDtf2fgQuotr6rf74ACVdwlKqkErEZ8qLbTWM+2CIBj2EX3+6KBGWsFoudoOGjgT7vUJ3jeNX8SWvHzSHg6A==
rlc='rlc-faucet-contract@1.0.10'
rlc_sha512=pGQyIMcLIUQraCTNIcA4B9FY1g2vJHB8qWg3qbwjA1YUj1490LStKDlA4YlPwPgO/a0NWg0UHD7R9ki3DMGACQ==

need npm node:nodejs jq openssl xz:xz-utils
anvil=$(../../softhsm/anvil.sh)
ethers=$(../../softhsm/sdk.sh)/9.0.1/node_modules/ethers

work=$(mktemp -d)
node=
trap '[[ -z $node ]] || kill "$node"; rm -rf "$work"' EXIT

mkdir "$work/poco" "$work/rlc"
unpack_from_npm "$poco" "$poco_sha512" "$work/poco"
unpack_from_npm "$rlc" "$rlc_sha512" "$work/rlc"

: >"$work/log"
# The chain id of tests by convention, and a block's gas that the largest contract fits in.
"$anvil" --port 0 --chain-id 65535 --timestamp 1764000000 --gas-limit 100000000 --dump-state "$work/state.json" \
    >"$work/log" &
node=$!
listens() { sed -n 's/^Listening on /http:\/\//p' "$work/log"; }
until [[ -n $(listens) ]]; do
    kill -0 "$node" || die "the node does not start"
    sleep 0.1
done

node bake.mjs "$(listens)" "$work/poco/package" "$work/rlc/package" "$ethers" >"$work/addresses.json"
# It writes its state when it ends.
kill -INT "$node"
wait "$node" || true
node=

# It knows no order of its own. The traces are half of it, and nobody asks for them.
jq --sort-keys --compact-output '
    .blocks |= sort_by(.header.number | [length, .]) |
    .transactions |= (map(.info.traces = []) | sort_by(.info.transaction_hash))
' "$work/state.json" >"$work/contracts.json"
xz -9e --check=crc32 --threads=1 "$work/contracts.json"
mv "$work/contracts.json.xz" "$work/addresses.json" .
