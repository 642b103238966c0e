#!/usr/bin/env python3
"""Writes a folder of seeds for each fuzz target: seeds.py FOLDER. Needs openssl, and nothing else but Python."""

import base64
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

ADDRESS = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
URIS = [
    "pkcs11:",
    "pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;manufacturer=Snake%20Oil,%20Inc.;model=1.0;object=my-certificate"
    ";type=cert;id=%69%95%3E%5C%F4%BD%EC%91;serial=?pin-source=file:/etc/token_pin",
    "pkcs11:slot-description=Sun%20Metaslot",
    "pkcs11:library-manufacturer=Snake%20Oil,%20Inc.;library-description=Soft%20Token%20Library;library-version=1.23",
    "pkcs11:slot-id=327;slot-manufacturer=a;x-vendor=b?module-path=/usr/lib/softhsm/libsofthsm2.so&module-name=p11",
    "pkcs11:token=token?pin-value=1234",
    "PKCS11:type=private;id=%01%02",
]
QUICK_KEYSTORE = {
    "version": 3,
    "crypto": {
        "cipher": "aes-128-ctr",
        "cipherparams": {"iv": "1a31775cb23785576b0e4f1a8839a627"},
        "ciphertext": "7d015349eb30fc56985bb1afe9bd0348bbfef1432d41d39102915f409b36338f",
        "kdf": "scrypt",
        "kdfparams": {
            "salt": "a4f8923d2d8b6340a9f6b9338e27e9ee208ce6fafde26dc62f968918d830b14b",
            "n": 2, "dklen": 32, "p": 1, "r": 1,
        },
        "mac": "de44406796d371f16c2d6a1802b940a4e052b173a88b2ddbd9a06d96671392c0",
    },
}
PBKDF2 = {"c": 2, "dklen": 32, "prf": "hmac-sha256", "salt": "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd"}


def noise(length):
    return bytes(i * 151 % 256 for i in range(length))


def zip_of(entries, method=zipfile.ZIP_STORED, stream=False):
    out = io.BytesIO()
    if stream:  # What cannot be sought gets data descriptors.
        out.seekable = lambda: False
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in entries.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            archive.writestr(info, data)
    return out.getvalue()


def zips(entries):
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        for stream in (False, True):
            yield zip_of(entries, method, stream)


def archives():
    key, body = noise(256), noise(304)
    for names in [
        {"aes-key.rsa": key, "iexec_out.zip.aes": body},
        {"aes-key.rsa": base64.b64encode(key), "iexec_out.zip.aes": base64.b64encode(body)},
        {"iexec_out/encrypted_key": key, "iexec_out/result.zip.aes": body},
        {"iexec_out/aes-key.rsa": key, "iexec_out/result.zip.aes": body, "computed.json": b"{}"},
        {"aes-key.rsa": key}, {"result.txt": b"plain"},
        {"0xab/aes-key.rsa": key, "./0xab/iexec_out.zip.aes": body, "__MACOSX/0xab/._aes-key.rsa": b"Mac"},
    ]:
        yield from zips(names)
    # Ciphertext that deflates to stored blocks.
    yield zip_of({"aes-key.rsa": os.urandom(256), "iexec_out.zip.aes": os.urandom(3000)}, zipfile.ZIP_DEFLATED)


def result_zips():
    yield from zips({"hello.txt": b"Hello, world!\n", "sub/": b"", "sub/numbers": noise(700)})
    yield from zips({})
    for name in ("../up", "/root", "a\\b", "C:x", "r\u00e9sultat", "a//b", "nul\x01"):
        yield zip_of({name: b"x"})
    yield zip_of({"zeros": bytes(30_000)}, zipfile.ZIP_DEFLATED)


def openssl(*arguments):
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True).stdout


def key_files():
    private = openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
    Path("/dev/shm/seed.pem").write_bytes(private)
    yield private
    yield openssl("rsa", "-in", "/dev/shm/seed.pem", "-traditional")
    public = openssl("rsa", "-in", "/dev/shm/seed.pem", "-pubout")
    yield public
    yield openssl("rsa", "-in", "/dev/shm/seed.pem", "-RSAPublicKey_out")
    yield openssl("rsa", "-in", "/dev/shm/seed.pem", "-aes128", "-passout", "pass:1234")
    os.unlink("/dev/shm/seed.pem")
    yield openssl("genpkey", "-algorithm", "ED25519")
    yield openssl("genpkey", "-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048")
    yield openssl("genrsa", "-primes", "3", "2048")
    for end in (b"\r", b" ", b"\\n", b"\\\\r\\\\n", b"\n  "):
        yield b"\xef\xbb\xbf" + public.replace(b"\n", end) + b"\xff"
    for uri in URIS:
        body = base64.b64encode(uri.encode()).decode()
        lines = "\n".join(body[at : at + 64] for at in range(0, len(body), 64))
        text = f"It names a key.\n-----BEGIN IEXEC-HSM KEY REFERENCE-----\n{lines}\n-----END IEXEC-HSM KEY REFERENCE-----\n"
        yield text.encode()


def keystores():
    yield QUICK_KEYSTORE
    yield QUICK_KEYSTORE | {"address": ADDRESS[2:].lower(), "id": "febba565-ce6a-4b68-83be-da834791361e"}
    yield {"version": 3, "Crypto": QUICK_KEYSTORE["crypto"] | {"kdf": "pbkdf2", "kdfparams": PBKDF2}}
    yield {"privateKey": "0x" + "1".rjust(64, "0"), "publicKey": "0x04", "address": ADDRESS}


def chains():
    yield {"chains": {}}
    yield {
        "default": "bellecour",
        "chains": {
            "bellecour": {"id": "134", "host": "https://bellecour.iex.ec", "sms": {"scone": "https://sms.iex.ec", "gramine": "http://x"}},
            "mine": {"id": "65535", "hub": ADDRESS, "sms": "https://sms.example/a", "useGas": False, "native": True, "bridge": None,
                     "ipfsGateway": "https://ipfs", "defaultTeeFramework": "gramine", "other": 1},
        },
        "allowExperimentalNetworks": True,
        "providers": {"alchemy": "k", "infura": {"projectId": "a", "projectSecret": "b"}, "quorum": 1},
    }


def replies():
    for status in ("204 No Content", "404 Not Found", "401 Unauthorized", "409 Conflict", "413 Too Large", "500 Oh", "405 No"):
        yield f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n"
    for status in ("429 Slow", "503 Maintenance"):
        yield f"HTTP/1.1 {status}\r\nRetry-After: 0\r\nContent-Length: 4\r\n\r\nlate"
        yield f"HTTP/1.1 {status}\r\nRetry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n\r\n"
    for place in ("/secrets/web2?again", "http://elsewhere.example/", "//user@127.0.0.1/", "file:///etc/passwd"):
        yield f"HTTP/1.1 307 There\r\nLocation: {place}\r\n\r\n"
    yield "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"
    yield "HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n" + "5eb15eb1" + "\r\n0\r\n\r\n"
    yield "HTTP/1.1 400 Bad\r\n\r\nyou sent 0x" + "5eb1" * 32 + "1c \x1b[31m"
    yield "SSH-2.0-x\r\n"


def node_answers():
    yield {"jsonrpc": "2.0", "id": 1, "result": "0xffff"}
    yield {"jsonrpc": "2.0", "id": 1, "result": None}
    yield {"error": {"code": -32005, "message": "limit \x1b[31m exceeded"}}
    yield [{"id": 2, "result": None}, {"id": 0, "result": "0x"}, {"id": 1, "result": "0x1"}]


def market_pages():
    deal = {"dealid": "0x" + "dd" * 32, "chainId": 134, "app": {"pointer": ADDRESS}, "beneficiary": ADDRESS, "blockNumber": 7}
    yield {"ok": True, "count": 101, "nextPage": 100, "deals": [deal, deal]}
    yield {"ok": True, "count": 0, "deals": []}
    yield {"ok": False, "error": "no chain"}


def orders():
    folder = Path(__file__).parent.parent / "src/chain/order/tests"
    known = json.loads((folder / "vectors.json").read_text())["orders"]
    signed = [known[kind]["order"] | {"sign": known[kind]["sign"]} for kind in known]
    for kind, order in enumerate(signed):
        yield bytes([kind]) + json.dumps(order).encode()
    entry = {"chainId": 134, "orderHash": "0x", "remaining": 1, "order": signed[0]}
    yield b"\x04" + json.dumps({"ok": True, "count": 1, "nextPage": 1, "orders": [entry, entry]}).encode()
    params = {"iexec_args": "a", "iexec_input_files": ["https://a"], "iexec_secrets": {"1": "s"}, "iexec_result_encryption": True,
              "iexec_result_storage_provider": "dropbox"}
    for kind in (5, 6, 7):
        yield bytes([kind]) + json.dumps(params).encode()
        yield bytes([kind]) + b'{"iexec_args":"x"}'


def word(number):
    return number.to_bytes(32, "big")


def tasks():
    results = b'{ "storage": "ipfs", "location": "/ipfs/Qm" }'
    fixed = [3, 0xDD, 0, 300, 10, 20, 30, 0xCC, 1, 1, 15 * 32, 0xEE, 17 * 32, 0, 20 * 32]
    tail = [1, 0x90F7, len(results)]
    yield word(32) + b"".join(map(word, fixed + tail)) + results.ljust(64, b"\0") + word(0)


def locations():
    cids = (
        "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o",
        "bafybeicg2rebjoofv4kbyovkw7af3rpiitvnl6i7ckcywaq6xjcxnc2mby",
        "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4",
        "zdj7WaCPMsy3FP2whSwpFXHjDEaTVmjnddYSn5W2Gdn4aEZFj",
    )
    for cid in cids:
        yield from (cid, f"/ipfs/{cid}", f"/ipfs/{cid}/result.zip", f"/ipfs/{cid}/a/../b", f"https://gateway/ipfs/{cid}")


def cars():
    folder = Path(__file__).parent.parent / "src/ipfs/vectors"
    return [(folder / f"{name}.car").read_bytes() for name in ("hello-v0", "hello-v1", "folder")]


def gateway_replies():
    hello = b"hello world\n"
    car = cars()[0]
    for kind, body in (("application/vnd.ipld.car; version=1; order=dfs; dups=y", car), ("application/zip", hello), ("text/html", b"<html>")):
        head = f'HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nETag: "Qm"\r\nContent-Length: {len(body)}\r\n\r\n'
        yield head.encode() + body
        yield head.encode() + body[:5]
        yield f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
    yield b'HTTP/1.1 206 Part\r\nETag: "Qm"\r\nContent-Range: bytes 5-11/12\r\nContent-Length: 7\r\n\r\n' + hello[5:]


def requests():
    wrapped = base64.b64encode(noise(256)).decode()
    bodies = [
        {"key": "pkcs11:id=%01%01", "scheme": scheme, "wrappedKey": wrapped} for scheme in ("current", "legacy-ecb", "guide-2019")
    ]
    bodies += [{"pin": "MTIzNA==", "finalTry": False}, {}, {"owner": ADDRESS, "name": "n", "value": "v"}]
    bodies += [{"ok": False, "error": {"code": "usage", "message": "m", "hint": ""}}, {"contentKey": wrapped}]
    return [json.dumps(body) for body in bodies]


def raw_requests():
    body = requests()[0]
    yield f"POST /v1/unwrap HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n{body}"
    yield f"POST /v1/unwrap HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n{len(body):x}\r\n{body}\r\n0\r\n\r\n"
    yield "GET /v1/status HTTP/1.0\r\n\r\nGET /v1/keys HTTP/1.1\r\n\r\n"


def with_choices(choices, seeds):
    return [bytes([choice]) + seed for choice in choices for seed in seeds]


def texts(values):
    return [value.encode() if isinstance(value, str) else json.dumps(value).encode() for value in values]


SEEDS = {
    "archive": archives(),
    "result_zip": result_zips(),
    "wrapped_key": with_choices(range(5), [noise(256), base64.b64encode(noise(256)), base64.b64encode(noise(16)), noise(32), b""]),
    "pkcs11_uri": texts(URIS),
    "key_files": key_files(),
    "keystore": texts(keystores()),
    "chain_json": texts(chains()),
    "node_reply": texts(node_answers()) + list(tasks()),
    "market_reply": texts(market_pages()),
    "orders": list(orders()),
    "sms_reply": with_choices([0, 1], texts(replies())),
    "ipfs_location": texts(locations()),
    "ipfs_car": with_choices([1], cars()) + [noise(200)],
    "gateway_reply": list(gateway_replies()),
    "agent_wire": texts(requests()),
    "agent_request": with_choices(range(7), texts(requests())) + with_choices([7], texts(raw_requests())),
}

for target, seeds in SEEDS.items():
    folder = Path(sys.argv[1]) / target
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (folder / f"seed-{number:02}").write_bytes(seed)
