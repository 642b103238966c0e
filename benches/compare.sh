#!/usr/bin/env bash
# Measures iexec-hsm against its neighbours on one machine in one run, and prints the tables as Markdown.
#
#   --runs N       runs of each program (9)
#   --huge         5 GiB, too, with a page cache that is full (prepare.py says why); takes 30 GiB of disk, and as much as
#                  there is memory
#   --small        small sizes and 2 runs: shows that all of it works, not how fast it is
#   --quick        smaller sizes, 3 runs and nothing that takes long: some minutes
#   --no-sdk       leaves out iExec's SDK, which takes a minute for 512 MiB
#   --write        writes docs/performance.md and its plot, instead of printing
#
# Inputs are in the page cache, but for the tables that say otherwise; outputs are new files on the same file system.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
. softhsm/lib.sh
. benches/lib.sh
. benches/slow_disk.sh

runs=9 mib=512 text=2048 many=200 sizes=(1 8 64 512) sdk=yes huge='' write='' slow=128 entries=(1 1000 99000)
while [[ $# -gt 0 ]]; do
    case $1 in
        --runs) runs=${2:?a number of runs} && shift ;;
        --small) memory_is=as-is runs=2 mib=16 text=64 many=8 sizes=(1 4 16) slow=8 entries=(1 100) ;;
        --quick) runs=3 mib=128 text=128 many=32 sizes=(16 64 128) slow=32 entries=(1 1000) sdk='' ;;
        --huge) huge=5120 ;;
        --no-sdk) sdk='' ;;
        --write) write=$PWD/docs ;;
        *) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
    esac
    shift
done
[[ -z $huge ]] || sizes+=("$huge")

need_rust
need softhsm2-util:softhsm2 pkcs11-tool:opensc hyperfine curl openssl python3 unzip zip /usr/bin/time:time
build_release
cargo build --locked --release --quiet --package agent-bench
here=$PWD
if [[ -n $sdk ]]; then
    sdk=$(softhsm/sdk.sh) || sdk=''
fi
[[ -z $sdk ]] || sdk="node '$here/softhsm/sdk-decrypt.mjs' '$sdk/8.24.0' key.pem"
bench_token
exec 3>report.md

# Seals FILE or folder $1 as $2.zip. Ours keeps the body stored; the enclave deflates it by zlib, and so does this.
seal() {
    quietly iexec-hsm result encrypt "$1" --public-key key.pub --output "$2.zip" --force "${@:3}"
    mkdir parts
    unzip -q "$2.zip" -d parts
    rm "$2.zip"
    (cd parts && python3 -m zipfile -c "../$2.zip" iexec_out.zip.aes aes-key.rsa)
    rm -r parts
}

# noise MIB   makes noise.zip, a result of that many random MiB, and noise.enc.zip, its archive
noise() {
    mkdir payload
    head -c "$(($1 * 1024 * 1024))" /dev/urandom >payload/result.bin
    echo '{"deterministic-output-path":"/iexec_out/result.bin"}' >payload/computed.json
    (cd payload && zip -q -0 ../noise.zip result.bin computed.json)
    rm -r payload
    seal noise.zip noise.enc
    cat noise.enc.zip >/dev/null
}

ours="iexec-hsm result decrypt"

# row CASE OURS OTHER WHAT   of the last measure
row() {
    local a b
    a=$(median "$2") b=$(median "$3")
    printf '| %s | %s | %s | %s | **%s** | %s |\n' "$1" "$(time_of "$a")" "$4" "$(time_of "$b")" \
        "$(ratio "$a" "$b")" "$(ratio "$(processor "$2")" "$(processor "$3")")" >&3
}

# Memory of ours beyond that of a process that only loads the module.
extra() { awk -v peak="$(peak "$1")" -v base="$base" 'BEGIN { printf "%.1f MiB", (peak - base) / 1024 }'; }
base=$(peak "iexec-hsm token list")

head_of_table() {
    printf '\n| %s | ours | against | takes | ratio | processor |\n|---|--:|---|--:|--:|--:|\n' "$1" >&3
}

files() {
    say "$1 MiB to a file ..."
    measure "$runs" ours "$ours noise.enc.zip --output ours.out" \
        cp "cp noise.enc.zip cp.out && sync cp.out" \
        fast "$ours noise.enc.zip --output fast.out --no-sync" plain "cp noise.enc.zip plain.out"
    row "$1 MiB to a file" ours cp "\`cp\` and \`sync\`"
    row "$1 MiB to a file, \`--no-sync\`" fast plain "\`cp\`"
    # Four outputs of the largest archive leave no room for a fifth on every disk.
    rm -f ./*.out
    quietly iexec-hsm result decrypt noise.enc.zip --output ours.out
    same ours.out noise.zip
}

# Archives that are not in the page cache, so that the disk has a part.
cold() {
    say "Cold ..."
    local into_pipe="cat noise.enc.zip | cat >cat.out"
    head_of_table "large archives that are not in memory, \`--no-sync\`"
    memory_is=cold measure "$runs" file "$ours noise.enc.zip --output file.out --no-sync" \
        folder "$ours noise.enc.zip --extract folder.out --no-sync" cp "cp noise.enc.zip cp.out" \
        pipe "$ours noise.enc.zip --output - | cat >pipe.out" cat "$into_pipe"
    row "$mib MiB to a file" file cp "\`cp\`"
    row "$mib MiB, \`--extract\`" folder cp "\`cp\`"
    row "$mib MiB to a pipe" pipe cat "\`cat in \\| cat >out\`"
    rm -rf ./*.out
}

# The same on a disk that is slower than this one.
slow_disk_rows() {
    say "A slow disk ..."
    slow_disk $((slow * 4 + 64)) || return 0
    noise "$slow"
    mv noise.enc.zip slow/
    head_of_table "on a disk of 100 MB/s and 5 ms, not in memory, \`--no-sync\`"
    memory_is=cold measure "$((runs < 5 ? runs : 5))" file "$ours slow/noise.enc.zip --output slow/file.out --no-sync" \
        folder "$ours slow/noise.enc.zip --extract slow/folder.out --no-sync" cp "cp slow/noise.enc.zip slow/cp.out"
    row "$slow MiB to a file" file cp "\`cp\`"
    row "$slow MiB, \`--extract\`" folder cp "\`cp\`"
    remove_slow_disk
    rm noise.zip
}

# Results of many files: entries COUNT
entries() {
    say "$1 entries ..."
    python3 - "$1" <<'PYTHON'
import os, sys, zipfile
with zipfile.ZipFile("many.zip", "w") as result:
    for number in range(int(sys.argv[1])):
        result.writestr(f"{number % 100}/{number}.bin", os.urandom(1024))
PYTHON
    quietly iexec-hsm result encrypt many.zip --public-key key.pub --output many.enc.zip --force
    measure 3 ours "$ours many.enc.zip --extract ours.out --no-sync" unzip "unzip -q many.zip -d unzip.out"
    row "$1 files of 1 KiB, \`--extract --no-sync\`" ours unzip "\`unzip\` of the plain result"
    rm -rf many.* ./*.out
}

# A body that is stored needs no copy more in this process.
stored() {
    say "A stored body ..."
    quietly iexec-hsm result encrypt noise.zip --public-key key.pub --output stored.zip --force
    cat stored.zip >/dev/null
    measure "$runs" fast "$ours stored.zip --output fast.out --no-sync" plain "cp stored.zip plain.out"
    row "$mib MiB, its body stored, \`--no-sync\`" fast plain "\`cp\`"
    rm stored.zip
}

pipes() {
    say "Through pipes ..."
    measure "$runs" out "$ours noise.enc.zip --output - | cat >ours.out" \
        in "cat noise.enc.zip | $ours - --output ours.out --no-sync" \
        cat "cat noise.enc.zip | cat >cat.out"
    row "$mib MiB to a pipe" out cat "\`cat in \\| cat >out\`"
    row "$mib MiB from a pipe, \`--no-sync\`" in cat "\`cat in \\| cat >out\`"
}

# From a gateway on this machine, which is the node, too: the bytes are held against their CID on the way. FORM is of the
# archive; its files are verified against the digest on the chain, or not.
#
# downloads ARCHIVE FORM
downloads() {
    say "Downloads of $2 ..."
    serve "$1"
    measure "$runs" curl "curl -sfo curl.out $url$location && sync curl.out" \
        piped "$show --download - >piped.out && sync piped.out" \
        file "$file-on.out && mv file-on.out.zip file-on.out" \
        file-off "$file-off.out --no-verify && mv file-off.out.zip file-off.out" \
        folder "$folder-on.out" folder-off "$folder-off.out --no-verify"
    [[ $2 != today ]] || row "$mib MiB from a gateway, checked, \`--download -\` and \`sync\`" piped curl "\`curl -o\` and \`sync\`"
    for place in file folder; do
        row "$mib MiB from a gateway, $2, to a $place, \`--no-verify\`" "$place-off" curl "\`curl -o\` and \`sync\`"
        row "the same, verified" "$place" curl "the same"
        row "the same" "$place" "$place-off" "\`--no-verify\`"
        printf '| %s MiB from a gateway, %s, to a %s, verified | %s |\n' "$mib" "$2" "$place" \
            "$(extra "${!place}-peak.out")" >>memory.rows
    done
    rm -rf ./*.out ./*.out.zip
    quietly sh -c "$folder.out && $file && mv file.zip file.out"
    same folder.out/result.bin result
    same file.out noise.zip
    kill "$gateway"
    rm -rf "$1.car" result chain.json ./*.out
}

# The same at the pace of a network: 1 Gbit/s.
over_network() {
    say "Downloads at 1 Gbit/s ..."
    serve "$1" 125
    measure "$((runs < 3 ? runs : 3))" curl "curl -sfo curl.out $url$location && sync curl.out" \
        file "$file-on.out && mv file-on.out.zip file-on.out" \
        file-off "$file-off.out --no-verify && mv file-off.out.zip file-off.out" \
        folder "$folder-on.out" folder-off "$folder-off.out --no-verify"
    for place in file folder; do
        row "$mib MiB at 1 Gbit/s, to a $place, verified" "$place" curl "\`curl -o\` and \`sync\`"
        row "the same" "$place" "$place-off" "\`--no-verify\`"
    done
    kill "$gateway"
    rm -rf "$1.car" result chain.json ./*.out
}

# serve ARCHIVE [RATE]   starts the gateway; `file` and `folder` are the commands that download from it
serve() {
    unzip -p noise.zip result.bin >result
    : >served
    setpriv --pdeathsig KILL python3 "$here/benches/gateway.py" "$1" result "${@:2}" >served &
    gateway=$!
    until read -r url location task <served; do sleep 0.1; done
    printf '{"default":"bench","chains":{"bench":{"id":"65535","host":"%s","hub":"%s","ipfsGateway":"%s"}}}' \
        "$url" 0x3eca1B216A7DF1C7689aEb259fFB83ADFB894E7f "$url" >chain.json
    show="iexec-hsm task show $task --raw"
    # shellcheck disable=SC2034 # By its name.
    file="$show --decrypt --download file"
    folder="$show --extract folder"
}

# How the archive is opened with unzip and openssl.
pipeline() {
    local key iv
    unzip -p noise.enc.zip aes-key.rsa >wrapped
    openssl pkeyutl -decrypt -inkey key.pem -in wrapped -out content-key
    key=$(hex <content-key)
    iv=$(unzip -p noise.enc.zip iexec_out.zip.aes 2>/dev/null | head -c 16 | hex) || true # unzip's broken pipe
    openssl_decrypt="unzip -p noise.enc.zip iexec_out.zip.aes | { dd bs=16 count=1 iflag=fullblock of=/dev/null status=none;
        openssl enc -d -aes-256-cbc -K $key -iv $iv -out openssl.out; }"
}

hex() { od -An -v -tx1 | tr -d ' \n'; }

neighbours() {
    say "Its neighbours ..."
    measure "$runs" ours "$ours noise.enc.zip --output ours.out --no-sync" openssl "$openssl_decrypt"
    row "$mib MiB to a file, \`--no-sync\`" ours openssl "\`unzip\` into \`openssl enc -d\`, its key being known"
    if [[ -n $sdk ]]; then
        say "iExec's SDK ..."
        measure 1 ours "$ours noise.enc.zip --output ours.out --no-sync" sdk "$sdk noise.enc.zip sdk.out"
        row "$mib MiB to a file, \`--no-sync\`" ours sdk "iExec's SDK, its key a PEM file"
    fi
}

sealing() {
    say "Sealing ..."
    local key
    key=$(printf '42%.0s' {1..32})
    measure "$runs" ours "iexec-hsm result encrypt noise.zip --public-key key.pub --output sealed.out" \
        openssl "openssl enc -aes-256-cbc -K $key -iv ${key:32} -in noise.zip -out openssl.out"
    row "sealing $mib MiB" ours openssl "\`openssl enc\`, which does not sync"
}

legacy() {
    say "The form before 9.0.0 ..."
    seal noise.zip legacy --format legacy-ecb
    measure "$runs" ours "$ours legacy.zip --output ours.out" cp "cp legacy.zip cp.out && sync cp.out" \
        unzip "unzip -p legacy.zip iexec_out.zip.aes >unzip.out"
    row "$mib MiB of the form before 9.0.0" ours cp "\`cp\` and \`sync\`"
    row "the same" ours unzip "\`unzip\` of its body, not decrypted"
    downloads legacy.zip "the form before 9.0.0"
    rm legacy.zip
}

# words MIB FILES   makes a folder of text in so many files
words() {
    mkdir payload
    awk -v bytes=$(($1 * 1024 * 1024)) -v files="$2" 'BEGIN {
        srand(1)
        for (i = 0; i < 5000; i++) { w = ""; n = 2 + int(rand() * 9)
            for (j = 0; j < n; j++) w = w sprintf("%c", 97 + int(rand() * 26)); word[i] = w }
        for (b = 0; b < 16; b++) { s = ""
            while (length(s) < 65536) s = s word[int(5000 * rand() ^ 3)] " "; block[b] = substr(s, 1, 65535) "\n" }
        each = bytes / files / 65536
        for (f = 0; f < files; f++) { name = sprintf("payload/%03d.txt", f)
            for (k = 0; k < each; k++) printf "%s", substr(block[int(16 * rand())], 1 + int(rand() * 30000)) > name
            close(name) } }'
    quietly iexec-hsm result encrypt payload --public-key key.pub --output text.enc.zip --force
    rm -r payload
    quietly iexec-hsm result decrypt text.enc.zip --output text.zip --force
}

extraction() {
    local files
    for files in 1 64; do
        say "Text in $files files ..."
        words "$text" "$files"
        measure 3 ours "$ours text.enc.zip --extract ours.out --no-sync" \
            unzip "unzip -q text.zip -d unzip.out"
        row "$text MiB of text in $files files, \`--extract --no-sync\`" ours unzip "\`unzip\` of the plain result"
        rm -rf ./*.out
        quietly iexec-hsm result decrypt text.enc.zip --extract ours.out
        quietly unzip -q text.zip -d unzip.out
        diff -r ours.out unzip.out || die "extracted differently"
        rm -rf text.* ./*.out
    done
}

small() {
    say "Small archives ..."
    local i module=$IEXEC_HSM_MODULE
    head -c 1024 /dev/urandom >note
    quietly iexec-hsm result encrypt note --public-key key.pub --output tiny.zip
    unzip -p tiny.zip aes-key.rsa >wrapped
    local tool="pkcs11-tool --module $module --login --pin 123456 --decrypt --mechanism RSA-PKCS -i wrapped -o key.out"
    turns $((runs * 3)) ours "$ours tiny.zip --output ours.out" fast "$ours tiny.zip --output fast.out --no-sync" \
        bare "agent_bare $module bench 123456 4096 wrapped 1 1" tool "$tool"
    row "1 KiB" ours bare "a bare program's one \`C_Decrypt\`"
    row "1 KiB" ours tool "\`pkcs11-tool --login --decrypt\`, which does not sync"
    row "1 KiB, \`--no-sync\`" fast tool "\`pkcs11-tool --login --decrypt\`"
    if [[ -n $sdk ]]; then
        measure 3 ours "$ours tiny.zip --output ours.out" sdk "$sdk tiny.zip sdk.out"
        row "1 KiB" ours sdk "iExec's SDK"
    fi
    mkdir many
    for ((i = 0; i < many; i++)); do
        head -c 65536 /dev/urandom >note
        quietly iexec-hsm result encrypt note --public-key key.pub --output "many/$i.zip"
    done
    measure "$runs" ours "$ours many/*.zip --output-dir ours.out" fast "$ours many/*.zip --output-dir fast.out --no-sync" \
        bare "agent_bare $module bench 123456 4096 wrapped $(nproc) $many"
    row "$many archives of 64 KiB in one command" ours bare "a bare program's $many \`C_Decrypt\` in $(nproc) sessions"
    row "the same, \`--no-sync\`" fast bare "the same"
    rm -rf many
}

# memory MIB
memory() {
    say "Memory ..."
    {
        printf '| %s MiB to a file | %s |\n' "$1" "$(extra "$ours noise.enc.zip --output ours.out")"
        printf '| %s MiB to a pipe | %s |\n' "$1" "$(extra "$ours noise.enc.zip --output - ")"
        printf '| %s MiB from a pipe | %s |\n' "$1" "$(extra "$ours - --output ours.out <noise.enc.zip")"
        printf '| %s MiB extracted | %s |\n' "$1" "$(extra "$ours noise.enc.zip --extract ours.out")"
    } >>memory.rows
}

# Time and memory against size, for the plot: against_size MIB
against_size() {
    say "$1 MiB for the plot ..."
    measure 3 iexec-hsm "$ours noise.enc.zip --output ours.out" cp "cp noise.enc.zip cp.out && sync cp.out" \
        openssl "$openssl_decrypt"
    point iexec-hsm "$1" "$ours noise.enc.zip --output ours.out"
    point cp "$1" "cp noise.enc.zip cp.out"
    point openssl "$1" "openssl enc -aes-256-cbc -K $(hex <content-key) -iv $(hex <content-key | head -c 32) -in noise.zip -out openssl.out"
    if [[ -n $sdk && $1 -le 512 ]]; then
        measure 1 SDK "$sdk noise.enc.zip sdk.out"
        point SDK "$1" "$sdk noise.enc.zip sdk.out"
    fi
}

# point PROGRAM MIB COMMAND   of the last measure: time, peak memory and the processor's time
point() {
    printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$(median "$1")" "$(($(peak "$3") / 1024))" "$(processor "$1")" >>plot.tsv
}

# What a MiB more costs at the largest sizes, and by how much that is more than at those before.
slopes() {
    printf '\n| what each MiB more costs, synced | before | then | ratio | processor |\n|---|--:|--:|--:|--:|\n'
    awk -F'\t' -v sizes="${sizes[*]: -3}" '
        { time[$1, $2] = $3; busy[$1, $2] = $5 }
        function slope(of, program, a, b) { return (of[program, b] - of[program, a]) / (b - a) }
        function row(program, name) {
            printf "| %s, from %d to %d and to %d MiB | %.2f ms | %.2f ms | **%.2f** | %.2f |\n", name, s[1], s[2], s[3],
                1000 * slope(time, program, s[1], s[2]), 1000 * slope(time, program, s[2], s[3]),
                slope(time, program, s[2], s[3]) / slope(time, program, s[1], s[2]),
                slope(busy, program, s[2], s[3]) / slope(busy, program, s[1], s[2])
        }
        END { split(sizes, s, " "); row("iexec-hsm", "ours"); row("cp", "`cp` and `sync`") }' plot.tsv
}

head_of_table "large archives"
for size in "${sizes[@]}"; do
    noise "$size"
    pipeline
    [[ $size -ne ${huge:-0} ]] || memory_is=full
    if [[ $size -eq $mib ]]; then
        files "$size"
        stored
        pipes
        cold
        head_of_table "ways from and to elsewhere"
        downloads noise.enc.zip today
        over_network noise.enc.zip
        neighbours
        sealing
        legacy
    elif [[ $size -eq ${huge:-0} ]]; then
        files "$size"
    fi
    if [[ $size -eq 64 || $size -eq ${sizes[-1]} ]]; then
        memory "$size"
    fi
    against_size "$size"
    rm -rf noise.* ./*.out
    [[ $memory_is != full ]] || rm -rf kept
done
[[ $memory_is != full ]] || memory_is=warm
head_of_table "unpacking"
extraction
for count in "${entries[@]}"; do
    entries "$count"
done
slow_disk_rows
head_of_table "small archives"
small
printf '\n| peak memory beyond that of loading the module (%s MiB) | ours |\n|---|--:|\n' \
    "$(awk -v base="$base" 'BEGIN { printf "%.1f", base / 1024 }')" >&3
cat memory.rows >&3
slopes >&3

{
    printf '\n%s x %s; %s; SoftHSM2, %s, RSA-4096; %s runs of each, medians.\n' "$(nproc)" \
        "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1)" "$(uname -sr)" \
        "$(openssl version | cut -d' ' -f1,2)" "$runs"
} >&3

if [[ -z $write ]]; then
    cat report.md
    cat plot.tsv
    exit
fi
awk -f "$here/benches/plot.awk" plot.tsv >"$write/performance.svg"
sed '/^<!-- measured -->/q' "$write/performance.md" >page.md
cat report.md >>page.md
cp page.md "$write/performance.md"
say "Written: docs/performance.md and docs/performance.svg"
