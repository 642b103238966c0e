#!/usr/bin/env bash
# Builds the fuzz targets and runs each for a while, one after the other: fuzz/run.sh SECONDS [TARGET...]
# Keeps what it learns in the build folder, and adds a line for each run to `ledger` there: target, executions, seconds
# of CPU, outcome. An input that breaks a property is kept beside it, and the script fails in the end.
# FUZZ_OPTIONS has further options for libFuzzer. FUZZ_QUICK=1 builds sooner what runs more slowly.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
. softhsm/lib.sh

[[ $# -ge 1 ]] || die "how many seconds for each target?"
seconds=$1
shift
need_rust
need softhsm2-util:softhsm2 openssl python3 g++
cargo fuzz --version >/dev/null 2>&1 || die "there is no cargo-fuzz: install it with cargo install cargo-fuzz"
mapfile -t targets < <(cargo fuzz list)
[[ $# -gt 0 ]] || set -- "${targets[@]}"
for target in "$@"; do
    [[ " ${targets[*]} " == *" $target "* ]] || die "there is no target $target, but ${targets[*]}"
done

# Properties are checked, and no memory is touched by hand: no sanitizer, and so no nightly toolchain.
folder=$(target_folder)/fuzz
profile=release
[[ -z ${FUZZ_QUICK:-} ]] || profile=dev
cargo fuzz build "--$profile" --sanitizer none --target-dir "$folder" >&2
programs=("$folder"/*/"${profile/dev/debug}")
read -ra options <<<"${FUZZ_OPTIONS:-}"
mkdir -p "$folder/found"
python3 fuzz/seeds.py "$folder/seeds"

# run TARGET   one run, and its line in the ledger
run() {
    local target=$1 log=$folder/$1.log corpus=$folder/corpus/$1 outcome=well times executions
    mkdir -p "$corpus"
    TIMEFORMAT='%U %S'
    times=$( {
        time "${programs[0]}/$target" -max_total_time="$seconds" -max_len=16384 -rss_limit_mb=1024 \
            -print_final_stats=1 -artifact_prefix="$folder/found/$target-" "${options[@]}" \
            "$corpus" "$folder/seeds/$target" >"$log" 2>&1
    } 2>&1) || outcome=FAILED
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    times=$(awk '{ printf "%.0f", $1 + $2 }' <<<"$times")
    printf '%s %s %s %s %s\n' "$(date -u +%FT%TZ)" "$target" "${executions:-0}" "$times" "$outcome" | tee -a "$folder/ledger"
    [[ $outcome == well ]] || grep -a -A 3 'panicked at\|ERROR: ' "$log" >&2
}

failed=0
for target in "$@"; do
    run "$target"
    [[ -z $(find "$folder/found" -name "$target-*" ! -name '*slow-unit*') ]] || failed=1
done
exit "$failed"
