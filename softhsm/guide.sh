#!/usr/bin/env bash
# Walks through iExec's guide "Encrypt iApp Results", command by command, with iexec-hsm for iexec: from an empty folder to
# "Hello, world!". The result key and the wallet that pays are on a software token (SoftHSM2); chain, app, workerpool and
# services are those of softhsm/chain.sh. It asks as the commands do, so it needs a terminal. Leaves nothing behind.
#
# Where IEXEC_TRY_CHAIN names a chain of softhsm/chain.sh that is up, it is used. With GUIDE_PROGRAM=FOLDER the program is
# the one in that folder and none is built.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
. softhsm/lib.sh
root=$PWD

need softhsm2-util:softhsm2 unzip curl
if [[ -n ${GUIDE_PROGRAM:-} ]]; then
    PATH=$GUIDE_PROGRAM:$PATH
else
    need_rust
    build_release
fi

guide=$(mktemp -d)
ours=
leave() {
    cd "$guide"
    [[ -z $ours ]] || "$root/softhsm/chain.sh" down >/dev/null
    cd /
    "$root/softhsm/token.sh" down >/dev/null 2>&1 || true
    rm -rf "$guide"
}
trap leave EXIT
forget_settings "$guide"
# Cargo, which builds the chain's services, has its own in the home folder.
export CARGO_HOME=${CARGO_HOME:-$HOME/.cargo} RUSTUP_HOME=${RUSTUP_HOME:-$HOME/.rustup}
export HOME=$guide XDG_STATE_HOME=$guide/state
cd "$guide"
umask 077

bold='' plain=''
if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
    bold=$'\e[1m' plain=$'\e[0m'
fi

tell() { printf '\n# %s\n' "$*"; }

# Shows a command line, then runs it. What it prints is kept in the file `printed`.
run() {
    printf '%s$ %s%s\n' "$bold" "$1" "$plain"
    eval "$1" >"$guide/printed" || { cat "$guide/printed"; die "that went wrong"; }
    cat "$guide/printed"
}

tell "A token, a chain with an app and a workerpool, and a wallet on the token with some money."
token=$("$root/softhsm/token.sh" up)
eval "$token"
if [[ -n ${IEXEC_TRY_CHAIN:-} ]]; then
    cp "$IEXEC_TRY_CHAIN/chain.json" .
    IEXEC_TRY_APP=$(<"$IEXEC_TRY_CHAIN/app") IEXEC_TRY_WORKERPOOL=$(<"$IEXEC_TRY_CHAIN/workerpool")
    IEXEC_HSM_TRUSTED_HOSTS=$(<"$IEXEC_TRY_CHAIN/trusted")
    export IEXEC_HSM_TRUSTED_HOSTS
else
    chain=$("$root/softhsm/chain.sh" up)
    eval "$chain"
    ours=yes
fi
run "iexec-hsm wallet create"
ADDRESS=$(tail -n 1 "$guide/printed")
export IEXEC_HSM_WALLET='pkcs11:object=iexec%20wallet' IEXEC_HSM_WALLET_ADDRESS=$ADDRESS
"$root/softhsm/chain.sh" give "$ADDRESS"
run "iexec-hsm account deposit 1 RLC --trust-project"

tell "1. Generate your encryption key pair"
run "iexec-hsm result generate-encryption-keypair"

tell "2. Push your public key to the SMS"
run "iexec-hsm result push-encryption-key --tee-framework scone"
run "iexec-hsm result check-encryption-key --tee-framework scone"

tell "3. Run the iApp with encrypted results"
run "iexec-hsm app run $IEXEC_TRY_APP --workerpool $IEXEC_TRY_WORKERPOOL --tag tee,scone --encrypt-result --watch"
task=$(sed -n 's/.*(\(0x[0-9a-f]*\)).*/\1/p' "$guide/printed")
run "iexec-hsm task show $task --download"

tell "4. Decrypt the result"
run "unzip $task.zip"
run "iexec-hsm result decrypt iexec_out/result.zip.aes"
run "unzip results.zip -d my-decrypted-result"
run "cat my-decrypted-result/result.txt"
[[ $(<"$guide/printed") == "Hello, world!" ]] || die "this should have been: Hello, world!"

tell "All is well."
