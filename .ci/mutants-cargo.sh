#!/usr/bin/env bash
# Cargo, as .ci/mutants.sh shows it to cargo-mutants: "build the tests" builds the program alone, and "test" has the tests
# that are built already run it. They start the program and do not link it, so that they need not be built again. Those of
# tests/linked.rs do link the library, and are.
# MUTANTS_PROGRAM and MUTANTS_LINKED name files of tests/, with | between them; MUTANTS_FILTER chooses among their tests.
set -euo pipefail

unset CARGO # cargo-nextest would call this script
filter=${MUTANTS_FILTER:-all()}
linked=(--test linked)
[[ -n ${MUTANTS_LINKED:-} ]] || linked=()

# run FILES ARGUMENT...   runs the tests of these files
run() {
    cargo nextest run --profile mutants "${@:2}" -E "test(/^($1)::/) & ($filter)"
}

case " $* " in
    *' --no-run '*) exec cargo build --profile mutants --bin iexec-hsm ${linked[@]+"${linked[@]}"} ;;
    ' test '*)
        [[ -z ${MUTANTS_LINKED:-} ]] || run "$MUTANTS_LINKED" --no-tests pass --cargo-profile mutants "${linked[@]}"
        [[ -z ${MUTANTS_PROGRAM:-} ]] || run "$MUTANTS_PROGRAM" --no-tests fail \
            --binaries-metadata "$MUTANTS_BUILT/binaries.json" --cargo-metadata "$MUTANTS_BUILT/metadata.json"
        ;;
    *) exec cargo "$@" ;;
esac
