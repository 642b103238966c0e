#!/usr/bin/env bash
# A fresh software token (SoftHSM2) for this shell:
#
#     eval "$(softhsm/token.sh up)"      makes it, and sets what iexec-hsm needs to use it without a question
#     eval "$(softhsm/token.sh down)"    removes it, with all keys on it, and what was set
#
# What is printed are lines for the shell; `up --label NAME` gives the token another label than "softhsm".
set -euo pipefail

# shellcheck source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

variables=(SOFTHSM2_CONF IEXEC_HSM_MODULE IEXEC_HSM_TOKEN IEXEC_HSM_PIN_FILE)
# Marks a folder as one that this script made: nothing else is ever removed.
mark=.made-by-token.sh

usage() { die "usage: eval \"\$(softhsm/token.sh up [--label NAME])\", later eval \"\$(softhsm/token.sh down)\""; }

random_pin() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }

up() {
    local label=softhsm folder module
    case $# in
        0) ;;
        2) [[ $1 == --label && -n $2 ]] || usage; label=$2 ;;
        *) usage ;;
    esac
    need softhsm2-util:softhsm2
    module=$(softhsm_module)

    umask 077
    folder=$(mktemp -d "${TMPDIR:-/tmp}/iexec-hsm-token.XXXXXX")
    # shellcheck disable=SC2064 # this very folder
    trap "rm -rf '$folder'" EXIT
    : >"$folder/$mark"
    token_folder "$folder"
    random_pin >"$folder/pin"
    # softhsm2-util takes PINs as arguments; this one guards nothing that outlives the folder.
    SOFTHSM2_CONF=$folder/softhsm2.conf softhsm2-util --init-token --free --label "$label" \
        --so-pin "$(random_pin)" --pin "$(<"$folder/pin")" >&2 || die "the token cannot be made"
    trap - EXIT

    printf 'export %s=%q\n' SOFTHSM2_CONF "$folder/softhsm2.conf" IEXEC_HSM_MODULE "$module" \
        IEXEC_HSM_TOKEN "$label" IEXEC_HSM_PIN_FILE "$folder/pin"
}

down() {
    local folder
    [[ $# -eq 0 ]] || usage
    folder=$(dirname "${SOFTHSM2_CONF:-none/}")
    [[ -f $folder/$mark ]] || die "SOFTHSM2_CONF names no token of this script: nothing was removed"
    rm -rf "$folder"
    printf 'unset %s\n' "${variables[*]}"
}

case ${1:-} in
    up) up "${@:2}" ;;
    down) down "${@:2}" ;;
    *) usage ;;
esac
