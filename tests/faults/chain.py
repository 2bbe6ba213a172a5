"""Verifies the hash chain of a workspace's log from its file, as docs/STORAGE.md describes it."""
import hashlib
import re
import sqlite3
import struct

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
COLUMNS = ("seq, id, user_id, entity_id, name, client_timestamp, server_received_timestamp, server_handled_timestamp, "
           "replica_id, replica_seq, base_seq, epoch, schema_version, roles, submitted_by, stamp, outcome, code, message, "
           "lost, salt, data, delta, hash")
# Values of either kind: a text that is a UUID is packed as its bytes.
VALUES = {3, 8}


def sized(raw, short, tags):
    if short is not None and len(raw) < 32:
        return bytes([short | len(raw)]) + raw
    for tag, form, most in zip(tags, (">B", ">H", ">I"), (1 << 8, 1 << 16, 1 << 32)):
        if len(raw) < most:
            return bytes([tag]) + struct.pack(form, len(raw)) + raw
    raise ValueError("too long")


def integer(value):
    if -32 <= value < 128:
        return struct.pack(">b", value)
    for tag, form, least, most in ((0xcc, ">B", 0, 1 << 8), (0xcd, ">H", 0, 1 << 16), (0xce, ">I", 0, 1 << 32),
                                   (0xcf, ">Q", 0, 1 << 64), (0xd0, ">b", -1 << 7, 0), (0xd1, ">h", -1 << 15, 0),
                                   (0xd2, ">i", -1 << 31, 0), (0xd3, ">q", -1 << 63, 0)):
        if least <= value < most:
            return bytes([tag]) + struct.pack(form, value)
    raise ValueError(value)


def packed(place, value):
    if place in VALUES and value is None:
        return b"\xc0"
    if place in VALUES and UUID.match(value):
        return b"\xd8\x01" + bytes.fromhex(value.replace("-", ""))
    if place == 19:
        return sized(value or b"", None, (0xc4, 0xc5, 0xc6))
    if isinstance(value, int) or place == 9:
        return integer(value or 0)
    return sized((value or "").encode(), 0xa0, (0xd9, 0xda, 0xdb))


def verify(file):
    """Raises AssertionError at the first entry whose hash is not what its row gives; returns how many there are."""
    def sha(*parts):
        return hashlib.sha256(b"".join(parts)).digest()

    database = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        previous, count = bytes(32), 0
        for row in database.execute(f"SELECT {COLUMNS} FROM wherry_commands ORDER BY seq"):
            fixed = b"\xdc" + struct.pack(">H", 20) + b"".join(packed(i, value) for i, value in enumerate(row[:20]))
            salt, data, delta, kept = row[20:]
            previous = sha(previous, fixed, sha(salt, b"data", (data or "").encode()), sha(salt, b"delta", delta or b""))
            count += 1
            if previous != kept or row[0] != count:
                raise AssertionError(f"GAPLESS-CHAIN: the entry at {row[0]} does not follow from the one before")
        if database.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            raise AssertionError("the workspace's file is damaged")
        return count
    finally:
        database.close()
