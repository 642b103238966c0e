#!/usr/bin/env bash
# Measures iexec-hsm against its neighbours on one machine in one run, and prints the table as Markdown.
#
#   --size-mib N   size of the big archive (512)
#   --runs N       runs of each program (10); iExec's SDK runs once on a big archive
#   --small        16 MiB and 2 runs: shows that all of it works, not how fast it is
#   --huge         peak memory at 5 GiB, too; takes 15 GiB of disk
#
# Ours syncs what it writes before it renames it. cp is given a sync to match; the others leave it out.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
. softhsm/lib.sh

size=512 runs=10 memory_sizes=(64)
while [[ $# -gt 0 ]]; do
    case $1 in
        --size-mib) size=${2:?a size in MiB} && shift ;;
        --runs) runs=${2:?a number of runs} && shift ;;
        --small) size=16 runs=2 memory_sizes=() ;;
        --huge) memory_sizes+=(5120) ;;
        *) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
    esac
    shift
done

need_rust
need softhsm2-util:softhsm2 pkcs11-tool:opensc hyperfine openssl unzip /usr/bin/time:time
build_release
IEXEC_HSM_MODULE=$(softhsm_module)
sdk=$(softhsm/sdk.sh)/8.24.0 || sdk=''
sdk_decrypt="node '$PWD/softhsm/sdk-decrypt.mjs' '$sdk' key.pem"

# Beside the build rather than in /tmp, which may live in memory.
bench=$(mktemp -d "$(target_folder)/bench.XXXXXX")
trap 'rm -rf "$bench"' EXIT
cd "$bench"
umask 077

module=$IEXEC_HSM_MODULE
forget_settings "$bench"
token_folder "$bench"
export SOFTHSM2_CONF=$bench/softhsm2.conf
export IEXEC_HSM_MODULE=$module
export IEXEC_HSM_PIN_FILE=$bench/pin
export IEXEC_HSM_WALLET_ADDRESS=0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf

echo "rm -f ./*.out copy && sync -f ." >prepare
echo 123456 >pin
echo 87654321 >so-pin
export BENCH_PIN=123456

# A key that the SDK can hold, too.
say "Making a key ..."
{
    iexec-hsm token init --token-label bench --so-pin-file so-pin
    openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:4096 -out key.pem 2>/dev/null ||
        openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:4096 -out key.pem
    openssl pkey -in key.pem -pubout -out key.pub
    iexec-hsm result import-encryption-key key.pem
} >setup.log 2>&1 || { cat setup.log >&2 && die "cannot prepare the token"; }

# archive NAME BYTES   seals that many random bytes as NAME.zip
archive() {
    mkdir payload
    head -c "$2" /dev/urandom >payload/result.bin
    iexec-hsm result encrypt payload --public-key key.pub --output "$1.zip" >setup.log 2>&1 ||
        { cat setup.log >&2 && die "cannot seal an archive"; }
    rm -r payload
}

hex() { od -An -v -tx1 | tr -d ' \n'; }

unwrap() {
    printf '%s' "pkcs11-tool --module $module --login --pin env:BENCH_PIN --decrypt --mechanism RSA-PKCS" \
        " --input-file $1 --output-file $2"
}

# pipeline NAME   prints the command that opens NAME.zip with unzip and openssl, its key being unwrapped already
pipeline() {
    local key iv
    unzip -p "$1.zip" aes-key.rsa >"$1.wrapped"
    eval "$(unwrap "$1.wrapped" "$1.key") 2>/dev/null"
    key=$(hex <"$1.key")
    iv=$(unzip -p "$1.zip" iexec_out.zip.aes 2>/dev/null | head -c 16 | hex) || true # unzip's broken pipe
    printf '%s' "unzip -p $1.zip iexec_out.zip.aes | { dd bs=16 count=1 iflag=fullblock of=/dev/null status=none;" \
        " openssl enc -d -aes-256-cbc -K $key -iv $iv -out openssl.out; }"
}

# measure CSV RUNS WARMUPS HYPERFINE-ARGUMENT...
measure() {
    hyperfine --style none --export-csv "$1" --runs "$2" --warmup "$3" \
        --prepare 'sh prepare' "${@:4}" >hyperfine.log 2>&1 ||
        { cat hyperfine.log >&2 && die "a program failed"; }
}

# peak COMMAND   prints the peak resident memory of a command in MiB
peak() {
    sh prepare
    /usr/bin/time -f %M -o peak sh -c "exec $*" >/dev/null 2>peak.log || { cat peak.log >&2 && die "failed: $*"; }
    awk 'END { printf "%.0f MiB", $1 / 1024 }' peak
}

median() { awk -F, -v name="$2" '$1 == name { print $4 }' "$1"; }

# row ARCHIVE WHAT MEDIAN BASE MEMORY
row() {
    awk -v archive="$1" -v what="$2" -v median="$3" -v base="$4" -v memory="$5" 'BEGIN {
        time = median == "" ? "" : median < 1 ? sprintf("%.0f ms", median * 1000) : sprintf("%.2f s", median)
        ratio = median == "" ? "" : sprintf("%.2f", median / base)
        printf "| %s | %s | %s | %s | %s |\n", archive, what, time, ratio, memory
    }' >>table.md
}

same() { cmp -s "$1" "$2" || die "$1 and $2 differ: these did not do the same work"; }

ours() { printf '%s' "iexec-hsm result decrypt $1.zip --output ours.out"; }

# memory_rows MIB   of ours, for an archive of that size that is big.zip
memory_rows() {
    local memory
    memory=$(peak "iexec-hsm result decrypt - --output ours.out <big.zip")
    row "$1 MiB" "ours, from a pipe" "" "" "$memory"
    memory=$(peak "iexec-hsm result decrypt big.zip --output -")
    row "$1 MiB" "ours, into a pipe" "" "" "$memory"
}

say "Measuring an archive of $size MiB ..."
archive big $((size * 1024 * 1024))
openssl_big=$(pipeline big)
measure big.csv "$runs" 1 \
    -n ours "$(ours big)" \
    -n cp "cp big.zip copy && sync copy" \
    -n openssl "$openssl_big"
eval "$openssl_big"
eval "$(ours big)" >/dev/null 2>&1
same ours.out openssl.out
if [[ -n $sdk ]]; then
    sdk_memory=$(peak "$sdk_decrypt big.zip sdk.out")
    eval "$openssl_big"
    same sdk.out openssl.out
    measure sdk.csv 1 0 -n sdk "$sdk_decrypt big.zip sdk.out"
fi

cp=$(median big.csv cp)
row "$size MiB" "\`cp\` and \`sync\`" "$cp" "$cp" ""
memory=$(peak "$(ours big)")
row "$size MiB" "**\`iexec-hsm result decrypt\`**" "$(median big.csv ours)" "$cp" "$memory"
memory_rows "$size"
row "$size MiB" "\`unzip\` into \`openssl enc -d\`, the key known" "$(median big.csv openssl)" "$cp" ""
[[ -z $sdk ]] || row "$size MiB" "iExec's SDK" "$(median sdk.csv sdk)" "$cp" "$sdk_memory"

for mib in "${memory_sizes[@]}"; do
    say "Measuring the memory for $mib MiB ..."
    rm -f big.zip ./*.out copy
    archive big $((mib * 1024 * 1024))
    memory=$(peak "$(ours big)")
    row "$mib MiB" "ours, from a file" "" "" "$memory"
    memory_rows "$mib"
done

say "Measuring an archive of 1 KiB ..."
archive tiny 1024
unzip -p tiny.zip aes-key.rsa >tiny.wrapped
tiny=(-n ours "$(ours tiny)" -n pkcs11-tool "$(unwrap tiny.wrapped key.out)")
[[ -z $sdk ]] || tiny+=(-n sdk "$sdk_decrypt tiny.zip sdk.out")
measure tiny.csv "$((runs * 2))" 2 --shell none "${tiny[@]}"
tool=$(median tiny.csv pkcs11-tool)
row "1 KiB" "\`pkcs11-tool --login --decrypt\` of its wrapped key" "$tool" "$tool" ""
row "1 KiB" "**\`iexec-hsm result decrypt\`**" "$(median tiny.csv ours)" "$tool" ""
[[ -z $sdk ]] || row "1 KiB" "iExec's SDK" "$(median tiny.csv sdk)" "$tool" ""

echo "| Archive | What | Median | Ratio | Peak memory |"
echo "|--:|---|--:|--:|--:|"
cat table.md
echo
echo "SoftHSM2, $(openssl version | cut -d' ' -f1,2), RSA-4096; $(nproc) x $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1)."
