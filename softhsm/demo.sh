#!/usr/bin/env bash
# Shows the whole way of an encrypted iExec result on a software token (SoftHSM2): a key is made on the token, a
# result is sealed for it as iExec's enclave would, and opened again, from a file and from its task. Leaves nothing behind.
# With DEMO_PAUSE=SECONDS it waits so long after each step, for an audience.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
. softhsm/lib.sh
here=$PWD

need_rust
need softhsm2-util:softhsm2 unzip python3 setpriv:util-linux
build_release
module=$(softhsm_module)

demo=$(mktemp -d)
trap 'rm -rf "$demo"' EXIT
forget_settings "$demo"
token_folder "$demo"
cd "$demo"
umask 077

bold='' plain=''
if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
    bold=$'\e[1m' plain=$'\e[0m'
fi
exec 2>&1

tell() { printf '\n# %s\n' "$*"; }
pause() { sleep "${DEMO_PAUSE:-0}"; }

# Shows a command line, then runs it.
run() {
    printf '%s$ %s%s\n' "$bold" "$1" "$plain"
    eval "$1" || die "that went wrong"
    pause
}

# Runs a command line like `run`, and insists on what it prints.
prints() {
    local printed
    printf '%s$ %s%s\n' "$bold" "$1" "$plain"
    printed=$(eval "$1") || die "that went wrong"
    printf '%s\n' "$printed"
    [[ $printed == "$2" ]] || die "this should have been: $2"
    pause
}

tell "A software token of our own stands in for the hardware."
run "export SOFTHSM2_CONF=$demo/softhsm2.conf"
run "export IEXEC_HSM_MODULE=$module"
run "echo 123456 > pin; echo 87654321 > so-pin"
run "iexec-hsm token init --token-label demo --pin-file pin --so-pin-file so-pin"
run "export IEXEC_HSM_PIN_FILE=$demo/pin"
run "iexec-hsm token list"

tell "The beneficiary's key is made on the token. What is kept here only names it."
run "export IEXEC_HSM_WALLET_ADDRESS=0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
run "iexec-hsm result generate-encryption-keypair"
run "cat .secrets/beneficiary/\${IEXEC_HSM_WALLET_ADDRESS}_key"

tell "A result, sealed for that key as iExec's enclave does it."
run "mkdir result"
run "printf 'Hello, world!' > result/result.txt"
run "echo '{\"deterministic-output-path\":\"/iexec_out/result.txt\"}' > result/computed.json"
run "iexec-hsm result encrypt result --output encryptedResults.zip"
run "iexec-hsm result inspect encryptedResults.zip"

tell "The beneficiary opens it: the token unwraps the key, the rest happens here."
run "iexec-hsm result decrypt"
prints "unzip -p results.zip result.txt" "Hello, world!"

tell "Or straight into a folder."
run "iexec-hsm result decrypt --extract out"
prints "cat out/result.txt" "Hello, world!"
run "diff -r result out"

tell "Or from its task on iExec's chain, verified on the way. On this machine a gateway stands in for iExec's, and a node"
echo "# that repeats what one has answered that has iExec's contracts."
hub=$(sed -n 's/^ "hub": "\(.*\)",/\1/p' "$here/softhsm/demo-chain.json")
setpriv --pdeathsig KILL python3 "$here/benches/gateway.py" encryptedResults.zip \
    --recorded "$here/softhsm/demo-chain.json" >served &
until [[ -s served ]]; do
    sleep 0.05
done
read -r url _ task <served
printf '{"default":"demo","chains":{"demo":{"id":"65535","host":"%s","hub":"%s","ipfsGateway":"%s"}}}\n' \
    "$url" "$hub" "$url" >chain.json
run "iexec-hsm task show $task --download --decrypt"
prints "unzip -p $task.zip result.txt" "Hello, world!"

tell "All is well."
