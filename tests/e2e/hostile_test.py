#!/usr/bin/env python3
"""Peers that do not behave, against the real server: each ends with a named error, and honest replicas do not notice."""
import base64
import contextlib
import hashlib
import hmac
import json
import sqlite3
import time
import uuid
from pathlib import Path

import wire
from harness import PATIENCE, Case, main, rows, wherry
from wire import BINARY, PING, TEXT, Wire, frame

# The close codes of docs/PROTOCOL.md that blame the peer.
NAMED = {1001, 1002, 1008, 1009, 4401, 4404, 4408, 4409, 4410, 4426, 4429}


def jwt(header, claims, key=b""):
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)]
    signed = b".".join(parts)
    signature = hmac.new(key, signed, hashlib.sha256).digest() if key else b""
    return (signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


class Hostile(Case):
    def setUp(self):
        super().setUp()
        wherry("workspace", "create", "team", "--data", self.data)
        wherry("workspace", "create", "other", "--data", self.data)
        self.server = self.serve()
        self.ann, self.bob = self.replica(self.server, "ann"), self.replica(self.server, "bob")
        self.exec(self.ann, "channel.create", id="c", name="general")
        self.exec(self.ann, "channel.create", id="secret", name="zzsecretname", private=True)
        self.exec(self.ann, "message.post", id="s", channel_id="secret", body="zzsecretword")
        for channel, user in (("c", "bob"), ("c", "eve"), ("secret", "eve")):
            self.exec(self.ann, "channel.add_member", channel_id=channel, user_id=user)
        self.exec(self.ann, "channel.remove_member", channel_id="secret", user_id="eve")
        wherry("sync", self.ann)
        self.watching = self.start("sync", self.bob, "--watch", "--json")
        self.watching.wait_for(lambda line: json.loads(line)["event"] == "status")
        self.tap = self.start("tap", self.bob)
        # Until the tap shows a post bob may still be connecting, or the tap itself.
        deadline = time.monotonic() + PATIENCE
        while not any('"batch"' in line and '"warming up"' in line for line in self.tap.lines):
            self.assertLess(time.monotonic(), deadline, "the tap shows nothing")
            self.exec(self.ann, "message.post", id=str(uuid.uuid4()), channel_id="c", body="warming up")
            wherry("sync", self.ann)
        self.hellos = self.hellos_of_bob()
        self.eve = self.token("eve")
        self.sources = 0
        self.memory = self.server_memory()

    def tearDown(self):
        # The honest pair still works, nobody was thrown off, and the server has not grown.
        self.exec(self.ann, "message.post", id="h", channel_id="c", body="still here")
        wherry("sync", self.ann)
        deadline = time.monotonic() + PATIENCE
        while wherry("dump", self.bob) != self.server_dump("bob"):
            self.assertLess(time.monotonic(), deadline, "bob does not catch up")
        self.assertIsNone(self.watching.process.poll())
        self.assertIn("still here", "".join(self.tap.lines))
        self.assertEqual(self.hellos_of_bob(), self.hellos, "bob had to connect again")
        self.assert_agrees(self.ann, "ann")
        grown = self.server_memory() - self.memory
        self.assertLess(grown, 64 << 20, "the server has grown")
        print(f"server memory: {self.memory >> 20} MiB before, {grown / (1 << 20):+.1f} MiB", flush=True)
        self.watching.end()
        self.server.end()

    def hellos_of_bob(self):
        return sum('"hello"' in line for line in self.tap.lines)

    def server_memory(self):
        status = Path(f"/proc/{self.server.process.pid}/status").read_text()
        return next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmRSS"))

    def secret(self):
        return (self.data / "secret").read_bytes()

    def connect(self):
        """From an address of its own: what an address may do is not what is tried here."""
        self.sources += 1
        return Wire(self.server.authority, f"127.0.{self.sources >> 8 & 255}.{(self.sources & 255) or 1}")

    def hello(self, token=None, **fields):
        return wire.hello(self.eve if token is None else token, int(time.time() * 1000), **fields)

    def ends(self, *raw, workspace="team", hung_up=False):
        """Sends bytes over a connection of their own; how it ends. `hung_up`: the sender stops sending."""
        with self.connect().open(workspace) as peer:
            for one in raw:
                if not peer.send(one):
                    break
            if hung_up:
                peer.hang_up()
            return peer.ending()

    def test_requests(self):
        paths = {"/": 404, "/none/..": 404, "/../team": 404, "/te%61m": 400, "/team/": 404, "//team": 404, "/team?token=x": 400,
                 "/" + "x" * 65: 404, "/t\u00e9am": 404}
        for path, status in paths.items():
            with self.subTest(path=path), self.connect() as peer:
                self.assertEqual(peer.request(path), status)
        with self.connect() as peer:
            self.assertEqual(peer.request("/none"), 101)  # whether it exists is told only to whom may know
            peer.say(self.hello())
            self.assertIn(peer.ending()[1], {4401, 4404})
        for headers in (["Origin: https://evil.example"], ["Origin: null", "Origin: https://evil.example"],
                        ["Transfer-Encoding: chunked", "Content-Length: 5"], ["X: " + "y" * 20_000],
                        [f"X{n}: y" for n in range(5_000)]):
            with self.subTest(headers=headers[0][:40]), self.connect() as peer:
                self.assertIn(peer.request("/team", *headers), {0, 400, 403, 431})
        for raw in (b"GET /team HTTP/1.1\r\n\r\n", b"POST /team HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n", b"\0" * 100_000,
                    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
            with self.subTest(raw=raw[:20]), self.connect() as peer:
                peer.send(raw)
                peer.hang_up()
                self.assertNotEqual(peer.status(), 101)

    def test_frames(self):
        cases = {
            "text": (1002, frame(TEXT, b"hello")),
            "invalid UTF-8": (1007, frame(TEXT, b"\xff\xfe")),
            "unmasked": (1002, frame(BINARY, b"x", masked=False)),
            "reserved bits": (1002, frame(BINARY, b"x", reserved=4)),
            "reserved opcode": (1002, frame(3, b"x")),
            "reserved control": (1002, frame(11, b"x")),
            "continues nothing": (1002, frame(0, b"x")),
            "a message within a message": (1002, frame(BINARY, b"x", fin=False) + frame(BINARY, b"y")),
            "long ping": (1002, frame(PING, bytes(126))),
            "ping in parts": (1002, frame(PING, b"x", fin=False)),
            "half a close code": (1002, frame(8, b"\x03")),
            "forbidden close code": (1002, frame(8, b"\x03\xed")),
            "lying length": (1009, frame(BINARY, b"x", length=1 << 40)),
            "negative length": (1009, frame(BINARY, b"x", length=(1 << 64) - 1)),
            "too large": (1009, frame(BINARY, bytes(5 << 20))),
        }
        for name, (code, raw) in cases.items():
            with self.subTest(name):
                self.assertEqual(self.ends(raw)[1], code)
            with self.subTest(name, after="hello"):
                self.assertEqual(self.ends(frame(BINARY, self.hello()), raw)[1], code)
        with self.subTest("endless tiny fragments"):
            start = frame(BINARY, b"\0", fin=False)
            self.assertIn(self.ends(start, *[frame(0, b"\xc0" * 100, fin=False) * 500] * 100)[1], {1009})
        with self.subTest("empty fragments"):
            self.assertIn(self.ends(start, frame(0, b"", fin=False) * 100_000, hung_up=True)[1], {1002, 1006, 1009})
        with self.subTest("pings without end"):
            with self.connect().open("team") as peer:
                for _ in range(200):
                    peer.send(frame(PING, b"x" * 100) * 500)
                peer.hang_up()
                peer.ending()

    def test_tokens(self):
        claims = {"sub": "ann", "wsp": "team", "exp": int(time.time()) + 3600}
        hs256 = {"alg": "HS256"}
        head, body, signature = self.token("ann").split(".")
        other_body = self.eve.split(".")[1]
        tokens = {
            "none": "", "noise": "x.y.z", "alg none": jwt({"alg": "none"}, claims), "no signature": f"{head}.{body}.",
            "empty key": jwt(hs256, claims, b"\0"), "unsigned": jwt(hs256, claims), "kid": jwt({**hs256, "kid": "../../dev/null"}, claims, b"\0"),
            "jwk": jwt({**hs256, "jwk": {"kty": "oct", "k": "AA"}}, claims, b"\0"), "swapped": f"{head}.{other_body}.{signature}",
            "other alg": jwt({"alg": "HS512"}, claims, b"k"), "other workspace": self.token("ann", workspace="other"),
            "expired": jwt(hs256, {**claims, "exp": 1_000_000_000}, self.secret()), "cut": f"{head}.{body}.{signature[:-2]}",
            "endless": jwt(hs256, {"sub": "ann", "wsp": "team"}, self.secret()), "long": "x" * 9000,
            "deep": "[" * 5000, "zero": "\0",
        }
        good = jwt(hs256, claims, self.secret())
        with self.connect().open("team") as peer:
            peer.say(self.hello(good))
            self.assertIsNotNone(peer.until(wire.WELCOME), "the key is the one that is used")
        for name, token in tokens.items():
            with self.subTest(name):
                bye, code = self.ends(frame(BINARY, self.hello(token)))
                self.assertEqual((bye, code), ("limit", 1009) if name == "long" else ("unauthorized", 4401))

    def test_a_flood_of_refused_tokens(self):
        """Turns its own address away for a while, be it seen directly or told by a proxy, and no other."""
        most = 100  # refusals within a minute, see docs/PROTOCOL.md

        def proxied(forwarded):
            return [f"X-Forwarded-For: {forwarded}"] if forwarded else []

        def attempt(source, token, forwarded=None):
            """What the server says first: a welcome, or the code of `bye` with retry_after and the close code."""
            with Wire(self.server.authority, source) as peer:
                self.assertEqual(peer.request("/team", *proxied(forwarded)), 101)
                peer.say(self.hello(token))
                said = peer.receive()
                if said[0] == wire.WELCOME:
                    return "welcome", None, None
                self.assertEqual(said[0], wire.BYE)
                return said[1], (said + [0] * 4)[3], peer.ending()[1]

        for source, forwarded, other in (("127.1.0.1", None, ("127.1.0.2", None)),
                                         ("127.1.0.3", "192.0.2.1", ("127.1.0.2", "192.0.2.1")),
                                         ("127.0.0.1", "192.0.2.2", ("127.0.0.1", "192.0.2.3")),
                                         ("127.0.0.1", "198.51.100.1, 2001:db8::1", ("127.0.0.1", "2001:db8:0:1::1"))):
            with self.subTest(source=source, forwarded=forwarded), Wire(self.server.authority, source) as before:
                # A session that is up when its address is turned away, and stays.
                self.assertEqual(before.request("/team", *proxied(forwarded)), 101)
                before.say(self.hello())
                self.assertIsNotNone(before.until(wire.WELCOME))
                for n in range(most):
                    self.assertEqual(attempt(source, f"guess {n}", forwarded), ("unauthorized", -1, 4401))
                for token in (f"guess {most}", self.eve):
                    bye, retry_after, code = attempt(source, token, forwarded)
                    self.assertEqual((bye, code), ("backoff", 4429))
                    self.assertTrue(0 < retry_after <= 30_000, retry_after)
                self.assertEqual(attempt(other[0], self.eve, other[1])[0], "welcome")
                before.say(wire.message(wire.PULL, 10**9))
                self.assertEqual(before.ending(), ("protocol", 1002))
        with self.subTest("within one /64"):
            self.assertEqual(attempt("127.0.0.1", self.eve, "2001:db8::2")[0], "backoff")
        with self.subTest("a proxy that does not say for whom it connects"):
            for n in range(most + 1):
                self.assertEqual(attempt("127.0.0.1", f"guess {n}")[0], "unauthorized")
            self.assertEqual(attempt("127.0.0.1", self.eve)[0], "welcome")

    def test_protocol(self):
        hello = self.hello()
        register = wire.push((uuid.uuid4(), "user.register", '{"id":"eve","name":"Eve"}'))
        sequences = {
            "push first": [register], "pull first": [wire.message(wire.PULL, 8)], "hello twice": [hello, hello],
            "version 0": [self.hello(version=0)], "version 99": [self.hello(version=99)], "a server's message": [hello, wire.message(wire.BATCH, 5)],
            "unknown message": [hello, wire.message(99)], "no number": [hello, wire.message("hello")], "not an array": [hello, b"\0\xc0"],
            "empty": [hello, b""], "unknown packing": [hello, b"\x09" + hello[1:]], "nothing packed": [hello, b"\x01"],
            "the future": [hello, wire.message(wire.PULL, 8, [[1, 10**12, None]])], "endless credits": [hello, wire.message(wire.PULL, 10**9)],
            "deep": [hello, b"\0" + b"\x91" * 100_000], "huge array": [hello, b"\0\xdd\xff\xff\xff\xff"],
            "huge text": [hello, b"\0\xdb\xff\xff\xff\xff"],
            # 64 blocks of 128 KiB of zeros in 4 bytes each.
            "bomb": [hello, b"\x01\x00\x58" + b"\x02\x00\x10\x00" * 63 + b"\x03\x00\x10\x00"],
            "broken stream": [hello, b"\x01\x00\x58\xff\xff\xff"],
        }
        for name, messages in sequences.items():
            with self.subTest(name):
                bye, code = self.ends(*[frame(BINARY, one) for one in messages])
                self.assertIsNotNone(bye, code)
                self.assertIn(code, NAMED)
        with self.subTest("forged identity"):
            # A new identity, or none: never that of somebody else.
            with self.connect().open("team") as peer:
                with contextlib.closing(sqlite3.connect(f"file:{self.ann}?mode=ro", uri=True)) as db:
                    [[stored]] = db.execute("SELECT value FROM wherry_meta WHERE key = 'replica_id'")
                victim = uuid.UUID(stored) if isinstance(stored, str) else uuid.UUID(bytes=stored)
                peer.say(self.hello(replica=victim, identity=b"x" * 16))
                welcome = peer.until(wire.WELCOME)
                self.assertNotEqual(welcome[11], victim)

    def test_damaged_messages(self):
        """Every message of a replica, cut and with each bit flipped at each byte: `hello` of a stranger, the rest of a user."""
        hello = self.hello()
        command = [uuid.uuid4(), "user.register", '{"id":"eve","name":"Eve"}', int(time.time() * 1000), 3]
        push = wire.message(wire.PUSH, [command])
        pull = wire.message(wire.PULL, 8, [[1, 0, b""]], [2])
        before = rows("log", "--data", self.data, "--workspace", "team")
        tried = 0
        for name, prefix, whole in (("hello", [], hello), ("push", [hello], push), ("pull", [hello], pull)):
            damaged = [whole[:cut] for cut in range(len(whole))]
            damaged += [whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1:] for at in range(len(whole)) for bit in range(8)]
            for number, bad in enumerate(damaged):
                with self.connect().open("team") as peer:
                    peer.say(*prefix, bad)
                    peer.send(frame(8, b"\x03\xe8"))
                    peer.ending()
                    self.assertIn(peer.close_code, NAMED | {1000}, f"{name} {number}")
                    tried += 1
        print(f"{tried} damaged messages", flush=True)
        # Whatever was admitted is of eve's doing and of the one command that she sent.
        for entry in rows("log", "--data", self.data, "--workspace", "team")[len(before):]:
            self.assertEqual(entry["user_id"], "eve")

    def test_a_revoked_user_learns_nothing(self):
        with self.connect().open("team") as peer:
            peer.scan(self.eve, int(time.time() * 1000))
            self.assertIn(b"channel(c)", peer.traffic)
            # Handles that were never given to it.
            peer.say(wire.message(wire.PULL, 1000, [[handle, 0, b""] for handle in range(1, 100)]))
            post = json.dumps({"id": "e1", "channel_id": "secret", "body": "x"})
            edit = json.dumps({"id": "s", "body": "x"})
            ghost = json.dumps({"id": "nowhere", "body": "x"})
            ids = [uuid.uuid4() for _ in range(3)]
            peer.say(wire.push((ids[0], "message.post", post), (ids[1], "message.edit", edit), (ids[2], "message.edit", ghost)))
            answers = []
            while len(answers) < 3:
                fields = peer.receive()
                self.assertIsNotNone(fields)
                if fields[0] == wire.BATCH:
                    answers += [a for a in (fields[3] if len(fields) > 3 and fields[3] else [])]
            self.assertEqual([answer[3] for answer in answers], [2, 2, 2])
            # What is hidden and what does not exist are answered alike.
            self.assertEqual(answers[1][4:], answers[2][4:])
            self.assertNotIn(b"channel(secret)", peer.traffic)
            self.assertNotIn(b"zzsecret", peer.traffic)


if __name__ == "__main__":
    main()
