#!/usr/bin/env bash
# Measures `task pull` through the agent, from the chain to the folders of results, against a bare program that loops
# C_Decrypt as often in as many sessions on the same SoftHSM2 token, and prints a table as Markdown. All are measured in
# turns. The node, the market and a gateway that costs little run on the same machine, so the table has the processor time
# that each takes for a result, too, and what of the bare rate is left where only the program and its agent need any.
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
need softhsm2-util:softhsm2 openssl curl
build_release
cargo build --locked --release --quiet --package agent-bench
chain=$PWD/softhsm/chain.sh

bench_token
agent='' world='' gateway=''
end() {
    [[ -z $agent ]] || kill "$agent" 2>/dev/null || true
    [[ -z $gateway ]] || kill "$gateway" 2>/dev/null || true
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

# The world's own gateway is made for faults. All results are one archive, which another one has in memory.
location=$(iexec-hsm task show "$(head -1 tasks)" --raw | grep -o '/ipfs/[A-Za-z0-9]*' | head -1)
car='application/vnd.ipld.car;version=1;order=dfs;dups=y'
served=$(sed -n 's/.*"ipfsGateway": "\([^"]*\)".*/\1/p' chain.json)
curl --silent --show-error --fail --header "Accept: $car" "$served$location" >archive.car
gateway_bare archive.car >gateway.url &
gateway=$!
until [[ -s gateway.url ]]; do
    sleep 0.02
done
IEXEC_HSM_IPFS_GATEWAY=$(<gateway.url)
export IEXEC_HSM_IPFS_GATEWAY

# took FILE COMMAND...   adds a line with the seconds that a command took: by the clock, and of the processors
took() {
    local file=$1 TIMEFORMAT='%R %U %S'
    shift
    { time "$@" 2>&3; } 3>&2 2>took.log
    tail -1 took.log | awk '{ print $1, $2 + $3 }' >>"$file"
}

# spent PID...   prints the seconds of the processors that processes have taken so far
spent() {
    local pid
    for pid in "$@"; do
        sed 's/.*) //' "/proc/$pid/stat"
    done | awk -v hertz="$(getconf CLK_TCK)" '{ ticks += $12 + $13 } END { print ticks / hertz }'
}
mapfile -t workers < <(pgrep --parent "$agent")
lives=$(<"$IEXEC_TRY_CHAIN/pid")
mapfile -t node < <(pgrep --parent "$lives")
# Seconds of: the workers of the agent, the agent itself, the node, the market and the gateway.
all_spent() {
    echo "$(spent "${workers[@]}") $(spent "$agent") $(spent "${node[@]}") $(spent "$lives" "$gateway")"
}

# pulled NAME ARGUMENT...   pulls all results once, and adds a line on that to the file NAME
pulled() {
    local name=$1 before
    shift
    before=$(all_spent)
    took "$name.own" quietly iexec-hsm task pull --require-agent --output-dir results "$@"
    echo "$before $(all_spent)" | awk '{ print $5 - $1, $6 - $2, $7 - $3, $8 - $4 }' >>"$name.others"
    [[ $(find results -name result.txt -size 64k | wc -l) -eq $results ]] || die "not all were pulled"
    rm -r results
}

# middle_of FILE FIELD
middle_of() { cut -d ' ' -f "$2" "$1" | middle; }

say "Measuring ..."
for ((run = 0; run < runs; run++)); do
    took bare.own agent_bare "$IEXEC_HSM_MODULE" bench 123456 4096 wrapped "$sessions" "$results" >>bare
    pulled verified
    pulled unverified --no-verify
done

echo "$results results of 64 KiB, $sessions sessions; bare \`C_Decrypt\`: $(middle_of bare 1) a second. Milliseconds are those of the"
echo "processors for one result."
echo
echo "| \`task pull\` | a second | of the bare rate | bare, ms | token, ms | agent, ms | \`task pull\`, ms | node, ms | market and gateway, ms | of bare, services elsewhere |"
echo "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
for name in verified unverified; do
    awk -v name="$name" -v results="$results" -v rate="$(middle_of bare 1)" -v bare="$(middle_of bare.own 2)" \
        -v seconds="$(middle_of "$name.own" 1)" -v own="$(middle_of "$name.own" 2)" \
        -v token="$(middle_of "$name.others" 1)" -v agent="$(middle_of "$name.others" 2)" \
        -v node="$(middle_of "$name.others" 3)" -v services="$(middle_of "$name.others" 4)" '
        function ms(seconds) { return sprintf("%.2f", 1000 * seconds / results) }
        BEGIN {
            printf "| %s | %d | %.2f | %s | %s | %s | %s | %s | %s | %.2f |\n", name, results / seconds,
                results / seconds / rate, ms(bare), ms(token), ms(agent), ms(own), ms(node), ms(services),
                bare / (token + agent + own)
        }'
done
