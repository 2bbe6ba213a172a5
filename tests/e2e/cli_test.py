#!/usr/bin/env python3
"""The program end to end: every command, two replicas, equal dumps, exit codes."""
import json
import os
import stat
import urllib.request

from harness import (BUSY, CHAT, FAILURE, REFUSED, REJECTED, UNAUTHORIZED, UNREACHABLE, USAGE, Case, main, rows,
                     wherry)


class Basics(Case):
    def test_version_and_usage(self):
        self.assertRegex(wherry("--version"), r"^wherry \d+\.\d+\.\d+\n$")
        wherry(expect=USAGE)
        wherry("nonsense", expect=USAGE)
        wherry("sync", expect=USAGE)

    def test_check(self):
        self.assertIn("no mistakes", wherry("check", CHAT))
        bad = self.folder / "bad"
        (bad / "migrations").mkdir(parents=True)
        (bad / "app.toml").write_text('name = "bad"\n\n[tables.nowhere]\nscope = "workspace"\n')
        (bad / "migrations" / "0001_init.sql").write_text("CREATE TABLE t (id TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID;\n")
        self.assertIn("app.toml:3: ", wherry("check", bad, expect=FAILURE))
        mistakes = [json.loads(line) for line in wherry("check", bad, "--json", expect=FAILURE).splitlines()]
        self.assertTrue(all(set(m) == {"file", "line", "problem", "cure"} for m in mistakes), mistakes)
        wherry("serve", "--bundle", bad, "--data", self.data, expect=FAILURE)
        wherry("check", self.folder / "missing", expect=FAILURE)

    def test_workspaces(self):
        wherry("workspace", "create", "team", "--data", self.data)
        wherry("workspace", "create", "other", "--data", self.data)
        wherry("workspace", "create", "team", "--data", self.data, expect=FAILURE)
        wherry("workspace", "create", "../team", "--data", self.data, expect=FAILURE)
        self.assertEqual([w["name"] for w in rows("workspace", "list", "--data", self.data)], ["other", "team"])
        self.assertEqual(wherry("log", "--data", self.data, "--workspace", "team"), "")
        self.assertEqual(self.server_dump(), "")
        self.token("ann")
        wherry("token", "--data", self.data, "--workspace", "none", "--user", "ann", expect=FAILURE)
        wherry("token", "--data", self.data, "--workspace", "team", "--user", "ann", "--expires", "soon", expect=FAILURE)


class Served(Case):
    def setUp(self):
        super().setUp()
        wherry("workspace", "create", "team", "--data", self.data)
        self.server = self.serve()

    def test_one_server_per_folder_and_health(self):
        with urllib.request.urlopen(f"http://{self.server.authority}/healthz", timeout=30) as answer:
            self.assertEqual(answer.status, 200)
        wherry("serve", "--bundle", CHAT, "--data", self.data, "--listen", "127.0.0.1:0", expect=BUSY)
        wherry("serve", "--bundle", CHAT, "--data", self.folder / "x", "--listen", "0.0.0.0:0", "--dev", expect=FAILURE)
        self.server.end()

    def test_init_says_why_not(self):
        file = self.folder / "x.db"
        url = self.server.url("team")
        wherry("init", file, "--url", url, "--token", "nonsense", expect=UNAUTHORIZED)
        self.assertEqual(sorted(p.name for p in self.folder.glob("x.db*")), [])
        wherry("init", file, "--url", "http://127.0.0.1/team", "--token", "t", expect=FAILURE)
        wherry("init", file, "--url", "ws://127.0.0.1:1/team", "--token", "t", "--patience", 0, expect=UNREACHABLE)
        wherry("init", file, "--url", self.server.url("none"), "--token", self.token("ann"), expect=FAILURE)
        ann = self.replica(self.server, "ann")
        wherry("init", ann, "--url", url, "--token", self.token("ann"), expect=FAILURE)
        self.assertEqual(stat.S_IMODE(os.stat(f"{ann}.auth").st_mode), 0o600)

    def test_two_replicas_agree_with_the_server(self):
        ann, bob = self.replica(self.server, "ann"), self.replica(self.server, "bob")
        self.exec(ann, "user.register", id="ann", name="Ann")
        self.exec(ann, "channel.create", id="general", name="General")
        self.exec(ann, "channel.create", id="secret", name="Secret", private=True)
        self.exec(ann, "message.post", id="m1", channel_id="general", body="Grüße, \U0001f6f6")
        self.exec(ann, "message.post", id="m2", channel_id="secret", body="psst-unheard")
        self.exec(bob, "user.register", id="bob", name="Bob")
        self.assertEqual(rows("status", ann)[0]["pending"], 5)
        self.assertEqual(wherry("dump", ann), self.server_dump("ann"))  # nothing is confirmed yet
        self.assertEqual(rows("query", ann, "SELECT body FROM messages ORDER BY id")[1]["body"], "psst-unheard")
        for file in (ann, bob, ann):
            wherry("sync", file)
        self.assert_agrees(ann, "ann")
        self.assert_agrees(bob, "bob")
        self.assertIn("Grüße", wherry("dump", bob))
        self.assertNotIn(b"psst-unheard", b"".join(p.read_bytes() for p in self.folder.glob("bob.db*") if p.is_file()))
        self.assertIn("psst-unheard", self.server_dump())
        self.assertEqual([c["state"] for c in rows("commands", ann)], ["applied"] * 5)
        log = rows("log", "--data", self.data, "--workspace", "team")
        self.assertEqual([e["seq"] for e in log], list(range(1, len(log) + 1)))
        later = wherry("log", "--data", self.data, "--workspace", "team", "--from", len(log)).splitlines()
        self.assertEqual(len(later), 1)

    def test_refused_and_rejected(self):
        ann, bob = self.replica(self.server, "ann"), self.replica(self.server, "bob")
        self.exec(ann, "channel.create", id="general", name="General")
        self.exec(ann, "message.post", id="m1", channel_id="general", body="first")
        self.exec(bob, "user.register", id="bob", name="Bob")
        for file in (ann, bob):
            wherry("sync", file)
        self.exec(bob, "channel.add_member", channel_id="general", user_id="bob")
        wherry("sync", bob)
        self.exec(bob, "message.edit", id="m1", body="mine now", expect=REFUSED)
        self.exec(bob, "no.such", expect=REFUSED)
        self.exec(bob, "message.edit", id="m1", expect=REFUSED)
        self.exec(bob, "message.post", id="m2", channel_id="general", body="too late, but kept")
        self.exec(ann, "channel.lock", id="general")
        wherry("sync", ann)
        wherry("sync", bob, expect=REJECTED)
        states = {c["name"]: c for c in rows("commands", bob)}
        self.assertEqual(states["message.post"]["state"], "rejected")
        self.assertEqual(states["message.post"]["code"], "entity_locked")
        self.assertEqual(states["message.post"]["data"]["body"], "too late, but kept")
        self.assertEqual(rows("status", bob)[0]["rejected"], 1)
        wherry("retry", bob, states["message.post"]["id"], expect=REFUSED)
        self.exec(ann, "channel.unlock", id="general")
        wherry("sync", ann)
        wherry("sync", bob)
        new = wherry("retry", bob, states["message.post"]["id"]).strip()
        wherry("sync", bob)
        self.assertEqual({c["id"]: c for c in rows("commands", bob)}[new]["state"], "applied")
        wherry("dismiss", bob, states["message.post"]["id"])
        wherry("dismiss", bob, "--all")
        self.assertEqual(rows("commands", bob), [])
        wherry("dismiss", bob, "no-such-command", expect=FAILURE)
        self.assert_agrees(bob, "bob")

    def test_lines(self):
        ann = self.replica(self.server, "ann")
        lines = ['{"name": "channel.create", "params": {"id": "general", "name": "General"}}', "nonsense",
                 '{"name": "message.post", "params": {"id": "m0", "channel_id": "nowhere", "body": "x"}}',
                 '{"name": "message.post", "id": "not a uuid", "params": {"id": "m0", "channel_id": "general", "body": "x"}}']
        lines += [json.dumps({"name": "message.post", "params": {"id": f"m{n}", "channel_id": "general", "body": f"text {n}"}})
                  for n in range(1, 1201)]
        out = wherry("exec", ann, "--jsonl", "-", "--json", stdin="\n".join(lines), expect=REFUSED)
        results = [json.loads(line) for line in out.splitlines()]
        self.assertEqual(sorted(r["line"] for r in results if "code" in r), [2, 3, 4])
        self.assertEqual(len([r for r in results if "id" in r]), 1201)
        wherry("sync", ann)
        self.assertEqual(rows("query", ann, "SELECT count(*) AS n FROM messages")[0]["n"], 1200)
        self.assert_agrees(ann, "ann")
        again = lines[:1] + [json.dumps({**json.loads(lines[4]), "id": results[-1]["id"]})]
        wherry("exec", ann, "--jsonl", "-", stdin="\n".join(again[1:]))  # an id in the list already: nothing happens

    def test_watching(self):
        ann, bob = self.replica(self.server, "ann"), self.replica(self.server, "bob")
        wherry("tap", bob, expect=FAILURE)
        watching = self.start("sync", bob, "--watch", "--json")
        watching.wait_for(lambda line: json.loads(line)["event"] == "status")
        self.exec(bob, "user.register", id="bob", name="Bob", expect=BUSY)
        wherry("sync", bob, expect=BUSY)
        tap = self.start("tap", bob)
        self.exec(ann, "user.register", id="ann", name="Ann")
        # Until the watcher is connected there may be nothing to see.
        n = 0
        while not any('"Ann ' in line for line in tap.lines) and n < 100:
            n += 1
            self.exec(ann, "user.register", id="ann", name=f"Ann {n}")
            wherry("sync", ann)
        message = next(json.loads(line) for line in tap.lines if '"Ann ' in line)
        self.assertEqual(message["direction"], "received")
        self.assertNotIn(json.loads((self.folder / "bob.db.auth").read_text())["token"], "".join(tap.lines))
        while wherry("dump", bob) != self.server_dump("bob"):
            pass
        self.assertEqual(rows("query", bob, "SELECT name FROM users")[0]["name"], f"Ann {n}")
        self.assertEqual(rows("status", bob)[0]["user"], "bob")
        watching.end()
        self.assertEqual(tap.wait(), 0)

    def test_bots_on_the_server(self):
        where = ["--data", self.data, "--workspace", "team"]
        post = json.dumps({"id": "general", "name": "General"})
        wherry("exec", *where, "--as-user", "bot", "channel.create", post)
        wherry("exec", *where, "--as-user", "bot", "channel.create", post, expect=REJECTED)
        lines = [json.dumps({"name": "message.post", "user": "ann", "client_timestamp": 1_000_000_000_000 + n,
                             "params": {"id": f"m{n}", "channel_id": "general", "body": "old"}}) for n in range(700)]
        join = json.dumps({"name": "channel.add_member", "user": "ann", "params": {"channel_id": "general", "user_id": "ann"}})
        importing = [*where, "--as-user", "importer", "--role", "import"]
        wherry("exec", *importing, "--jsonl", "-", stdin="\n".join([join, *lines[:600]]))
        wherry("exec", *where, "--as-user", "bot", "--jsonl", "-", stdin=lines[0], expect=REFUSED)
        self.server.end()
        wherry("exec", *importing, "--jsonl", "-", stdin="\n".join(["nonsense", *lines[600:]]), expect=REFUSED)
        log = rows("log", *where)
        self.assertEqual(len([e for e in log if e["name"] == "message.post" and e["user_id"] == "ann"]), 700)
        self.assertEqual({e["submitted_by"] for e in log if e["name"] == "message.post"}, {"importer"})
        ann = self.replica(self.serve(), "ann")
        self.assertEqual(rows("query", ann, "SELECT min(sent_at) AS t, count(*) AS n FROM messages"),
                         [{"t": 1_000_000_000_000, "n": 700}])
        self.assert_agrees(ann, "ann")


if __name__ == "__main__":
    main()
