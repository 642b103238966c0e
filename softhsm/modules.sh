#!/usr/bin/env bash
# Runs tests with other PKCS#11 modules behind them than SoftHSM2, and counts them for each module.
#
#     softhsm/modules.sh          compares what each module can do with docs/devices/matrix.md: the flow, some minutes
#     softhsm/modules.sh all      and runs all tests on kryoptic and on SoftHSM2 behind p11-kit's server
#     softhsm/modules.sh write    writes the modules' rows of docs/devices/matrix.md
#
# `softhsm/test.sh --modules` is the same. IEXEC_HSM_TEST_ON="kryoptic tpm2" leaves out the others.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
. softhsm/lib.sh

form=${1:-compare}
case $form in
    compare | all | write) ;;
    *) die "unknown: $form (all, write or nothing)" ;;
esac

need_rust
need softhsm2-util:softhsm2 pkcs11-tool:opensc openssl unzip setsid:util-linux \
    p11-kit swtpm pkg-config
need_package p11-kit-modules libtpm2-pkcs11-1 libclang-dev libsqlite3-dev libssl-dev
IEXEC_HSM_TEST_MODULE=${IEXEC_HSM_TEST_MODULE:-$(softhsm_module)}
export IEXEC_HSM_TEST_MODULE

kryoptic=$(target_folder)/kryoptic
say "Building kryoptic ..."
cargo build --quiet --locked --manifest-path tests/kryoptic/Cargo.toml --target-dir "$kryoptic"
export IEXEC_HSM_TEST_KRYOPTIC=$kryoptic/debug/libkryoptic_module.so

runner=(cargo test --locked)
! cargo nextest --version >/dev/null 2>&1 || runner=(cargo nextest run --locked)

log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=0 counts=()

# on MODULE COMMAND...   runs tests on it, and keeps the runner's counts
on() {
    local module=$1 count
    shift
    printf '\n-- %s\n' "$module"
    IEXEC_HSM_TEST_TOKENS=$module "$@" 2>&1 | tee "$log" || failed=1
    count=$(sed -n 's/^ *Summary \[.*\] *//p; s/^test result: //p' "$log" | tail -n 1)
    counts+=("$module: ${count:-nothing was run}")
}

export IEXEC_HSM_TEST_MATRIX=compare
[[ $form != write ]] || IEXEC_HSM_TEST_MATRIX="write"
for module in ${IEXEC_HSM_TEST_ON:-softhsm kryoptic p11-kit-remote p11-kit-proxy tpm2}; do
    if [[ $form == all && $module =~ ^(kryoptic|p11-kit-remote)$ ]]; then
        on "$module" softhsm/test.sh
    else
        on "$module" "${runner[@]}" --test matrix --test try_sh
    fi
done

printf '\n'
printf '%s\n' "${counts[@]}"
exit "$failed"
