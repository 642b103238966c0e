#!/usr/bin/env bash
# Measures `task pull` through the agent, from the chain to the folders of results, against a bare program that loops
# C_Decrypt as often in as many sessions on the same SoftHSM2 token, and prints the table as Markdown. Both are measured in
# turns. The chain, its market and the gateway run on the same machine (softhsm/chain.sh).
#
#   --runs N       rounds of each (5)
#   --results N    results of 64 KiB (1000)
#   --sessions N   sessions with the token (as many as there are cores)
#   --small        one short round: shows that all of it works, not how fast it is
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
. softhsm/lib.sh
. benches/lib.sh

runs=5 results=1000 sessions=$(nproc)
while [[ $# -gt 0 ]]; do
    case $1 in
        --runs) runs=${2:?a number of runs} && shift ;;
        --results) results=${2:?a number of results} && shift ;;
        --sessions) sessions=${2:?a number of sessions} && shift ;;
        --small) runs=1 results=20 ;;
        *) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
    esac
    shift
done

need_rust
need softhsm2-util:softhsm2 openssl
build_release
cargo build --locked --release --quiet --package agent-bench
chain=$PWD/softhsm/chain.sh

bench_token
agent='' world=''
end() {
    [[ -z $agent ]] || kill "$agent" 2>/dev/null || true
    [[ -z $world ]] || "$chain" down >/dev/null || true
    rm -rf "$bench"
}
trap end EXIT

say "Starting the chain ..."
world=$("$chain" up)
eval "$world"
export IEXEC_HSM_WALLET_KEY=0000000000000000000000000000000000000000000000000000000000000001
quietly iexec-hsm result push-encryption-key --allow-imported
export IEXEC_HSM_AGENT_SOCK=$bench/sock
iexec-hsm agent start --sessions "$sessions" --audit-log /dev/null 2>agent.log &
agent=$!
for _ in {1..500}; do
    iexec-hsm agent status >/dev/null 2>&1 && break
    sleep 0.02
done

say "Computing $results results ..."
"$chain" run "$IEXEC_HSM_WALLET_ADDRESS" "$results" 65536 >tasks
completed() { iexec-hsm task list --state completed --raw | grep -o '"taskid"' | wc -l; }
until [[ $(completed) -eq $results ]]; do
    sleep 1
done

head -c 32 /dev/urandom >content-key
openssl pkeyutl -encrypt -pubin -inkey key.pub -in content-key -out wrapped
seconds() { awk '{ print $1 / 1000 }' <<<"$(($(date +%s%N) / 1000000 - $1))"; }
say "Measuring ..."
: >pulled && : >bare
for ((run = 0; run < runs; run++)); do
    agent_bare "$IEXEC_HSM_MODULE" bench 123456 4096 wrapped "$sessions" "$results" >>bare
    start=$(($(date +%s%N) / 1000000))
    quietly iexec-hsm task pull --require-agent --output-dir "results-$run"
    seconds "$start" >>pulled
    [[ $(find "results-$run" -name result.txt -size 64k | wc -l) -eq $results ]] || die "not all were pulled"
    rm -r "results-$run"
done
awk -v results="$results" -v sessions="$sessions" -v rate="$(cut -d ' ' -f 1 bare | middle)" -v took="$(middle <pulled)" '
    BEGIN {
        print "| results of 64 KiB | sessions | bare `C_Decrypt` | `task pull` | of the bare rate |"
        print "|--:|--:|--:|--:|--:|"
        printf "| %d | %d | %d/s | %d/s | %.2f |\n", results, sessions, rate, results / took, results / took / rate
    }'
