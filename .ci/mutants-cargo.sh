#!/usr/bin/env bash
# Cargo, as .ci/mutants.sh shows it to cargo-mutants: "build the tests" builds the program alone, and "test" has the tests
# that are built already run it. They start the program and do not link it, so that they need not be built again. Those in
# MUTANTS_LINKED do link it, and are.
set -euo pipefail

unset CARGO # cargo-nextest would call this script
read -ra linked <<<"${MUTANTS_LINKED:-}"
filter=${MUTANTS_FILTER:-all()}
case " $* " in
    *' --no-run '*) exec cargo build --profile mutants --bin iexec-hsm ${linked[@]+"${linked[@]/#/--test=}"} ;;
    ' test '*)
        [[ ${#linked[@]} -eq 0 ]] ||
            cargo nextest run --profile mutants --cargo-profile mutants --no-tests pass "${linked[@]/#/--test=}" -E "$filter"
        [[ -e $MUTANTS_BUILT/binaries.json ]] || exit 0
        exec cargo nextest run --profile mutants --no-tests fail \
            --binaries-metadata "$MUTANTS_BUILT/binaries.json" --cargo-metadata "$MUTANTS_BUILT/metadata.json" -E "$filter"
        ;;
    *) exec cargo "$@" ;;
esac
