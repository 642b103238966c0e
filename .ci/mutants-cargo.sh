#!/usr/bin/env bash
# Cargo, as .ci/mutants.sh shows it to cargo-mutants: "build the tests" builds the program alone, and "test" has the tests
# that are built already run it. They start the program and do not link it, so that they need not be built again.
set -euo pipefail

unset CARGO # cargo-nextest would call this script
case " $* " in
    *' --no-run '*) exec cargo build --profile mutants --bin iexec-hsm ;;
    ' test '*)
        exec cargo nextest run --profile mutants --no-tests fail \
            --binaries-metadata "$MUTANTS_BUILT/binaries.json" --cargo-metadata "$MUTANTS_BUILT/metadata.json" \
            -E "${MUTANTS_FILTER:-all()}"
        ;;
    *) exec cargo "$@" ;;
esac
