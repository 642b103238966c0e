#!/usr/bin/env bash
# Mutation testing of modules of src/, which takes hours: .ci/mutants.sh MODULE...
# Small changes are made to the code, one after the other, and the module's own tests must notice each. A module is tested in
# a copy of the project that has it and the modules below it alone, because that is built in seconds.
# Prints the changes that were not noticed. What became of each is in the folder `mutants/MODULE` in the build folder, and
# is not tried again where it was noticed before; MUTANTS_AFRESH=1 begins anew.
# MUTANTS_TESTS="decrypt::vectors decrypt::layouts" has those files of tests/ try, with the whole program, what was not noticed so far. They
# are built once, and for each change the program alone is (.ci/mutants-cargo.sh); but those of tests/linked.rs are built
# each time.
# MUTANTS_FILTER chooses among their tests in the language of nextest. MUTANTS_OPTIONS has further options for cargo-mutants.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
. softhsm/lib.sh

[[ $# -ge 1 ]] || die "which modules of src/?"
need_rust
command -v cargo-mutants >/dev/null || die "there is no cargo-mutants: install it with cargo install --locked cargo-mutants"
folder=$(target_folder)/mutants
read -ra options <<<"${MUTANTS_OPTIONS:-}"
read -ra tests <<<"${MUTANTS_TESTS:-}"
[[ ${#tests[@]} -eq 0 ]] || cargo nextest --version >/dev/null 2>&1 ||
    die "there is no cargo-nextest: install it with cargo install --locked cargo-nextest"

# modules_of MODULE   prints it and what it uses, directly or not
modules_of() {
    local all='' new=$1 module
    while [[ -n $new ]]; do
        all+="$new "
        new=$(for module in $all; do
            grep -rhoE '\bcrate::[a-z_0-9]+' "src/$module" "src/$module.rs" 2>/dev/null | sed 's/crate:://' || true
        done | sort -u | while read -r module; do
            [[ " $all" == *" $module "* ]] || { [[ -e src/$module || -e src/$module.rs ]] && printf '%s ' "$module"; } || true
        done)
        new=${new% }
    done
    printf '%s\n' "${all% }"
}

# copy FOLDER   puts the project there, as it is now
copy() {
    rm -rf "$1"
    mkdir -p "$1"
    git ls-files --cached --others --exclude-standard -z | tar -c --null --ignore-failed-read --files-from=- | tar -x -C "$1"
    # What Cargo built last is of a mutant, and newer than the code.
    touch "$1"/src/*.rs
}

# strip_to FOLDER MODULE...   leaves these modules in the library there, and their dependencies in its manifest
strip_to() {
    local tree=$1 keep crate line section='' files
    shift
    keep=$(IFS='|' && echo "$*")
    mapfile -t files < <(for module in "$@"; do find "$tree/src/$module" "$tree/src/$module.rs" -name '*.rs' 2>/dev/null || true; done)
    sed -i -E "/^pub mod |^mod /{ /mod ($keep);/!d }; /^#\[/d" "$tree/src/lib.rs"
    while IFS= read -r line; do
        case $line in
            '['*) section=$line ;;
            # What a feature brings.
            '    "dep:'* | '    "'*'/'*'",')
                crate=${line#*\"}
                crate=${crate#dep:}
                crate=${crate%%[\"/]*}
                grep -rq "\b${crate//-/_}::" "${files[@]}" || continue
                ;;
            *' = '*)
                crate=${line%% *}
                [[ $section != *dependencies* ]] || grep -rq "\b${crate//-/_}::" "${files[@]}" || continue
                ;;
        esac
        printf '%s\n' "$line"
    done <"$tree/Cargo.toml" >"$tree/Cargo.toml.new"
    sed -i 's/^members = .*/members = []/' "$tree/Cargo.toml.new"
    mv "$tree/Cargo.toml.new" "$tree/Cargo.toml"
}

# build_tests TREE   builds the tests there that start the program and do not link the library
build_tests() (
    cd "$1"
    CARGO_TARGET_DIR=$folder/build-whole cargo nextest list --cargo-profile mutants --list-type binaries-only \
        --message-format json --bin iexec-hsm --test program >"$folder/binaries.json"
    CARGO_TARGET_DIR=$folder/build-whole cargo metadata --format-version 1 >"$folder/metadata.json"
)

# try MODULE TREE ARGUMENT...   has cargo-mutants try what was not noticed so far, with these arguments
try() {
    local module=$1 tree=$2 again=(--iterate)
    shift 2
    [[ -z ${MUTANTS_AFRESH:-} ]] || again=()
    # 2 and 3: some were not noticed, or took too long.
    cargo-mutants mutants --dir "$tree" --in-place --package iexec-hsm \
        --file "src/$module/**" --file "src/$module.rs" --output "$folder/$module" "${again[@]}" \
        "$@" ${options[@]+"${options[@]}"} || [[ $? == [23] ]]
}

# has CRATE SUBJECT::FILE   whether that file of tests/ is in the crate
has() {
    sed -n "/^mod ${2%%::*} {/,/^}/p" "tests/$1.rs" | grep -qx "    mod ${2#*::};"
}

outside='' linked=''
for test in ${tests[@]+"${tests[@]}"}; do
    if has program "$test"; then
        outside+="|$test"
    elif has linked "$test"; then
        linked+="|$test"
    else
        die "there is no tests/${test//:://}.rs"
    fi
done

# A test that takes time, memory or disk without end is ended before the machine is: that counts as noticed.
host=$(rustc -vV | sed -n 's/^host: //p' | tr 'a-z-' 'A-Z_')
export "CARGO_TARGET_${host}_RUNNER=prlimit --cpu=20 --as=$((4 << 30)) --fsize=$((1 << 30))"
export RUST_BACKTRACE=0
for module in "$@"; do
    [[ -d src/$module ]] || die "there is no src/$module"
    mkdir -p "$folder/$module"
    if [[ ${#tests[@]} -eq 0 ]]; then
        read -ra modules <<<"$(modules_of "$module")"
        copy "$folder/tree"
        strip_to "$folder/tree" "${modules[@]}"
        CARGO_TARGET_DIR=$folder/build try "$module" "$folder/tree" --cargo-arg=--lib --cargo-test-arg="$module::"
    else
        copy "$folder/whole"
        build_tests "$folder/whole"
        CARGO_TARGET_DIR=$folder/build-whole CARGO=$PWD/.ci/mutants-cargo.sh \
            MUTANTS_BUILT=$folder MUTANTS_PROGRAM=${outside#|} MUTANTS_LINKED=${linked#|} \
            try "$module" "$folder/whole"
    fi
    cat "$folder/$module/mutants.out/missed.txt" "$folder/$module/mutants.out/timeout.txt"
done
