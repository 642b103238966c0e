#!/usr/bin/env bash
# Runs tests with other PKCS#11 modules behind them than SoftHSM2, and counts them for each module.
#
#     softhsm/modules.sh          compares what each module can do with docs/devices/matrix.md: the flow, some minutes
#     softhsm/modules.sh all      and runs all tests on both builds of kryoptic and on SoftHSM2 behind p11-kit's server
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
    p11-kit swtpm pkg-config certutil:libnss3-tools sqlite3 pkcsslotd:opencryptoki unshare:util-linux
need_package p11-kit-modules libtpm2-pkcs11-1 libnss3 libclang-dev libsqlite3-dev libssl-dev
IEXEC_HSM_TEST_MODULE=${IEXEC_HSM_TEST_MODULE:-$(softhsm_module)}
export IEXEC_HSM_TEST_MODULE

modules=${IEXEC_HSM_TEST_ON:-softhsm kryoptic kryoptic-implicit p11-kit-remote p11-kit-proxy tpm2 nss opencryptoki}

if ! unshare --mount --ipc --pid --fork true 2>/dev/null; then
    say "nss and opencryptoki are left out: namespaces, which take root, may not be made here"
    modules=${modules/ nss/}
    modules=${modules/ opencryptoki/}
fi

# kryoptic FOLDER OPTION...   builds it in that folder of the build folder, and prints where the module is
kryoptic() {
    local folder
    folder=$(target_folder)/$1
    shift
    cargo build --quiet --locked --manifest-path tests/kryoptic/Cargo.toml --target-dir "$folder" "$@" >&2
    printf '%s\n' "$folder/debug/libkryoptic_module.so"
}

if [[ " $modules " == *" kryoptic "* ]]; then
    say "Building kryoptic ..."
    IEXEC_HSM_TEST_KRYOPTIC=$(kryoptic kryoptic)
    export IEXEC_HSM_TEST_KRYOPTIC
fi
if [[ " $modules " == *" kryoptic-implicit "* ]]; then
    say "Building kryoptic and OpenSSL ..."
    IEXEC_HSM_TEST_KRYOPTIC_IMPLICIT=$(kryoptic kryoptic-implicit --features implicit-rejection)
    export IEXEC_HSM_TEST_KRYOPTIC_IMPLICIT
fi

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
for module in $modules; do
    if [[ $form == all && $module =~ ^(kryoptic|kryoptic-implicit|p11-kit-remote)$ ]]; then
        on "$module" softhsm/test.sh
    else
        on "$module" "${runner[@]}" --test program -- devices::matrix:: devices::try_script:: devices::real_modules::
    fi
done

printf '\n'
printf '%s\n' "${counts[@]}"
exit "$failed"
