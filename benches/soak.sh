#!/usr/bin/env bash
# Keeps an agent and the command line busy with good and bad archives, wrong PINs, locks and batches, while the device goes
# away for 0.1 to 20 s, the agent is killed, stopped and started again, disks fill and the audit log rotates. Each result is
# compared byte for byte. Prints a table of counts; ends with 1 if there was any finding.
#
#   benches/soak.sh [--debug] [SECONDS]    (60)
#
# With --debug, the debug build, which is there sooner. SOAK_SEED=N makes the same troubles again, as far as time allows.
# As root, outputs and audit log have small disks, which fill.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
. softhsm/lib.sh

given=("$@") profile=release
[[ ${1:-} != --debug ]] || { profile=dev && shift; }
seconds=${1:-60}
[[ $# -le 1 && $seconds =~ ^[1-9][0-9]*$ ]] || { sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" >&2 && exit 2; }
seed=${SOAK_SEED:-$RANDOM}

# The small disks are seen by nobody else, and go with this process.
if [[ $(id -u) -eq 0 && -z ${SOAK_MOUNTS:-} ]]; then
    SOAK_MOUNTS=1 exec unshare --mount "$0" "${given[@]}"
fi

need_rust
need softhsm2-util:softhsm2 openssl zip
say "Building iexec-hsm and what surrounds it ..."
cargo build --quiet --locked --profile "$profile" --package iexec-hsm --package faulty-module --package soak
built=$(target_folder)/${profile/dev/debug}

soak=$(mktemp -d "$(target_folder)/soak.XXXXXX")
trap 'mountpoint -q "$soak/results" && umount "$soak/results" "$soak/audit"; rm -rf "$soak"' EXIT
umask 077
forget_settings "$soak"
token_folder "$soak"
cd "$soak"
mkdir archives plain results audit scratch faulty programs
# What is built meanwhile changes nothing here.
cp "$built"/{iexec-hsm,soak,libfaulty_module.so} programs
PATH=$soak/programs:$PATH
export SOFTHSM2_CONF=$soak/softhsm2.conf IEXEC_HSM_WALLET_ADDRESS=0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf
export IEXEC_HSM_AGENT_SOCK=$soak/sock SOAK_FOLDER=$soak
IEXEC_HSM_MODULE=$(softhsm_module)
export IEXEC_HSM_MODULE
printf 123456 >pin
echo 87654321 >so-pin

# sample NAME FORMAT KIB [OPTION...]   an archive with two files, and what it opens to
sample() {
    local name=$1 format=$2 size=$3
    mkdir "plain/$name"
    head -c "${size}K" /dev/urandom >"plain/$name/data"
    echo "$name" >"plain/$name/name"
    (cd "plain/$name" && zip -q "../$name.zip" data name)
    iexec-hsm result encrypt "plain/$name.zip" --format "$format" --output "archives/$name.zip" "${@:4}"
}

prepare() {
    local size
    IEXEC_HSM_PIN_FILE=pin iexec-hsm token init --token-label soak --so-pin-file so-pin
    IEXEC_HSM_PIN_FILE=pin iexec-hsm result generate-keys --bits 2048
    openssl genrsa -out other.pem 2048
    openssl rsa -in other.pem -pubout -out other.pub
    for size in 1 40 300 2500; do
        sample "good-current-$size" current "$size"
    done
    sample good-legacy legacy-ecb 60
    sample good-guide guide-2019 60
    sample bad-20-other-key current 10 --public-key other.pub
    sample bad-20-other-key-large current 1500 --public-key other.pub
    head -c 5000 "archives/good-current-40.zip" >archives/bad-21-cut.zip
    echo 'no zip' >archives/bad-21-text.zip
}
prepare >prepare.log 2>&1 || { cat prepare.log >&2 && die "cannot prepare the token and its archives"; }
cp -a tokens kept

if [[ $(id -u) -eq 0 ]]; then
    mount -t tmpfs -o size=48m,mode=0700 soak-results results
    mount -t tmpfs -o size=256k,mode=0700 soak-audit audit
    touch results/.small audit/.small
else
    say "Without root no disk fills."
fi

# From here on the device can go away: while there is a file.
head -c 16 /dev/urandom >faulty/salt
printf '%s\n' "away-while $soak/away" 'writes-down C_Login' 'shuffle-slots' >faulty/script
export FAULTY_MODULE=$IEXEC_HSM_MODULE FAULTY_FOLDER=$soak/faulty IEXEC_HSM_MODULE=$soak/programs/libfaulty_module.so
say "Soaking for $seconds s, seed $seed ..."
soak "$soak" "$seconds" "$seed"
