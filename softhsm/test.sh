#!/usr/bin/env bash
# Installs what the tests need and runs them all, each against SoftHSM2 tokens of its own.
# Arguments go to the test runner (cargo nextest, or cargo test where that is missing); the examples in the
# documentation run only when there are none. With --modules it is softhsm/modules.sh: other modules than SoftHSM2.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
. softhsm/lib.sh

if [[ ${1:-} == --modules ]]; then
    exec softhsm/modules.sh "${@:2}"
fi

need_rust
need softhsm2-util:softhsm2 pkcs11-tool:opensc openssl curl unzip zip setsid:util-linux strace git faketime /usr/bin/time:time zsh fish python3 xz:xz-utils
python3 -c 'import cryptography' 2>/dev/null || need_package python3-cryptography
IEXEC_HSM_TEST_MODULE=${IEXEC_HSM_TEST_MODULE:-$(softhsm_module)}
export IEXEC_HSM_TEST_MODULE

if [[ -z ${IEXEC_SDK_DIR:-} ]]; then
    if sdk=$(softhsm/sdk.sh); then
        export IEXEC_SDK_DIR=$sdk
    else
        echo "Without iExec's SDK: the tests that need it say so and pass."
    fi
fi

if [[ -z ${IEXEC_HSM_ANVIL:-} ]]; then
    if anvil=$(softhsm/anvil.sh); then
        export IEXEC_HSM_ANVIL=$anvil
    else
        echo "Without a node: the tests that need a chain say so and pass."
    fi
fi

if [[ $# -eq 0 ]]; then
    cargo test --locked --doc
fi

# Many tests wait: for a device that is away, an idle agent, a service that does not answer.
export NEXTEST_TEST_THREADS=${NEXTEST_TEST_THREADS:-$((2 * $(nproc)))}
if cargo nextest --version >/dev/null 2>&1; then
    exec cargo nextest run --locked "$@"
fi

# cargo test counts each test program by itself: add up, so that the last line speaks for all.
cargo test --locked --no-fail-fast --lib --bins --tests "$@" | awk '
    { print }
    /^test result: / { passed += $4; failed += $6; ignored += $8 }
    END { printf "test result: %s. %d passed; %d failed; %d ignored\n", failed ? "FAILED" : "ok", passed, failed, ignored }'
