#!/usr/bin/env python3
"""gateway.py ARCHIVE RESULT [RATE]
gateway.py ARCHIVE --recorded ANSWERS

An IPFS gateway on this machine that has ARCHIVE, and the node of a chain with a task whose
result it is, of the digest that RESULT has.

Prints the URL, which is that of both, the archive's location and the task's id, and serves until it is ended. The archive
comes as a CAR where that is asked for, as `ipfs add` would have cut it, else as it is; with RATE, at so many megabytes a
second. The node knows the task, and nothing
of who computed it; or all that is in ANSWERS, which a true one has answered, with the CID of ARCHIVE in the place of "CID".
"""

import hashlib
import json
import socketserver
import sys
import time
from http.server import BaseHTTPRequestHandler

CHUNK, WIDTH = 256 * 1024, 174
VIEW_TASK = "adccf0d5"
TASK = b"\x42" * 32
ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def varint(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out) + bytes([number])


def sha256(path):
    whole = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK):
            whole.update(chunk)
    return whole.digest()


def field(key, value):
    return bytes([key]) + varint(len(value)) + value


def block(node):
    """A CID and the block that it is of."""
    return b"\x12\x20" + hashlib.sha256(node).digest(), node


def leaf(chunk):
    return block(field(0x0A, b"\x08\x02" + field(0x12, chunk) + b"\x18" + varint(len(chunk))))


def parent(parts):
    """The block above parts, each a CID, the bytes of the file below it, and those of all blocks."""
    links = b"".join(field(0x12, field(0x0A, cid) + b"\x12\x00\x18" + varint(stored)) for cid, _, stored in parts)
    sizes = b"".join(b"\x20" + varint(size) for _, size, _ in parts)
    total = sum(size for _, size, _ in parts)
    return block(links + field(0x0A, b"\x08\x02\x18" + varint(total) + sizes))


def base58(cid):
    number, text = int.from_bytes(cid, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = ALPHABET[digit] + text
    return text


def car(path, out):
    """Writes the blocks of a file, depth first, and returns its CID. There may be two levels below the root."""
    leaves = []
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK):
            cid, node = leaf(chunk)
            leaves.append((cid, len(chunk), len(node)))
    groups = [leaves[at : at + WIDTH] for at in range(0, len(leaves), WIDTH)]
    above = []
    for group in groups:
        cid, node = parent(group)
        above.append((cid, sum(size for _, size, _ in group), len(node) + sum(it for *_, it in group)))
    root, root_node = parent(above) if len(above) > 1 else (above[0][0], None)

    def put(cid, node):
        out.write(varint(len(cid) + len(node)) + cid + node)

    roots = b"\xa2\x65roots\x81\xd8\x2a\x58" + bytes([len(root) + 1, 0]) + root + b"\x67version\x01"
    out.write(varint(len(roots)) + roots)
    if root_node:
        put(root, root_node)
    with open(path, "rb") as file:
        for group in groups:
            put(*parent(group))
            for _ in group:
                put(*leaf(file.read(CHUNK)))
    out.flush()
    return base58(root)


def keccak256(data):
    """Of less than 136 bytes."""
    state = [[0] * 5 for _ in range(5)]
    padded = bytearray(data.ljust(136, b"\0"))
    padded[len(data)] ^= 1
    padded[135] ^= 0x80
    for at in range(17):
        state[at % 5][at // 5] = int.from_bytes(padded[at * 8 : at * 8 + 8], "little")
    turned = lambda lane, by: (lane << by | lane >> (64 - by)) & (1 << 64) - 1
    register = 1
    for _ in range(24):
        parity = [a ^ b ^ c ^ d ^ e for a, b, c, d, e in state]
        for x in range(5):
            mixed = parity[x - 1] ^ turned(parity[(x + 1) % 5], 1)
            state[x] = [lane ^ mixed for lane in state[x]]
        x, y, moving = 1, 0, state[1][0]
        for step in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            moving, state[x][y] = state[x][y], turned(moving, (step + 1) * (step + 2) // 2 % 64)
        rows = [[state[x][y] for x in range(5)] for y in range(5)]
        for y, row in enumerate(rows):
            for x in range(5):
                state[x][y] = row[x] ^ ~row[(x + 1) % 5] & row[(x + 2) % 5]
        for bit in range(7):
            register = (register << 1 ^ (register >> 7) * 0x71) & 0xFF
            if register & 2:
                state[0][0] ^= 1 << ((1 << bit) - 1)
    return b"".join((state[at % 5][at // 5] & (1 << 64) - 1).to_bytes(8, "little") for at in range(4))


def word(value):
    return value if isinstance(value, bytes) else value.to_bytes(32, "big")


def view_task(location, digest):
    results = json.dumps({"storage": "ipfs", "location": location}).encode()
    padded = results.ljust(-(-len(results) // 32) * 32, b"\0")
    consensus = keccak256(TASK + digest)
    fixed = [3, 0xDD, 0, 300, 10, 20, 30, consensus, 1, 1, 15 * 32, digest, 16 * 32, 0, 17 * 32 + len(padded)]
    return word(32) + b"".join(map(word, [*fixed, 0, len(results)])) + padded + word(0)


def named(call):
    """The name of a call among recorded answers."""
    method, params = call["method"], call["params"]
    if method == "eth_call":
        return params[0]["data"]
    if method in ("eth_getBlockByNumber", "eth_getTransactionByHash", "eth_getTransactionReceipt"):
        return f"{method} {params[0]}"
    return method


def main():
    file, *of_node = sys.argv[1:]
    blocks = f"{file}.car"
    with open(blocks, "wb") as out:
        location = f"/ipfs/{car(file, out)}"

    if of_node[0] == "--recorded":
        with open(of_node[1], encoding="utf-8") as recorded:
            recording = json.loads(recorded.read().replace("CID", location.removeprefix("/ipfs/").encode().hex()))
        task, known = recording["task"], recording["answers"]
        rate = None
    else:
        rate = float(of_node[1]) * 1e6 if len(of_node) > 1 else None
        task = f"0x{TASK.hex()}"
        view = f"0x{view_task(location, sha256(of_node[0])).hex()}"
        known = {"eth_chainId": "0xffff", f"0x{VIEW_TASK}{TASK.hex()}": view}

    def answer(asked):
        error = {"code": -32601, "message": "not known here"}
        told = {"result": known[named(asked)]} if named(asked) in known else {"error": error}
        return {"jsonrpc": "2.0", "id": asked["id"], **told}

    def send(connection, body, length):
        start, piece = time.monotonic(), length if rate is None else CHUNK
        for at in range(0, length, piece):
            connection.sendfile(body, at, min(piece, length - at))
            if rate is not None:
                time.sleep(max(0, start + (at + piece) / rate - time.monotonic()))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            if self.path != location:
                self.send_error(404)
                return
            wants_car = "ipld.car" in self.headers.get("Accept", "")
            kind = "application/vnd.ipld.car; version=1; order=dfs; dups=y" if wants_car else "application/zip"
            with open(blocks if wants_car else file, "rb") as body:
                length = body.seek(0, 2)
                body.seek(0)
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(length))
                self.end_headers()
                self.wfile.flush()
                send(self.connection, body, length)

        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            told = [answer(it) for it in asked] if isinstance(asked, list) else answer(asked)
            body = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(f"http://127.0.0.1:{server.server_address[1]} {location} {task}", flush=True)
    server.serve_forever()


main()
