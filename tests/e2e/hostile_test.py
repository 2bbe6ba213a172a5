#!/usr/bin/env python3
"""Peers that do not behave, against the real server: each ends with a named error, and honest replicas do not notice."""
import base64
import contextlib
import hashlib
import hmac
import itertools
import json
import sqlite3
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import wire
from harness import PATIENCE, Case, main, rows, wherry
from wire import BINARY, PING, TEXT, Wire, frame

# The close codes of docs/PROTOCOL.md that blame the peer.
NAMED = {1001, 1002, 1008, 1009, 4401, 4404, 4408, 4409, 4410, 4426, 4429}
# How much the server may grow by. What waits for a session is bounded by 4 MiB, and here are at most 16 at once.
MEMORY_MOST = 96 << 20
REJECTED_OUTCOME = 2


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
        for channel, user in (("c", "bob"), ("c", "eve"), ("c", "mallory"), ("secret", "eve"), ("secret", "mallory")):
            self.exec(self.ann, "channel.add_member", channel_id=channel, user_id=user)
        for channel, user in (("secret", "eve"), ("c", "mallory"), ("secret", "mallory")):
            self.exec(self.ann, "channel.remove_member", channel_id=channel, user_id=user)
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
        self.sources = itertools.count(1)
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
        self.assertLess(grown, MEMORY_MOST, "the server has grown")
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
        source = next(self.sources)
        return Wire(self.server.authority, f"127.0.{source >> 8 & 255}.{(source & 255) or 1}")

    def hello(self, token=None, **fields):
        return wire.hello(self.eve if token is None else token, int(time.time() * 1000), **fields)

    def welcomed(self, token=None):
        """A connection that runs: whatever comes before `welcome` is refused for that alone."""
        peer = self.connect().open("team")
        peer.say(self.hello(token))
        self.assertIsNotNone(peer.until(wire.WELCOME), peer.bye)
        return peer

    def ends(self, *raw, welcomed=False, hung_up=False):
        """Sends bytes over a connection of their own; how it ends. `hung_up`: the sender stops sending."""
        with self.welcomed() if welcomed else self.connect().open("team") as peer:
            for one in raw:
                if not peer.send(one):
                    break
            if hung_up:
                peer.hang_up()
            return peer.ending()

    def test_requests(self):
        paths = {"/": 404, "/none/..": 404, "/../team": 404, "/te%61m": 400, "/team/": 404, "//team": 404, "/team?token=x": 400,
                 "/" + "x" * 65: 404, "/t\u00e9am": 404, "/team%00": 400, "/team%2e": 400, "/te\\am": 404, "/.team": 404, "/workspaces/team": 404}
        for path, status in paths.items():
            with self.subTest(path=path), self.connect() as peer:
                self.assertEqual(peer.request(path), status)
        for other in ("none", "TEAM", "team.", "team_", "other"):  # whether it exists is told only to whom may know
            with self.subTest(other=other), self.connect() as peer:
                self.assertEqual(peer.request(f"/{other}"), 101)
                peer.say(self.hello())
                self.assertIn(peer.ending()[1], {4401, 4404})
        with self.subTest("a token in a header"), self.connect() as peer:
            self.assertEqual(peer.request("/team", f"Authorization: Bearer {self.eve}", f"Cookie: token={self.eve}"), 101)
            peer.say(self.hello(""))
            self.assertEqual(peer.ending(), ("unauthorized", 4401))
        with self.subTest("a request behind the request"), self.connect().open("team") as peer:
            peer.send(b"GET /other HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertEqual(peer.ending()[1], 1002)
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
                self.assertEqual(self.ends(raw, welcomed=True)[1], code)
        with self.subTest("endless tiny fragments"):
            start = frame(BINARY, b"\0", fin=False)
            self.assertIn(self.ends(start, *[frame(0, b"\xc0" * 100, fin=False) * 500] * 100)[1], {1009})
        with self.subTest("empty fragments"):
            self.assertIn(self.ends(start, frame(0, b"", fin=False) * 100_000, hung_up=True)[1], {1002, 1006, 1009})
        with self.subTest("a bomb in fragments"):
            # 64 blocks of 128 KiB of zeros in 4 bytes each.
            bomb = b"\x01\x00\x58" + b"\x02\x00\x10\x00" * 63 + b"\x03\x00\x10\x00"
            parts = [frame(BINARY, bomb[:1], fin=False), *[frame(0, bytes([byte]), fin=False) for byte in bomb[1:-1]], frame(0, bomb[-1:])]
            self.assertEqual(self.ends(b"".join(parts), welcomed=True), ("limit", 1009))
        with self.subTest("pings without end"):
            with self.connect().open("team") as peer:
                reading = threading.Thread(target=peer.ending)
                reading.start()
                for _ in range(200):
                    peer.send(frame(PING, b"x" * 100) * 500)
                peer.hang_up()
                reading.join()

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
            "deep": "[" * 5000, "zero": "\0", "ends in no year": jwt(hs256, {**claims, "exp": 1e300}, self.secret()),
            "typ": jwt({**hs256, "typ": "at+jwt"}, claims, self.secret()), "aud": jwt(hs256, {**claims, "aud": "mail"}, self.secret()),
            "wsp as a path": jwt(hs256, {**claims, "wsp": "./team"}, self.secret()), "two wsp": jwt(hs256, {**claims, "wsp": ["team"]}, self.secret()),
            "elsewhere's key": jwt({**hs256, "jku": "http://127.0.0.1/", "x5u": "http://127.0.0.1/"}, claims, b"k"),
        }
        good = jwt(hs256, claims, self.secret())
        with self.connect().open("team") as peer:
            peer.say(self.hello(good))
            self.assertIsNotNone(peer.until(wire.WELCOME), "the key is the one that is used")
        for name, token in tokens.items():
            with self.subTest(name):
                bye, code = self.ends(frame(BINARY, self.hello(token)))
                self.assertEqual((bye, code), ("limit", 1009) if name == "long" else ("unauthorized", 4401))
        with self.subTest("it ends in the midst of its session"), self.connect().open("team") as peer:
            peer.say(self.hello(jwt(hs256, {**claims, "exp": int(time.time()) + 2}, self.secret())))
            self.assertIsNotNone(peer.until(wire.WELCOME))
            self.assertEqual(peer.ending(), ("unauthorized", 4401))

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
        at_first = {
            "push first": register, "pull first": wire.message(wire.PULL, 8), "version 0": self.hello(version=0), "version 99": self.hello(version=99),
            # schema_hash, epoch, position, hash_at, hash, answered
            "the memory of another log": self.hello(rest=("", uuid.uuid4(), 5, 5, b"x" * 10, 3)), "an epoch alone": self.hello(rest=("", uuid.uuid4())),
        }
        later = {
            "hello twice": hello, "a server's message": wire.message(wire.BATCH, 5),
            "a short one": b"\x04\x05\x01" + b"x" * 10, "half of it": b"\x04\x05\x01xxx", "an endless number": b"\x04" + b"\xff" * 20,
            "unknown message": wire.message(99), "no number": wire.message("hello"), "not an array": b"\0\xc0",
            "empty": b"", "unknown packing": b"\x09" + hello[1:], "nothing packed": b"\x01",
            "the future": wire.message(wire.PULL, 8, [[1, 10**12, None]]), "endless credits": wire.message(wire.PULL, 10**9),
            "deep": b"\0" + b"\x91" * 100_000, "huge array": b"\0\xdd\xff\xff\xff\xff",
            "huge text": b"\0\xdb\xff\xff\xff\xff",
            # 64 blocks of 128 KiB of zeros in 4 bytes each.
            "bomb": b"\x01\x00\x58" + b"\x02\x00\x10\x00" * 63 + b"\x03\x00\x10\x00",
            "broken stream": b"\x01\x00\x58\xff\xff\xff",
            "a gap in the numbers": wire.message(wire.PUSH, [[uuid.uuid4(), "user.register", "{}", 0, 0, None, 10**9]]),
            "a time beyond all": wire.message(wire.PUSH, [[uuid.uuid4(), "user.register", "{}", 1 << 62]]),
            "sums beyond all": wire.message(wire.PUSH, [[uuid.uuid4(), "user.register", "{}", 0, (1 << 63) - 1]] * 2),
            "a forged place in a scan": wire.message(wire.PULL, 8, [[1, 0, b"\x01\xc4\x05k"]]),
        }
        for name, message in {**at_first, **later}.items():
            with self.subTest(name):
                bye, code = self.ends(frame(BINARY, message), welcomed=name in later)
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
        with self.subTest("answers that were never given"), self.connect().open("team") as peer:
            peer.say(self.hello(rest=("", None, 0, 0, b"", 10**9)))
            self.assertEqual((peer.until(wire.WELCOME) + [0] * 5)[14] or 0, 0)

    def test_payloads(self):
        """What a command holds: rejected by name or the end of the session, and nothing of it is seen by anyone."""
        before = self.server_dump()

        def post(**params):
            return json.dumps({"id": "p", "channel_id": "c", "body": "x", **params})

        payloads = {
            "no JSON": "{", "no object": "[]", "nothing": "", "more behind": post() + "{}", "deep": '{"id":' + "[" * 100_000 + "]" * 100_000 + "}",
            "twice": '{"id":"p","id":"q","channel_id":"c","body":"x"}', "unknown": post(more=1), "missing": '{"id":"p"}', "null": post(body=None),
            "another type": post(body=1), "too long": post(body="x" * 900_000), "NUL": post(id="p\0"), "lone surrogate": post(body="\ud800"),
            "no number": post(body=float("nan")), "endless number": post().replace('"x"', "1e999"), "no UTF-8": "{\"id\":\"\udcff\"}",
        }
        commands = {name: ("message.post", data) for name, data in payloads.items() if name != "no UTF-8"}
        commands |= {"unknown command": ("message.erase", "{}"), "SQL": ("message.post; DROP TABLE users", "{}"), "own command": ("wherry.restore", "{}"),
                     "vote beyond all": ("message.vote", '{"id":"s","by":9223372036854775808}'), "long name": ("x" * 700, "{}")}
        for name, (command, data) in commands.items():
            with self.subTest(name), self.welcomed() as peer:
                peer.say(wire.push((uuid.uuid4(), command, data)))
                self.assertEqual(self.answers(peer, 1)[0][3], REJECTED_OUTCOME)
        with self.subTest("beyond the limits"):
            for command, data in (("message.post", post(body="x" * (1 << 20))), ("x" * 900, "{}")):
                self.assertEqual(self.ends(frame(BINARY, wire.push((uuid.uuid4(), command, data))), welcomed=True), ("limit", 1009))
        self.assertEqual(self.server_dump(), before)
        with self.subTest("an id again, with another content"), self.welcomed() as peer, self.welcomed() as other:
            again = uuid.uuid4()
            peer.say(wire.push((again, "user.register", '{"id":"eve","name":"Eve"}')))
            first = self.answers(peer, 1)[0]
            other.say(wire.push((again, "user.register", '{"id":"eve","name":"zzagain"}')))
            self.assertEqual(self.answers(other, 1)[0][:2], first[:2])
            self.assertNotIn("zzagain", self.server_dump())
        with self.subTest("a forged author and base"), self.welcomed() as peer:
            peer.say(wire.message(wire.PUSH, [[uuid.uuid4(), "message.post", post(id="forged"), 1, 10**9, "ann"]]))
            self.answers(peer, 1)
            entry = rows("log", "--data", self.data, "--workspace", "team")[-1]
            self.assertEqual(entry["user_id"], "eve")
            self.assertLess(entry["base_seq"], 10**9)
            self.assertIn('"id":"forged","channel_id":"c","author_id":"eve"', self.server_dump())

    def answers(self, peer, count):
        """The answers to commands that `peer` has pushed."""
        answers = []
        while len(answers) < count:
            fields = peer.receive()
            self.assertIsNotNone(fields, peer.bye)
            if fields[0] == wire.BATCH:
                answers += (fields + [None] * 4)[3] or []
        return answers

    def test_whoever_never_reads(self):
        """Asks for everything and reads nothing: others go on, and the server does not keep it all for him."""
        text = "x" * 9_000
        lines = [json.dumps({"name": "message.post", "params": {"id": f"big{n}", "channel_id": "c", "body": text}}) for n in range(1_000)]
        with contextlib.ExitStack() as peers:
            for _ in range(12):
                peer = peers.enter_context(self.welcomed())
                peer.say(wire.message(wire.PULL, 1000, [[handle, 0, b""] for handle in range(1, 9)]))
                peer.send(frame(PING, b"x" * 100) * 1_000)
            wherry("exec", self.ann, "--jsonl", "-", stdin="\n".join(lines))
            wherry("sync", self.ann)  # 12 times 9 MB, if nothing bounded it
            self.assertLess(self.server_memory() - self.memory, MEMORY_MOST)

    def test_damaged_messages(self):
        """Every message, cut and flipped at each byte, of strangers, members and revoked users, while honest people work."""
        tokens = {"stranger": None, "member": self.eve, "revoked": self.token("mallory")}
        guessed = jwt({"alg": "HS256"}, {"sub": "ann", "wsp": "team", "exp": int(time.time()) + 3600}, b"guessed")
        now = int(time.time() * 1000)
        command = [uuid.uuid4(), "user.register", '{"id":"eve","name":"Eve"}', now, 3]
        own = {"push": wire.message(wire.PUSH, [command]), "pull": wire.message(wire.PULL, 8, [[1, 0, b""]], [2])}
        # Those of a server, which it must not take from others.
        scope = [1, "channel(secret)", False, True]
        servers = {"welcome": wire.message(wire.WELCOME, 2, [1 << 20] * 4, now, "team", "ann", ["admin"], uuid.uuid4(), 0, 9, b"x" * 10, uuid.uuid4()),
                   "schema": wire.message(wire.SCHEMA, "0" * 32, b"\x90"), "scopes": wire.message(wire.SCOPES, [scope], [2], True, False),
                   "batch": wire.message(wire.BATCH, 9, [1, b""], [[uuid.uuid4(), 8, 0, 0]], [1], [[scope]], b"x" * 10),
                   "short batch": b"\x04\x09\x01" + b"x" * 10 + b"\x0e\x00\x91\xa1k",
                   "rows": wire.message(wire.ROWS, 1, 9, b"\0", True, b"", True), "error": wire.message(wire.ERROR, "protocol", "x"),
                   "bye": wire.message(wire.BYE, "protocol", "x", 0)}
        before = rows("log", "--data", self.data, "--workspace", "team")

        def damaged(whole, bits):
            yield from (whole[:cut] for cut in range(len(whole)))
            for at in range(len(whole)):
                for bit in bits or [at % 8]:
                    yield whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1:]

        every = range(8)
        cases = []
        for who, token in tokens.items():
            cases += [(f"hello of a {who}", None, bad) for bad in damaged(self.hello(token or guessed), every if who == "member" else [])]
            for name, whole in {**own, **servers}.items():
                bits = every if who == "member" and name in own else []
                cases += [(f"{name} of a {who}", token, bad) for bad in damaged(whole, bits)]

        def attempt(case):
            _, token, bad = case
            with self.welcomed(token) if token else self.connect().open("team") as peer:
                peer.say(bad)
                peer.send(frame(8, b"\x03\xe8"))
                peer.ending()
                return peer.close_code, b"zzsecret" in peer.traffic

        with ThreadPoolExecutor(16) as pool, self.honest_work():
            for case, (code, leaked) in zip(cases, pool.map(attempt, cases)):
                self.assertIn(code, NAMED | {1000}, case)
                self.assertFalse(leaked, case)
        print(f"{len(cases)} damaged messages", flush=True)
        # Whatever was admitted is of their own doing and of the one command that they sent.
        for entry in rows("log", "--data", self.data, "--workspace", "team")[len(before):]:
            self.assertTrue(entry["user_id"] in ("eve", "mallory") or "honest" in str(entry["data"]), entry)

    @contextlib.contextmanager
    def honest_work(self):
        """Ann goes on writing and is answered within seconds, whatever else is asked of the server."""
        over, longest, failures = threading.Event(), [0.0], []

        def work():
            try:
                while not over.wait(0.2):
                    began = time.monotonic()
                    self.exec(self.ann, "message.post", id=str(uuid.uuid4()), channel_id="c", body="honest work")
                    wherry("sync", self.ann)
                    longest[0] = max(longest[0], time.monotonic() - began)
            except AssertionError as failure:
                failures.append(failure)

        worker = threading.Thread(target=work)
        worker.start()
        try:
            yield
        finally:
            over.set()
            worker.join()
        self.assertEqual(failures, [])
        self.assertLess(longest[0], 10)
        print(f"honest work took {longest[0]:.2f} s at most", flush=True)

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
            answers = self.answers(peer, 3)
            self.assertEqual([answer[3] for answer in answers], [REJECTED_OUTCOME] * 3)
            # What is hidden and what does not exist are answered alike.
            self.assertEqual(answers[1][4:], answers[2][4:])
            self.assertNotIn(b"channel(secret)", peer.traffic)
            self.assertNotIn(b"zzsecret", peer.traffic)


if __name__ == "__main__":
    main()
