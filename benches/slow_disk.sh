# shellcheck shell=bash
# A slow disk as a stand-in: each request takes 5 ms, and all of them together 100 MB/s. Sourced by compare.sh.

# slow_disk MIB   mounts one of that size as ./slow; fails where that cannot be done here, and says why
slow_disk() {
    if [[ $(id -u) -ne 0 || ! -e /dev/fuse || ! -e /dev/loop-control ]]; then
        say "No slow disk: that takes root, FUSE and a loop device."
        return 1
    fi
    need nbdkit:nbdkit nbdfuse:libnbd-bin fusermount3:fuse3 mkfs.ext4:e2fsprogs
    local loop
    mkdir slow slow.fuse
    truncate -s "$1M" slow.img
    mkfs.ext4 -q -F slow.img
    setpriv --pdeathsig KILL nbdfuse slow.fuse --socket-activation nbdkit --exit-with-parent -f --threads=64 \
        --filter=rate --filter=delay file slow.img rdelay=5ms wdelay=5ms rate=800M >slow.log 2>&1 &
    until [[ -e slow.fuse/nbd ]]; do
        kill -0 $! 2>/dev/null || { cat slow.log >&2; return 1; }
        sleep 0.1
    done
    loop=$(losetup --show --find --direct-io=on slow.fuse/nbd)
    mount "$loop" slow
    echo "$loop" >slow.loop
    # shellcheck disable=SC2154 # It is bench_token's.
    trap 'remove_slow_disk; rm -rf "$bench"' EXIT
}

remove_slow_disk() {
    umount slow
    losetup --detach "$(<slow.loop)"
    fusermount3 -u slow.fuse
    rm -r slow slow.fuse slow.img slow.loop
    trap 'rm -rf "$bench"' EXIT
}
