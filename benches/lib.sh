# shellcheck shell=bash
# What the benchmarks share. Sourced after softhsm/lib.sh, in the project's folder; does nothing by itself.

# What it does, and what memory may be, it says itself.
prepare=$PWD/benches/prepare.py
memory_is=warm

# bench_token   a folder beside the build (/tmp may live in memory), a token in it and a key that iExec's SDK can hold too
bench_token() {
    local module
    module=$(softhsm_module)
    bench=$(mktemp -d "$(target_folder)/bench.XXXXXX")
    trap 'rm -rf "$bench"' EXIT
    cd "$bench" || die "no $bench"
    umask 077
    forget_settings "$bench"
    token_folder "$bench"
    export SOFTHSM2_CONF=$bench/softhsm2.conf IEXEC_HSM_MODULE=$module IEXEC_HSM_PIN_FILE=$bench/pin
    export IEXEC_HSM_WALLET_ADDRESS=0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf
    echo 123456 >pin
    echo 87654321 >so-pin
    say "Making a key ..."
    quietly iexec-hsm token init --token-label bench --so-pin-file so-pin
    openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:4096 -out key.pem 2>/dev/null
    openssl pkey -in key.pem -pubout -out key.pub
    quietly iexec-hsm result import-encryption-key key.pem
}

# quietly COMMAND...   shows what it says only when it fails
quietly() {
    "$@" >quiet.log 2>&1 || { cat quiet.log >&2 && die "failed: $*"; }
}

# measure ROUNDS NAME COMMAND [NAME COMMAND]...   by turns: in each round hyperfine runs each of them once, after
# prepare.py, because the machine changes meanwhile; their times go to times.csv
measure() {
    local rounds=$1 round arguments=()
    shift
    while [[ $# -gt 0 ]]; do
        arguments+=(-n "$1" "$2")
        shift 2
    done
    : >times.csv
    for ((round = 0; round < rounds; round++)); do
        hyperfine ${no_shell:+"$no_shell"} --style none --export-csv round.csv --runs "${each:-1}" \
            --warmup $((rounds > 1 && round == 0)) --prepare "python3 '$prepare' $memory_is" \
            "${arguments[@]}" >hyperfine.log 2>&1 || { cat hyperfine.log >&2 && die "a program failed"; }
        cat round.csv >>times.csv
    done
}

# turns ROUNDS NAME COMMAND [NAME COMMAND]...   as `measure`, for programs that take milliseconds: without a shell, and
# five runs in each round
turns() { no_shell=-N each=5 measure "$@"; }

# Of the last `measure`, in seconds: the median, and the processor's time in user and system together.
median() { awk -F, -v name="$1" '$1 == name { print $4 }' times.csv | middle; }
processor() { awk -F, -v name="$1" '$1 == name { print $5 + $6 }' times.csv | middle; }
middle() { sort -g | awk '{ all[NR] = $1 } END { print (all[int((NR + 1) / 2)] + all[int(NR / 2) + 1]) / 2 }'; }

ratio() { awk -v a="$1" -v b="$2" 'BEGIN { form = a / b < 0.01 ? "%.3f" : "%.2f"; printf form, a / b }'; }
time_of() { awk -v t="$1" 'BEGIN { if (t < 0.0995) printf "%.1f ms", t * 1000; else if (t < 1) printf "%.0f ms", t * 1000; else printf "%.2f s", t }'; }

# peak COMMAND   prints the peak resident memory of a command in KiB
peak() {
    rm -rf ./*.out
    /usr/bin/time -f %M -o peak sh -c "exec $*" >/dev/null 2>peak.log || { cat peak.log >&2 && die "failed: $*"; }
    tail -1 peak
}

same() { cmp -s "$1" "$2" || die "$1 and $2 differ: these did not do the same work"; }
