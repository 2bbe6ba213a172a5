"""A client of the protocol that need not keep to it: docs/PROTOCOL.md by hand, over a plain socket.

Standard library only. `Wire` is one connection; `pack` and `unpack` are the MessagePack that messages use.
"""
import base64
import os
import socket
import struct
import uuid

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
HELLO, PUSH, PULL, WELCOME, SCHEMA, SCOPES, BATCH, ROWS, ERROR, BYE = range(1, 11)
PATIENCE = 60


def pack(value):
    if value is None:
        return b"\xc0"
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        if 0 <= value < 128:
            return bytes([value])
        return b"\xd3" + struct.pack(">q", value)
    if isinstance(value, uuid.UUID):
        return b"\xd8\x01" + value.bytes
    if isinstance(value, str):
        return b"\xdb" + struct.pack(">I", len(value.encode())) + value.encode()
    if isinstance(value, bytes):
        return b"\xc6" + struct.pack(">I", len(value)) + value
    assert isinstance(value, (list, tuple)), value
    return b"\xdd" + struct.pack(">I", len(value)) + b"".join(map(pack, value))


def unpack(data):
    """The value that `data` begins with, and how many bytes it takes."""
    first = data[0]
    if first < 0x80:
        return first, 1
    if first >= 0xe0:
        return first - 256, 1
    if first in (0xc0, 0xc2, 0xc3):
        return {0xc0: None, 0xc2: False, 0xc3: True}[first], 1
    numbers = {0xca: ">f", 0xcb: ">d", 0xcc: ">B", 0xcd: ">H", 0xce: ">I", 0xcf: ">Q", 0xd0: ">b", 0xd1: ">h",
               0xd2: ">i", 0xd3: ">q"}
    if first in numbers:
        return struct.unpack_from(numbers[first], data, 1)[0], 1 + struct.calcsize(numbers[first])
    if first == 0xd8:
        return uuid.UUID(bytes=data[2:18]), 18
    lengths = {0xd9: ">B", 0xda: ">H", 0xdb: ">I", 0xc4: ">B", 0xc5: ">H", 0xc6: ">I", 0xdc: ">H", 0xdd: ">I"}
    if first in lengths:
        count, at = struct.unpack_from(lengths[first], data, 1)[0], 1 + struct.calcsize(lengths[first])
    elif 0xa0 <= first < 0xc0:
        count, at = first & 0x1f, 1
    elif 0x90 <= first < 0xa0:
        count, at = first & 0x0f, 1
    else:
        raise ValueError(f"not of this protocol: {first:#x}")
    if 0x90 <= first < 0xa0 or first in (0xdc, 0xdd):
        items = []
        for _ in range(count):
            item, size = unpack(data[at:])
            items.append(item)
            at += size
        return items, at
    raw = data[at:at + count]
    return (raw if first in (0xc4, 0xc5, 0xc6) else raw.decode()), at + count


def message(*fields):
    """A message, packed plain."""
    return b"\0" + pack(list(fields))


def varint(data, at):
    """The number at a place of `data`, and the place behind it."""
    number = shift = 0
    while True:
        number |= (data[at] & 0x7f) << shift
        shift, at = shift + 7, at + 1
        if data[at - 1] < 0x80:
            return number, at


def short_batch(data):
    """The fields of a batch in the short form, plain."""
    upto, at = varint(data, 1)
    handle, at = varint(data, at)
    return [BATCH, upto, [handle, b"\0" + data[at + 10:]], None, None, None, data[at:at + 10]]


def hello(token, clock, version=2, replica=None, identity=None, rest=()):
    return message(HELLO, version, token, replica, identity, clock, *rest)


def push(*commands):
    """Commands (id, name, data), numbered from 1: of a new replica."""
    return message(PUSH, [list(command) for command in commands])


def frame(opcode, payload, fin=True, masked=True, reserved=0, length=None):
    """A WebSocket frame, wrong wherever one asks for it."""
    length = len(payload) if length is None else length
    head = bytes([(0x80 if fin else 0) | reserved << 4 | opcode])
    bit = 0x80 if masked else 0
    if length < 126:
        head += bytes([bit | length])
    elif length < 1 << 16:
        head += bytes([bit | 126]) + struct.pack(">H", length)
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", length)
    if not masked:
        return head + payload
    # A mask of zeros is a mask.
    return head + b"\0\0\0\0" + payload


class Wire:
    """One connection. `source` is the address that it comes from: all of 127.0.0.0/8 is this machine."""

    def __init__(self, authority, source="127.0.0.1"):
        host, port = authority.rsplit(":", 1)
        self.authority = authority
        self.socket = socket.create_connection((host, int(port)), PATIENCE, source_address=(source, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.traffic = b""  # all messages received, as they came
        self.bye = None
        self.close_code = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, raw):
        """False when the other side is gone already."""
        try:
            self.socket.sendall(raw)
            return True
        except OSError:
            return False

    def hang_up(self):
        """Nothing more will be sent; what comes can still be read."""
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the other side was faster

    def say(self, *messages):
        return self.send(b"".join(frame(BINARY, one) for one in messages))

    def request(self, path, *headers):
        """An upgrade request; the status that it is answered with, 0 when there is no answer."""
        lines = [f"GET {path} HTTP/1.1", f"Host: {self.authority}", "Upgrade: websocket", "Connection: Upgrade",
                 "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}", *headers]
        self.send("\r\n".join([*lines, "", ""]).encode("latin-1"))
        return self.status()

    def status(self):
        head = self._until(b"\r\n\r\n")
        return int(head.split(b" ", 2)[1]) if head.startswith(b"HTTP/1.1 ") else 0

    def open(self, workspace):
        status = self.request(f"/{workspace}")
        assert status == 101, status
        return self

    def _fill(self):
        try:
            more = self.socket.recv(1 << 16)
        except ConnectionError:
            more = b""
        self.buffer += more
        return bool(more)

    def _until(self, mark):
        while mark not in self.buffer:
            if not self._fill():
                return self.buffer
        head, _, self.buffer = self.buffer.partition(mark)
        return head

    def _take(self, count):
        while len(self.buffer) < count:
            if not self._fill():
                return None
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def receive(self):
        """The next message, unpacked; None at the end. Answers pings. Only plain messages can be read."""
        while True:
            head = self._take(2)
            if head is None:
                return None
            opcode, length = head[0] & 0x0f, head[1] & 0x7f
            if length > 125:
                size = self._take(2 if length == 126 else 8)
                length = int.from_bytes(size, "big")
            payload = self._take(length)
            if payload is None:
                return None
            if opcode == PING:
                self.send(frame(PONG, payload))
            elif opcode == CLOSE:
                self.close_code = struct.unpack(">H", payload[:2])[0] if payload else 1005
                self.send(frame(CLOSE, payload[:2]))
                return None
            elif opcode == BINARY:
                assert payload[:1] in (b"\0", b"\4"), "packed though nothing was agreed"
                self.traffic += payload
                fields = short_batch(payload) if payload[0] == 4 else unpack(payload[1:])[0]
                if fields[0] == BYE:
                    self.bye = fields[1]
                return fields

    def until(self, kind):
        """Reads until a message of this kind; None when the session ends before."""
        while True:
            fields = self.receive()
            if fields is None or fields[0] == kind:
                return fields

    def scan(self, token, clock):
        """Everything that the token's user may read, from the beginning until it is live."""
        self.say(hello(token, clock))
        more, waiting = True, set()
        while more:
            fields = self.until(SCOPES) + [None] * 4
            waiting |= {granted[0] for granted in fields[1] or []}
            more = fields[4]
        self.say(message(PULL, 1000, [[handle, 0, b""] for handle in sorted(waiting)]))
        while waiting:
            fields = self.until(ROWS) + [None] * 8
            if fields[4]:
                waiting.discard(fields[1])
            self.say(message(PULL, 1))

    def ending(self):
        """Reads to the end: the code of `bye`, and the close code (1006: cut)."""
        while self.receive() is not None:
            pass
        return self.bye, self.close_code or 1006
