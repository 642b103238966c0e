#!/usr/bin/env bash
# Goes through the flow with a token of yours, and prints a row for docs/devices/matrix.md:
#
#     docs/devices/try.sh --name "YubiHSM 2" --module yubihsm_pkcs11.so --token iexec --pin-file pin
#
# It says what it is about to make, asks for a yes, and removes what it made. A PIN that is refused ends it.
# What it tries besides (several archives at once, several programs, a signal, a device that goes away ...) it says on
# stderr, a line each: report a line that says "not as it should be".
#
#     --name NAME         what the row calls the token (what the token calls itself)
#     --module PATH       its PKCS#11 module
#     --module-args TEXT  what that module wants to be initialised with
#     --token LABEL|URI   the token, where there are several
#     --pin-file FILE     the PIN; it is asked for otherwise
#     --so-pin-file FILE  the SO PIN, where only the SO makes keys
#     --sizes "2048 4096" of what sizes keys are made (2048 3072 4096; a card takes minutes for a large one)
#     --key URI           uses this key, which is there already, and makes none
#     --make              makes keys although there are some: cards with room for one key REPLACE it then
#     --lose COMMAND      takes the device away and brings it back: 'systemctl restart pcscd'
#     --add FILE          adds the row to the table at the end of FILE, too
#     --yes               does not ask
set -euo pipefail

name='' token=() so=() sizes='2048 3072 4096' key='' make='' lose='' table='' agreed=''
pin_file=${IEXEC_HSM_PIN_FILE:-}

say() { printf '%s\n' "$*" >&2; }
die() { say "${0##*/}: $*"; exit 1; }

while [[ $# -gt 0 ]]; do
    case $1 in
        --yes) agreed=yes; shift; continue ;;
        --make) make=yes; shift; continue ;;
    esac
    [[ $# -ge 2 ]] || die "$1: not known, or without its value; the head of this script says what there is"
    case $1 in
        --name) name=$2 ;;
        --module) export IEXEC_HSM_MODULE=$2 ;;
        --module-args) export IEXEC_HSM_MODULE_ARGS=$2 ;;
        --token) token=(--token "$2") ;;
        --pin-file) pin_file=$2 ;;
        --so-pin-file) so=(--so-login --so-pin-file "$(realpath "$2")") ;;
        --sizes) sizes=$2 ;;
        --key) key=$2 ;;
        --lose) lose=$2 ;;
        --add) table=$(realpath "$2") ;;
        *) die "$1: not known; the head of this script says what there is" ;;
    esac
    shift 2
done
command -v iexec-hsm >/dev/null || die "iexec-hsm is not on the PATH"
[[ -z $pin_file ]] || pin_file=$(realpath "$pin_file")

# A folder in memory, where there is one: a PIN that is typed is in it for a while.
umask 077
memory=/dev/shm
[[ -w $memory ]] || memory=${TMPDIR:-/tmp}
work=$(mktemp -d "$memory/iexec-hsm-try.XXXXXX")
made='' agent=''
finish() {
    [[ -z $agent ]] || iexec-hsm agent stop >/dev/null 2>&1 || true
    [[ -z $made ]] || say "Still on the token, please remove it: $made"
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM
cd "$work"
export XDG_CONFIG_HOME=$work/config XDG_RUNTIME_DIR=$work
export IEXEC_HSM_WALLET_ADDRESS=0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf
unset IEXEC_HSM_BENEFICIARY_KEYSTOREDIR IEXEC_HSM_KEY IEXEC_HSM_AGENT_SOCK

# field NAME   prints that field of the line of JSON on stdin
field() { sed -nE "s/.*\"$1\":\"(([^\"\\\\]|\\\\.)*)\".*/\\1/p" | sed 's/\\"/"/g'; }

# Runs a command of ours; what it prints is in ./out. A PIN that is wrong, blocked or missing ends all.
run() {
    code=0
    iexec-hsm "$@" ${token[@]+"${token[@]}"} --raw --no-input >out 2>&1 || code=$?
    case $code in
        12 | 13 | 14) die "nothing more is tried: $(field message <out)" ;;
    esac
}

# Runs a command that must succeed.
must() {
    run "$@"
    [[ $code -eq 0 ]] || die "iexec-hsm $1 $2: exit $code: $(field message <out)"
}

# yes, or no where the token cannot; whatever else is said.
answer() {
    case $code in
        0) echo yes ;;
        16) echo no ;;
        *) say "exit $code: $(<out)"; echo "no, exit $code" ;;
    esac
}

must token info
uri=$(field token <out)
token=(--token "$uri")
pin=$(field pin <out)
name=${name:-$(field manufacturer <out), $(field model <out)}
say "The token: $uri"
[[ $pin == ok ]] || die "it says of its PIN: $pin. Nothing was tried."
if [[ -z $pin_file ]] && ! grep -q '"pinPad":true' out; then
    read -rsp 'PIN: ' typed </dev/tty
    say
    printf '%s\n' "$typed" >pin
    unset typed
    pin_file=$work/pin
fi
[[ -z $pin_file ]] || export IEXEC_HSM_PIN_FILE=$pin_file

# The first login.
must key list
if [[ -n $key ]]; then
    say "To be done: nothing is made and nothing removed. Results are opened with $key."
elif grep -q '"keys":\[\]' out || [[ -n $make ]]; then
    say "To be done: an RSA key of each size ($sizes bits) is made, labelled 'iexec-hsm try', used, and removed."
else
    die "keys are there already. --key URI uses one and makes none; --make makes others beside them, if there is room."
fi
say "Each step logs in once."
if [[ -z $agreed ]]; then
    read -rp 'Go on? Type yes: ' agreed </dev/tty
    [[ $agreed == yes ]] || die "nothing was done"
fi

mkdir result
echo 'Hello, world!' >result/result.txt

# opens FORMAT   seals a result in that form, opens it with the token, and says whether it is the same
opens() {
    must result encrypt result --format "$1" --output sealed.zip --force
    run result decrypt sealed.zip --extract opened --force
    [[ $code -ne 0 ]] || diff -r result opened >&2 || code=1
    answer
}

forget() { rm -rf .secrets; }

# What is tried with a key, once.
use() {
    if [[ -n $adopts ]]; then
        return
    fi
    forget
    run key adopt "$1" --allow-imported
    adopts=$(answer)
    [[ $adopts == yes ]] || return 0
    each=no
    must key show "$1"
    grep -q '"alwaysAuthenticate":false' out || each=always
    today=$(opens current)
    old=$(opens guide-2019)
    [[ -z $lose ]] || found=$(find_again)
    [[ $today != yes ]] || more
}

# said NAME EXPECTED FOUND   says what was tried besides the row
said() {
    local verdict=$3
    [[ $3 == "$2" ]] || verdict="$3, not as it should be ($2)"
    printf '%-34s %s\n' "$1" "$verdict" >&2
}

# several COUNT   prints the names of so many archives, all alike
several() {
    local number
    for ((number = 1; number <= $1; number++)); do
        cp sealed.zip "$number.zip"
        printf '%s\n' "$number.zip"
    done
}

# What a user meets later, and what does no harm.
more() {
    local count archives clients=() client
    must result encrypt result --output sealed.zip --force
    mapfile -t archives < <(several 8)

    (unset IEXEC_HSM_PIN_FILE && iexec-hsm result inspect sealed.zip ${token[@]+"${token[@]}"} --raw --no-input >out 2>&1) || true
    if grep -q '"keys":\[{' out; then count=shown; else count='not shown'; fi
    printf '%-34s %s\n' 'keys before a login' "$count" >&2

    rm -rf batch
    run result decrypt "${archives[@]}" --output-dir batch --force
    said 'archives opened in one run' '8 of 8' "$(find batch -name '*.zip' | wc -l) of 8"

    if command -v openssl >/dev/null; then
        openssl genrsa -out stranger.pem 2048 2>/dev/null
        openssl pkey -in stranger.pem -pubout -out stranger.pub
        must result encrypt result --public-key stranger.pub --output strange.zip --force
        run result decrypt strange.zip --extract opened --force
        said "somebody else's archive" 'exit 20' "exit $code"
    fi

    # No module may take this for its settings.
    printf 'connector = http://127.0.0.1:1\n' >yubihsm_pkcs11.conf
    run result decrypt sealed.zip --extract opened --force
    rm yubihsm_pkcs11.conf
    said 'settings in the working folder' 'not read' "$([[ $code -eq 0 ]] && echo 'not read' || echo "exit $code")"

    # A device has few sessions: one that a program leaves behind is missed by the next.
    for ((count = 0; count < 4; count++)); do
        timeout -s TERM 0.5 iexec-hsm result decrypt "${archives[@]}" --output-dir batch --force \
            ${token[@]+"${token[@]}"} --quiet --no-input >out 2>&1 || true
    done
    run result decrypt sealed.zip --extract opened --force
    said 'after four runs that were signalled' 'exit 0' "exit $code"

    must agent start --detach --keep-pin
    agent=yes
    must agent unlock
    (
        unset IEXEC_HSM_PIN_FILE
        for count in 1 2 3 4; do
            iexec-hsm result decrypt "${archives[@]}" --output-dir "client$count" --require-agent --raw --quiet --no-input \
                ${token[@]+"${token[@]}"} >"client$count.out" 2>&1 &
            clients+=($!)
        done
        for client in "${clients[@]}"; do wait "$client" || true; done
    )
    said 'four programs at an agent at once' '32 of 32' "$(find client? -name '*.zip' | wc -l) of 32"
    must agent stop
    agent=''
}

# Opens a result by an agent, before and after the device was away, without another unlocking.
find_again() {
    must result encrypt result --output sealed.zip --force
    must agent start --detach --keep-pin
    agent=yes
    must agent unlock
    run result decrypt sealed.zip --extract opened --force
    if [[ $code -eq 0 ]]; then
        eval "$lose" >&2 || die "this failed: $lose"
        local try
        for try in 1 2 3 4 5 6; do
            run result decrypt sealed.zip --extract opened --force
            [[ $code -eq 11 ]] || break
            sleep "$try"
        done
    fi
    answer
    must agent stop
}

makes=- made_sizes='' adopts='' today=- old=- each=- found=-
if [[ -n $key ]]; then
    use "$key"
else
    for bits in $sizes; do
        say "Making a key of $bits bits ..."
        forget
        run result generate-encryption-keypair --bits "$bits" --label 'iexec-hsm try' ${so[@]+"${so[@]}"}
        if [[ $code -ne 0 ]]; then
            say "not made, exit $code: $(field message <out)"
            [[ $makes != - ]] || makes=$(answer 2>/dev/null)
            continue
        fi
        makes=${so[0]+SO} makes=${makes:-user}
        made_sizes+=" $bits"
        made=$(field key <out)
        use "$made"
        must key delete "$made" --confirm-label 'iexec-hsm try'
        made=''
    done
fi

version=$(iexec-hsm --version)
row="| $name | $(date -u +%F), ${version#* } | $makes | ${made_sizes:--} | ${adopts:--} | $today | $old | $each | $found | - | - | - | - |"
row=${row//|  /| }
printf '%s\n' "$row"
[[ -z $table ]] || printf '%s\n' "$row" >>"$table"
