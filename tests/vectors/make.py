#!/usr/bin/env python3
"""Makes the vectors beside it, with nothing but Python's own modules and the openssl command.

Each vector is one file: a header of `name: value` lines, an empty line, and the archive. README.md says what the names
mean. The padding of RSA is built here and its noise is drawn from the name of the vector, so that the same keys give
the same files; keys that are missing are made.
"""

import base64
import hashlib
import io
import struct
import subprocess
import tempfile
import zipfile
import zlib
from pathlib import Path

HERE = Path(__file__).parent
BODY, KEY = "iexec_out.zip.aes", "aes-key.rsa"
GUIDE_BODY, GUIDE_KEY, OAEP_KEY = "iexec_out/result.zip.aes", "iexec_out/aes-key.rsa", "iexec_out/encrypted_key"
BITS = {"rsa-2048": 2048, "rsa-3072": 3072, "rsa-4096": 4096, "stranger": 2048}


# --- what openssl does ---


def openssl(arguments, data=b""):
    return subprocess.run(["openssl", *arguments], input=data, check=True, capture_output=True).stdout


def key_file(name):
    path = HERE / "keys" / f"{name}.pem"
    if not path.exists():
        path.write_bytes(openssl(["genpkey", "-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{BITS[name]}"]))
    return path


def modulus(name):
    text = openssl(["rsa", "-in", str(key_file(name)), "-noout", "-modulus"])
    return int(text.split(b"=")[1], 16)


def rsa(name, block):
    """The bare operation with the public key, on a block as long as the modulus."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(block)
        file.flush()
        raw = ["-inkey", str(key_file(name)), "-pkeyopt", "rsa_padding_mode:none", "-in", file.name]
        return openssl(["pkeyutl", "-encrypt", *raw])


def aes(cipher, key, iv, blocks):
    iv = ["-iv", iv.hex()] if iv else []
    return openssl(["enc", f"-{cipher}", "-K", key.hex(), *iv, "-nopad"], blocks)


# --- paddings, right and wrong ---


def noise(label, length):
    """Bytes that look random and are always the same; none of them is zero, as PKCS#1 wants its padding."""
    stream = hashlib.shake_256(label.encode()).digest(2 * length + 64)
    return bytes(byte for byte in stream if byte)[:length]


def pkcs1(label, secret, length=256, first=0, kind=2, separator=b"\0", padding=None):
    padding = noise(label, length - 3 - len(secret)) if padding is None else padding
    return (bytes([first, kind]) + padding + separator + secret).ljust(length, b"\x01")


def oaep(label, secret, length, digest=hashlib.sha1, about=b""):
    size = digest().digest_size
    seed = noise(label, size)
    block = digest(about).digest() + bytes(length - len(secret) - 2 * size - 2) + b"\x01" + secret
    block = masked(block, seed, digest)
    return b"\0" + masked(seed, block, digest) + block


def masked(data, seed, digest):
    mask = b"".join(digest(seed + struct.pack(">I", count)).digest() for count in range(len(data) // 16 + 1))
    return bytes(one ^ other for one, other in zip(data, mask))


def pad(data):
    missing = 16 - len(data) % 16
    return data + bytes([missing]) * missing


# --- zips ---


def zip_of(entries, method=zipfile.ZIP_STORED, stream=False):
    out = io.BytesIO()
    if stream:  # What cannot be sought gets its sizes behind the data, as the Java post-compute leaves them.
        out.seekable = lambda: False
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in entries:
            info = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            info.compress_type = method
            info.external_attr = 0o100644 << 16
            archive.writestr(info, data)
    return out.getvalue()


PLAIN = zip_of([("result.txt", b"Hello, world!\n"), ("sub/numbers.bin", noise("numbers", 700))])
CONTENT_KEY = hashlib.sha256(b"the content key of the vectors").digest()
IV = noise("iv", 16)


def body_of(padded, key=CONTENT_KEY):
    return IV + aes(f"aes-{8 * len(key)}-cbc", key, IV, padded)


def sealed(label, key="rsa-2048", padded=None, block=None, body=None, names=(KEY, BODY)):
    """The two entries of an archive of today's form, in which anything may be wrong."""
    block = block or pkcs1(label, CONTENT_KEY, BITS[key] // 8)
    body = body_of(pad(PLAIN) if padded is None else padded) if body is None else body
    return [(names[1], body), (names[0], rsa(key, block))]


def legacy(label, key="rsa-2048", secret=None, body=None):
    content_key = CONTENT_KEY[:16]
    secret = base64.b64encode(content_key) if secret is None else secret
    body = base64.b64encode(aes("aes-128-ecb", content_key, b"", pad(PLAIN))) if body is None else body
    wrapped = rsa(key, pkcs1(label, secret, BITS[key] // 8))
    return [(BODY, body), (KEY, base64.b64encode(wrapped))]


def guide_2019(label, key="rsa-2048", content_key=CONTENT_KEY[:16], block=None, cipher_key=None):
    block = block or oaep(label, content_key, BITS[key] // 8)
    return [(GUIDE_BODY, body_of(pad(PLAIN), cipher_key or content_key)), (OAEP_KEY, rsa(key, block))]


def put(archive, at, data):
    return archive[:at] + data + archive[at + len(data) :]


# --- the vectors ---


def write(name, expect, archive, comment, layout="current", key="rsa-2048", plain=None):
    if isinstance(archive, list):
        archive = zip_of(archive)
    header = {"expect": expect, "layout": layout, "key": key}
    if expect == "result":
        header["plaintext"] = hashlib.sha256(PLAIN if plain is None else plain).hexdigest()
    header["comment"] = comment
    text = "".join(f"{field}: {value}\n" for field, value in header.items())
    (HERE / f"{name}.vector").write_bytes(text.encode() + b"\n" + archive)


def good():
    entries = sealed("current")
    deflated = zipfile.ZIP_DEFLATED
    write("current", "result", entries, "today's form, stored")
    write("current_key_first", "result", entries[::-1], "the entries in the other order")
    write("current_deflated", "result", zip_of(entries, deflated), "deflated, sizes in front of the data")
    write("current_streamed", "result", zip_of(entries, deflated, True), "deflated, sizes behind the data, as Java writes it")
    write("current_more_entries", "result", [("computed.json", b"{}"), *entries, ("aes-key.rsa.bak", b"x")], "entries of no concern")
    write("current_comment", "result", put(zip_of(entries), len(zip_of(entries)) - 2, b"\x05\0hello"), "the zip has a comment")
    for bits in (3072, 4096):
        write(f"current_{bits}", "result", sealed(f"current_{bits}", f"rsa-{bits}"), f"RSA-{bits}", key=f"rsa-{bits}")
    empty = zip_of([])
    write("current_empty_result", "result", sealed("empty", padded=pad(empty)), "a zip without entries", plain=empty)
    even = zip_of([("even", b"x" * ((2 - len(zip_of([("even", b"")]))) % 16 + 14))])
    write("current_whole_block_padding", "result", sealed("even", padded=pad(even)), "16 bytes of padding", plain=even)
    guide = sealed("guide", names=(GUIDE_KEY, GUIDE_BODY))
    write("guide_names", "result", guide, "today's form under the names of the guide")
    write("legacy_ecb", "result", legacy("legacy"), "base64 in all, AES-128-ECB", "legacy-ecb")
    lines = [(name, base64.encodebytes(base64.b64decode(data))) for name, data in legacy("legacy")]
    write("legacy_ecb_lines", "result", lines, "base64 in lines of 76 characters", "legacy-ecb")
    write("legacy_ecb_3072", "result", legacy("legacy_3072", "rsa-3072"), "512 characters, as many as RSA-4096 has bytes",
          "legacy-ecb", "rsa-3072")
    write("guide_2019", "result", guide_2019("guide_2019"), "RSA-OAEP of 16 bytes, AES-128-CBC", "guide-2019")
    write("guide_2019_256", "result", guide_2019("guide_2019_256", "rsa-4096", CONTENT_KEY), "RSA-OAEP of 32 bytes, AES-256-CBC",
          "guide-2019", "rsa-4096")


def bad_keys():
    def bad(name, comment, block=None, **more):
        write(f"bad_key_{name}", "cannot-decrypt", sealed(name, block=block, **more), comment)

    bad("stranger", "sealed for another key", key="stranger")
    bad("type_0", "block type 0", pkcs1("a", CONTENT_KEY, kind=0))
    bad("type_1", "block type 1", pkcs1("b", CONTENT_KEY, kind=1, padding=b"\xff" * 221))
    bad("first_byte", "begins with 1", pkcs1("c", CONTENT_KEY, first=1))
    bad("no_separator", "no zero byte", pkcs1("d", CONTENT_KEY.replace(b"\0", b"\1"), separator=b"\x01"))
    bad("short_padding", "7 bytes of padding", pkcs1("e", CONTENT_KEY.rjust(246, b"x"), padding=noise("e", 7)))
    bad("zero_in_padding", "a zero among the first 8 bytes of padding",
        pkcs1("f", CONTENT_KEY, padding=put(noise("f", 221), 3, b"\0")))
    for length in (0, 1, 16, 24, 31, 33, 64, 245):
        secret = (CONTENT_KEY * 8)[:length]
        bad(f"{length}_bytes", f"a content key of {length} bytes", pkcs1(f"g{length}", secret))
    bad("base64_inside", "the base64 of a 32-byte key", pkcs1("h", base64.b64encode(CONTENT_KEY)))
    bad("other_key", "a content key that is not the body's", pkcs1("i", hashlib.sha256(b"another").digest()))
    bad("oaep", "OAEP where PKCS#1 v1.5 belongs", oaep("j", CONTENT_KEY, 256))
    for name, value in (("zero", 0), ("one", 1), ("modulus", modulus("rsa-2048")), ("all_ones", (1 << 2048) - 1)):
        wrapped = value.to_bytes(256, "big")
        archive = [(BODY, body_of(pad(PLAIN))), (KEY, wrapped)]
        write(f"bad_key_ciphertext_{name}", "cannot-decrypt", archive, "no ciphertext of a padded block")
    pkcs = guide_2019("k", block=pkcs1("k", CONTENT_KEY[:16]))
    write("bad_key_oaep_pkcs1", "cannot-decrypt", pkcs, "PKCS#1 v1.5 where OAEP belongs", "guide-2019")
    sha256 = guide_2019("l", block=oaep("l", CONTENT_KEY[:16], 256, hashlib.sha256))
    write("bad_key_oaep_sha256", "cannot-decrypt", sha256, "OAEP with SHA-256", "guide-2019")
    about = guide_2019("m", block=oaep("m", CONTENT_KEY[:16], 256, about=b"label"))
    write("bad_key_oaep_label", "cannot-decrypt", about, "OAEP with a label", "guide-2019")
    first = guide_2019("n", block=b"\x01" + oaep("n", CONTENT_KEY[:16], 256)[1:])
    write("bad_key_oaep_first_byte", "cannot-decrypt", first, "an OAEP block that begins with 1", "guide-2019")
    middle = guide_2019("o", content_key=CONTENT_KEY[:24], cipher_key=CONTENT_KEY)
    write("bad_key_oaep_24_bytes", "cannot-decrypt", middle, "a content key of 24 bytes", "guide-2019")
    for name, secret in (("raw", CONTENT_KEY[:16]), ("32_bytes", base64.b64encode(CONTENT_KEY)), ("no_base64", b"*" * 24)):
        write(f"bad_key_legacy_{name}", "cannot-decrypt", legacy(f"p{name}", secret=secret), "not the base64 of 16 bytes", "legacy-ecb")


def bad_bodies():
    def bad(name, comment, body=None, padded=None):
        write(f"bad_body_{name}", "cannot-decrypt", sealed(name, body=body, padded=padded), comment)

    body, end = body_of(pad(PLAIN)), 16 - len(PLAIN) % 16
    bad("empty", "0 bytes", b"")
    bad("half_iv", "8 bytes", body[:8])
    bad("iv_alone", "an IV and nothing else", body[:16])
    bad("uneven", "a byte less", body[:-1])
    bad("block_less", "without its last block", body[:-16])
    bad("block_more", "a block more", body + noise("more", 16))
    for value in (0, 17, 255):
        bad(f"padding_{value}", f"the last byte of the padding is {value}", padded=pad(PLAIN)[:-1] + bytes([value]))
    bad("padding_uneven", "bytes of the padding differ", padded=pad(PLAIN)[:-2] + bytes([end ^ 1, end]) if end > 1 else b"\2" * 16)
    bad("flipped_iv", "a bit of the IV is flipped", bytes([body[0] ^ 1]) + body[1:])
    bad("flipped_last", "a bit of the block before the last is flipped", put(body, len(body) - 17, bytes([body[-17] ^ 1])))
    bad("not_a_zip", "what was sealed is text", padded=pad(b"Hello, world!\n" * 20))
    bad("nothing", "what was sealed is nothing", padded=pad(b""))
    bad("something_behind", "a byte behind the result's zip", padded=pad(PLAIN + b"!"))
    bad("something_in_front", "a byte in front of the result's zip", padded=pad(b"!" + PLAIN))
    bad("cut_result", "the result's zip without its last 30 bytes", padded=pad(PLAIN[:-30]))
    for name, text in (("no_base64", b"*" * 1296), ("cut_base64", None), ("uneven", base64.b64encode(b"x" * 33)), ("empty", b"")):
        text = legacy("legacy")[0][1][:-2] if text is None else text
        write(f"bad_body_legacy_{name}", "cannot-decrypt", legacy("legacy", body=text), "no base64 of whole blocks", "legacy-ecb")


def bad_archives():
    def bad(name, comment, archive, expect="not-an-archive"):
        write(f"bad_archive_{name}", expect, archive, comment, "none")

    entries = sealed("current")
    (body_entry, key_entry), archive = entries, zip_of(entries)
    directory = archive.index(b"PK\x01\x02")
    second = archive.index(b"PK\x01\x02", directory + 1)
    end = archive.index(b"PK\x05\x06")
    bad("empty", "0 bytes", b"")
    bad("text", "no zip", b"<html>404</html>\n")
    bad("in_front", "something in front of the zip", b"#!/bin/sh\n" + archive)
    bad("behind", "something behind the zip", archive + b"!")
    bad("cut", "cut in its middle", archive[: len(archive) // 2])
    bad("no_entries", "a zip without entries", zip_of([]))
    bad("unencrypted", "a result that was never encrypted", PLAIN)
    bad("no_key", "no wrapped key", [body_entry])
    bad("no_body", "no body", [key_entry])
    bad("letter_case", "the name in other letters", [body_entry, ("AES-KEY.RSA", key_entry[1])])
    bad("two_layouts", "two results", entries + guide_2019("guide_2019"))
    twice = zip_of([body_entry, key_entry, ("aes-key.rsb", noise("twice", 256))]).replace(b"aes-key.rsb", b"aes-key.rsa")
    bad("key_twice", "two wrapped keys of one name", twice)
    for length in (0, 1, 255, 257, 65_537):
        bad(f"key_of_{length}", f"a wrapped key of {length} bytes", [body_entry, (KEY, noise("key", length))])
    bad("local_name", "another name in the local header", put(archive, 30, b"iexec_out.zip.aeS"))
    bad("local_size", "another size in the local header", put(archive, 22, struct.pack("<I", 1)))
    bad("password", "the body says it has a zip password", put(put(archive, 6, b"\1"), directory + 8, b"\1"))
    bad("method", "an unknown method of compression", put(put(archive, 8, b"\x63"), directory + 10, b"\x63"))
    bad("crc", "the CRC of the body is another", put(put(archive, 14, bytes(4)), directory + 16, bytes(4)))
    bad("overlap", "both entries begin at one place", put(archive, second + 42, bytes(4)))
    bad("count_less", "one entry fewer declared", put(archive, end + 8, struct.pack("<HH", 1, 1)))
    bad("count_more", "one entry more declared", put(archive, end + 8, struct.pack("<HH", 3, 3)))
    bad("disk", "one disk of several", put(archive, end + 4, struct.pack("<H", 1)))
    hidden = put(archive[:second] + archive[end:], end - (end - second) + 8, struct.pack("<HHI", 1, 1, second - directory))
    bad("hidden_key", "the directory does not know the key", hidden)
    large = struct.pack("<I", 0xFFFF_FFF0)
    bad("size_4_gib", "a body of 4 GiB is declared", put(put(archive, 22, large), directory + 24, large))
    bad("size_1_tib", "a body of 1 TiB is declared in a zip64 field", declared(entries, 1 << 40), "too-large")
    bad("key_bomb", "a wrapped key of 10 MB that deflates to 10 KB", zip_of([body_entry, (KEY, bytes(10_000_000))], zipfile.ZIP_DEFLATED))
    bad("many_entries", "100,001 entries are declared in a zip64 end", many(archive, 100_001), "too-large")


def declared(entries, size):
    """The first entry says it is so long, in zip64 fields of both headers."""
    name, data = entries[0]
    extra = struct.pack("<HHQQ", 1, 16, size, len(data))
    common = struct.pack("<HHHHHIIIHH", 45, 0, 0, 0, 0x5C21, zlib.crc32(data), 2**32 - 1, 2**32 - 1, len(name), len(extra))
    first = b"PK\x03\x04" + common + name.encode() + extra + data
    rest = zip_of(entries[1:])
    directory, end = rest.index(b"PK\x01\x02"), rest.index(b"PK\x05\x06")
    central = b"PK\x01\x02" + struct.pack("<H", 45) + common + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name.encode() + extra
    other = put(rest[directory:end], 42, struct.pack("<I", len(first)))
    out = first + rest[:directory]
    tail = struct.pack("<HHHHIIH", 0, 0, 2, 2, len(central) + len(other), len(out), 0)
    return out + central + other + b"PK\x05\x06" + tail


def many(archive, count):
    """A zip64 end that declares so many entries."""
    directory, end = archive.index(b"PK\x01\x02"), archive.index(b"PK\x05\x06")
    wide = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, count, count, end - directory, directory)
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, end, 1)
    tail = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 0xFFFF, 0xFFFF, 2**32 - 1, 2**32 - 1, 0)
    return archive[:end] + wide + locator + tail


for old in HERE.glob("*.vector"):
    old.unlink()
good()
bad_keys()
bad_bodies()
bad_archives()
