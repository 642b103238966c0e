#!/usr/bin/env bash
# Measures the key agent against a bare program that loops C_Decrypt with as many sessions on the same SoftHSM2 token, and
# prints the table as Markdown. Both are measured in turns, so that a busy moment of the machine hits both.
#
#   --runs N       rounds of each (5)
#   --sessions N   sessions with the token (as many as there are cores)
#   --small        one short round: shows that all of it works, not how fast it is
#   --timing N     instead, in N rounds, whether the time of an answer tells a good wrapped key from a bad one
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
. softhsm/lib.sh

runs=5 sessions=$(nproc) seconds=3 total=100000 idle=10 timing=''
while [[ $# -gt 0 ]]; do
    case $1 in
        --runs) runs=${2:?a number of runs} && shift ;;
        --sessions) sessions=${2:?a number of sessions} && shift ;;
        --timing) timing=${2:?a number of rounds} && shift ;;
        --small) runs=1 seconds=0 total=2000 idle=1 ;;
        *) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
    esac
    shift
done

need_rust
need softhsm2-util:softhsm2 openssl
build_release
cargo build --locked --release --quiet --package agent-bench

bench=$(mktemp -d "$(target_folder)/bench.XXXXXX")
agent=''
trap '[[ -z $agent ]] || kill "$agent" 2>/dev/null || true; rm -rf "$bench"' EXIT
umask 077
module=$(softhsm_module)
forget_settings "$bench"
token_folder "$bench"
cd "$bench"
export SOFTHSM2_CONF=$bench/softhsm2.conf IEXEC_HSM_MODULE=$module IEXEC_HSM_PIN_FILE=$bench/pin
export IEXEC_HSM_WALLET_ADDRESS=0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf
# A path of a socket is short.
export IEXEC_HSM_AGENT_SOCK=$bench/sock
echo 123456 >pin
echo 87654321 >so-pin
head -c 32 /dev/urandom >content-key

{
    iexec-hsm token init --token-label bench --so-pin-file so-pin
    for bits in 2048 4096; do
        iexec-hsm result generate-keys --bits "$bits"
        openssl pkeyutl -encrypt -pubin -inkey .secrets/beneficiary/*_key.pub -in content-key -out "wrapped-$bits"
    done
} >setup.log 2>&1 || { cat setup.log >&2 && die "cannot prepare the token"; }

iexec-hsm agent start --sessions "$sessions" --audit-log audit 2>agent.log &
agent=$!
for _ in {1..500}; do
    iexec-hsm agent status >/dev/null 2>&1 && break
    sleep 0.02
done
iexec-hsm agent status >/dev/null || { cat agent.log >&2 && die "the agent does not answer"; }

rss() { awk '/^VmRSS/ { printf "%.1f", $2 / 1024 }' "/proc/$agent/status"; }
ticks() { awk '{ print $14 + $15 }' "/proc/$agent/stat"; }
bare() { agent_bare "$module" bench 123456 "$1" "wrapped-$1" "$2" "$3"; }
clients() { agent_clients "$IEXEC_HSM_AGENT_SOCK" "$1" "wrapped-$1" "$2" "$3"; }

if [[ -n $timing ]]; then
    for bits in 2048 4096; do
        agent_timing "$IEXEC_HSM_AGENT_SOCK" "$bits" "$timing"
        echo
    done
    exit
fi

# median FIELD   of the lines on stdin
median() { awk -v field="$1" '{ print $field }' | sort -n | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'; }

say "Measuring ..."
echo "| key | sessions | bare loop | 8 clients of the agent | ratio | one, bare: median, p99 | one client: median, p99 |"
echo "|---|--:|--:|--:|--:|--:|--:|"
for bits in 2048 4096; do
    read -r rate _ < <(bare "$bits" "$sessions" 200)
    count=$((rate * seconds + 400))
    alone=$((count / 2 / sessions))
    : >bare.all && : >clients.all && : >bare.one && : >clients.one
    for ((run = 0; run < runs; run++)); do
        bare "$bits" "$sessions" "$count" >>bare.all
        clients "$bits" 8 "$count" >>clients.all
        bare "$bits" 1 "$alone" >>bare.one
        clients "$bits" 1 "$alone" >>clients.one
    done
    awk -v bits="$bits" -v sessions="$sessions" \
        -v bare="$(median 1 <bare.all)" -v clients="$(median 1 <clients.all)" \
        -v one="$(median 2 <bare.one), $(median 3 <bare.one)" \
        -v client="$(median 2 <clients.one), $(median 3 <clients.one)" \
        'BEGIN { printf "| RSA-%s | %d | %d/s | %d/s | %.2f | %s µs | %s µs |\n",
            bits, sessions, bare, clients, clients / bare, one, client }'
done

say "Memory ..."
before=$(rss)
clients 2048 8 $((total / 2)) >/dev/null
half=$(rss)
clients 2048 8 $((total / 2)) >/dev/null
echo
echo "Memory of the agent: $before MiB before, $half MiB after $((total / 2)) unwraps more, $(rss) MiB after $total."
first=$(ticks)
sleep "$idle"
echo "CPU of the idle agent: $((($(ticks) - first) * 1000 / $(getconf CLK_TCK))) ms in $idle s."
iexec-hsm agent stop 2>/dev/null
agent=''
