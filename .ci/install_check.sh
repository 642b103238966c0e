#!/usr/bin/env bash
# Installs a Debian package where there is nothing but Debian, a folder made by debootstrap, and looks whether program,
# manual, completions, units and a software token work there. Needs root. The folder is kept for the next time.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
. softhsm/lib.sh

[[ $# -eq 1 && -f $1 ]] || die "usage: .ci/install_check.sh PACKAGE.deb"
[[ $(id -u) -eq 0 ]] || die "debootstrap and chroot take root"
need debootstrap
package=$1
# shellcheck source=/dev/null
suite=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
clean=$(target_folder)/debian-$suite

if [[ ! -f $clean.made ]]; then
    say "Making a clean Debian $suite in $clean ..."
    rm -rf "$clean"
    debootstrap --variant=minbase "$suite" "$clean" >"$clean.log" 2>&1 || die "debootstrap failed: see $clean.log"
    touch "$clean.made"
fi

# What is done goes into a copy of it, and is gone afterwards.
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
cp -a "$clean/." "$root"
cp "$package" "$root/tmp/iexec-hsm.deb"
# A minimal image leaves manuals and documentation out.
rm -f "$root"/etc/dpkg/dpkg.cfg.d/*

say "Installing it with all that it recommends ..."
chroot "$root" env -i HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
    PATH=/usr/sbin:/usr/bin:/sbin:/bin bash -euo pipefail -s <<'INSIDE'
quietly() { "$@" >/tmp/log 2>&1 || { cat /tmp/log; exit 1; }; }
quietly apt-get update -q
quietly apt-get install -qy /tmp/iexec-hsm.deb man-db bash-completion zsh fish systemd

cd /root
iexec-hsm --version
test -z "$(dpkg --verify iexec-hsm)"
# Pipes are read to their end: a writer that is cut off would fail.
man iexec-hsm-result-decrypt | grep 'iexec-hsm-result-decrypt - ' >/dev/null
[[ $(bash -c '. /usr/share/bash-completion/bash_completion
    _completion_loader iexec-hsm
    COMP_WORDS=(iexec-hsm result dec); COMP_CWORD=2
    _iexec__hsm iexec-hsm dec result
    echo "${COMPREPLY[@]}"') == decrypt ]]
zsh -c 'autoload -U compinit && compinit -u && [[ -n ${_comps[iexec-hsm]} ]]'
fish -c 'complete -C "iexec-hsm result dec"' | grep '^decrypt' >/dev/null
# Says what is wrong with a unit, and runs none.
XDG_RUNTIME_DIR=/tmp systemd-analyze --user --man=no verify iexec-hsm-agent.socket

mkdir result
echo 'Hello, world!' >result/result.txt
printf 123456 >pin
export IEXEC_HSM_PIN_FILE=pin IEXEC_HSM_WALLET_ADDRESS=0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf
softhsm2-util --init-token --free --label demo --pin 123456 --so-pin 87654321 >/dev/null
iexec-hsm result generate-encryption-keypair --quiet
iexec-hsm result encrypt result --quiet
iexec-hsm result decrypt --extract opened --quiet
test "$(cat opened/result.txt)" = "Hello, world!"

quietly apt-get remove -qy iexec-hsm
test ! -e /usr/bin/iexec-hsm -a ! -e /usr/share/doc/iexec-hsm
INSIDE
say "All is well."
