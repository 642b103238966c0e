"""What is done before each run of a benchmark, in its folder: prepare.py MEMORY

Outputs of the run before are put aside, and memory is brought into the same state for each run. A page of the page cache
that comes from memory which was never used costs ten times as much as all else, where a virtual machine gives free
memory back to its host, and by chance. MEMORY is one of

warm   more memory than a run needs is used and freed. What the host takes back at once, above some 1 GiB, is not warm.
cold   the same, and no archive is in the page cache (POSIX_FADV_DONTNEED), which is checked (mincore).
full   as on a machine in use: the page cache fills the memory, and a new page takes the place of an old one.
as-is  it is left as it is.

Small outputs are kept to the end, because ext4, when it makes a file, looks at each that was removed in the last minutes.
Where memory is full large ones are kept, too, oldest removed first once they would fill it by themselves: by then the page
cache has forgotten them, so that no memory becomes free.
"""

import ctypes
import glob
import mmap
import os
import random
import shutil
import sys
import time

MIB = 1 << 20
BALLAST = 4 << 40
SMALL = 64 * MIB


def memory(name):
    with open("/proc/meminfo") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def taken_back():
    with open("/proc/vmstat") as lines:
        pages = sum(int(line.split()[1]) for line in lines if line.startswith(("pgsteal_kswapd", "pgsteal_direct")))
    return pages * os.sysconf("SC_PAGE_SIZE")


def size(path):
    if os.path.isfile(path):
        return os.path.getsize(path)
    return sum(map(os.path.getsize, filter(os.path.isfile, glob.glob(path + "/**", recursive=True))))


def put_outputs_aside(room):
    os.makedirs("kept", exist_ok=True)
    for output in sorted(glob.glob("*.out")):
        os.rename(output, f"kept/{time.time_ns()}.{size(output)}")
    for output in glob.glob("slow/*.out"):
        shutil.rmtree(output) if os.path.isdir(output) else os.remove(output)
    large = [name for name in sorted(os.listdir("kept")) if int(name.split(".")[1]) > SMALL]
    room -= sum(int(name.split(".")[1]) for name in large)
    for name in large:
        if room >= 0:
            break
        room += int(name.split(".")[1])
        path = f"kept/{name}"
        shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)


def warm_memory():
    archives = sum(map(os.path.getsize, glob.glob("*.enc.zip")))
    b"x" * min(max(256 * MIB, archives * 8 // 5), memory("MemFree") * 4 // 5)


def pages_in_memory(path):
    """How many of a file's pages are in the page cache."""
    size, page = os.path.getsize(path), os.sysconf("SC_PAGE_SIZE")
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    libc.mincore.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p]
    libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    count = -(-size // page)
    pages = ctypes.create_string_buffer(count)
    with open(path, "rb") as file:
        at = libc.mmap(None, size, mmap.PROT_READ, mmap.MAP_SHARED, file.fileno(), 0)
        if libc.mincore(at, size, pages) != 0:
            raise OSError(ctypes.get_errno(), "mincore")
        libc.munmap(at, size)
    return sum(page & 1 for page in pages.raw[:count])


def evict_archives():
    for path in glob.glob("*.enc.zip") + glob.glob("slow/*.enc.zip"):
        with open(path, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        if pages_in_memory(path) > 0:
            sys.exit(f"{path} is still in the page cache")


def fill_memory():
    file = os.open("ballast", os.O_RDONLY | os.O_CREAT)
    if os.fstat(file).st_size == 0:
        os.truncate("ballast", BALLAST)
    buffer = bytearray(8 * MIB)
    # Elsewhere each time: what is read twice is kept longer.
    at = random.randrange(BALLAST // MIB // 2) * MIB
    end = at + memory("MemTotal")
    enough = taken_back() + 64 * MIB
    while at < end and taken_back() < enough:
        at += os.preadv(file, [buffer], at)


wanted = sys.argv[1]
put_outputs_aside(memory("MemTotal") if wanted == "full" else 0)
os.sync()
if wanted == "full":
    fill_memory()
elif wanted in ("warm", "cold"):
    warm_memory()
if wanted == "cold":
    evict_archives()
