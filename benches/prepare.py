"""What is done before each run of a benchmark, in its folder: outputs are put aside, and memory is made full.

On a machine in use, free memory is little, and a new page of the page cache takes the place of an older one. On one
that is not, it comes from memory that was never used; a virtual machine then has to get it from its host, which costs
ten times as much as all else, by chance. So a file without content is read until the kernel takes pages back.

Outputs are kept until they would fill the memory, oldest removed first: by then the page cache has forgotten them, so
that no memory becomes free. And ext4 looks at each file that was removed in the last minutes when it makes a new one.

With the argument `small`, memory is left as it is.
"""

import glob
import os
import random
import shutil
import sys
import time

MIB = 1 << 20
BALLAST = 4 << 40


def memory():
    with open("/proc/meminfo") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemTotal"))


def taken_back():
    with open("/proc/vmstat") as lines:
        pages = sum(int(line.split()[1]) for line in lines if line.startswith(("pgsteal_kswapd", "pgsteal_direct")))
    return pages * os.sysconf("SC_PAGE_SIZE")


def size(path):
    if os.path.isfile(path):
        return os.path.getsize(path)
    return sum(map(os.path.getsize, filter(os.path.isfile, glob.glob(path + "/**", recursive=True))))


def put_outputs_aside():
    os.makedirs("kept", exist_ok=True)
    for output in sorted(glob.glob("*.out")):
        os.rename(output, f"kept/{time.time_ns()}.{size(output)}")
    kept = sorted(os.listdir("kept"))
    room = memory() - sum(int(name.split(".")[1]) for name in kept)
    while room < 0:
        oldest = kept.pop(0)
        room += int(oldest.split(".")[1])
        path = f"kept/{oldest}"
        shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)


def fill_memory():
    file = os.open("ballast", os.O_RDONLY | os.O_CREAT)
    if os.fstat(file).st_size == 0:
        os.truncate("ballast", BALLAST)
    buffer = bytearray(8 * MIB)
    # Elsewhere each time: what is read twice is kept longer.
    at = random.randrange(BALLAST // MIB // 2) * MIB
    end = at + memory()
    enough = taken_back() + 64 * MIB
    while at < end and taken_back() < enough:
        at += os.preadv(file, [buffer], at)


put_outputs_aside()
os.sync()
if sys.argv[1:] != ["small"]:
    fill_memory()
