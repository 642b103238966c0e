#!/usr/bin/env bash
# A small iExec world for this shell: a chain with iExec's contracts, an app, a workerpool that computes what is asked
# ("Hello, world!", encrypted for the beneficiary's key in the SMS), an IPFS gateway, a market and an SMS.
#
#     eval "$(softhsm/chain.sh up)"      starts it, and writes a chain.json for it into the working folder
#     softhsm/chain.sh give ADDRESS      gives it 1 ETH and 5 RLC
#     softhsm/chain.sh run ADDRESS       asks for a computation whose result is for ADDRESS, and prints its task;
#                                        with `COUNT [BYTES]` behind, for so many tasks, with results of so many bytes
#     eval "$(softhsm/chain.sh down)"    ends it, and removes that chain.json
#
# IEXEC_TRY_APP and IEXEC_TRY_WORKERPOOL are then the addresses of the app, which is one of Scone as in the guide, and of
# the workerpool. What `up` and `down` print are lines for the shell. Nothing of it leaves this machine.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
root=$(realpath "$(dirname "${BASH_SOURCE[0]}")/..")

# Marks a folder as one that this script made: nothing else is ever removed.
mark=.made-by-chain.sh

usage() { die "usage: eval \"\$(softhsm/chain.sh up)\", softhsm/chain.sh give ADDRESS, softhsm/chain.sh run ADDRESS [COUNT [BYTES]], later eval \"\$(softhsm/chain.sh down)\""; }

# Prints the path of the program that is the world, after building it.
world() {
    (cd "$root" && cargo build --quiet --locked --test world --message-format json) |
        sed -n 's/.*"executable":"\([^"]*world-[^"]*\)".*/\1/p'
}

up() {
    local folder program anvil tries
    [[ $# -eq 0 ]] || usage
    need_rust
    need setsid:util-linux setpriv:util-linux openssl xz:xz-utils curl
    [[ ! -e chain.json ]] || die "there is a chain.json here already: go to another folder, or put it away"
    anvil=$("$root/softhsm/anvil.sh")
    program=$(world)

    umask 077
    folder=$(mktemp -d "${TMPDIR:-/tmp}/iexec-hsm-chain.XXXXXX")
    : >"$folder/$mark"
    IEXEC_HSM_ANVIL=$anvil setsid "$program" "$folder" </dev/null >"$folder/log" 2>&1 &
    echo $! >"$folder/pid"
    for ((tries = 0; tries < 300; tries++)); do
        [[ ! -e $folder/desk ]] || break
        kill -0 "$(<"$folder/pid")" 2>/dev/null || { cat "$folder/log" >&2; die "it does not start"; }
        sleep 0.05
    done
    [[ -e $folder/desk ]] || die "it does not start: see $folder/log"
    cp "$folder/chain.json" chain.json
    pwd >"$folder/where"

    printf 'export %s=%q\n' IEXEC_TRY_CHAIN "$folder" IEXEC_HSM_TRUSTED_HOSTS "$(<"$folder/trusted")" \
        IEXEC_TRY_APP "$(<"$folder/app")" IEXEC_TRY_WORKERPOOL "$(<"$folder/workerpool")"
}

# The folder of the world that `up` started.
folder_of_world() {
    [[ -n ${IEXEC_TRY_CHAIN:-} && -f $IEXEC_TRY_CHAIN/$mark ]] ||
        die "IEXEC_TRY_CHAIN names no chain of this script: start one with eval \"\$(softhsm/chain.sh up)\""
    printf '%s\n' "$IEXEC_TRY_CHAIN"
}

run() {
    local folder
    [[ $# -ge 1 && $# -le 3 ]] || usage
    folder=$(folder_of_world)
    curl --silent --show-error --fail "$(<"$folder/desk")/run?beneficiary=$1&tasks=${2:-1}&bytes=${3:-}" ||
        die "it was not asked for: is $1 an address?"
}

give() {
    local folder
    [[ $# -eq 1 ]] || usage
    folder=$(folder_of_world)
    curl --silent --show-error --fail "$(<"$folder/desk")/give?to=$1" || die "it got nothing: is $1 an address?"
}

down() {
    local folder file
    [[ $# -eq 0 ]] || usage
    folder=$(folder_of_world)
    kill "$(<"$folder/pid")" 2>/dev/null || true
    file=$(<"$folder/where")/chain.json
    ! cmp --quiet "$folder/chain.json" "$file" || rm "$file"
    rm -rf "$folder"
    printf 'unset %s\n' "IEXEC_TRY_CHAIN IEXEC_TRY_APP IEXEC_TRY_WORKERPOOL IEXEC_HSM_TRUSTED_HOSTS"
}

case ${1:-} in
    up) up "${@:2}" ;;
    give) give "${@:2}" ;;
    run) run "${@:2}" ;;
    down) down "${@:2}" ;;
    *) usage ;;
esac
