#!/usr/bin/env python3
"""Files that are not what they seem, given to a replica or to the server: swapped, crafted, damaged. Refused, or harmless."""
import contextlib
import shutil
import sqlite3
import time
import uuid
from pathlib import Path

import wire
from harness import FAILURE, UNAUTHORIZED, Case, main, rows, run, wherry
from wire import Wire, frame


class Files(Case):
    def setUp(self):
        super().setUp()
        for workspace in ("team", "other"):
            wherry("workspace", "create", workspace, "--data", self.data)
        self.server = self.serve()
        self.ann = self.replica(self.server, "ann")
        self.exec(self.ann, "channel.create", id="c", name="general")
        self.exec(self.ann, "message.post", id="m", channel_id="c", body="zzteamword")
        wherry("sync", self.ann)

    def file_of(self, workspace):
        return next(Path(row["path"]) for row in rows("workspace", "list", "--data", self.data) if row["name"] == workspace)

    def put(self, source, target):
        """A database and what lies beside it."""
        for suffix in ("", "-wal", "-shm", ".auth"):
            Path(f"{target}{suffix}").unlink(missing_ok=True)
            if Path(f"{source}{suffix}").exists():
                shutil.copy(f"{source}{suffix}", f"{target}{suffix}")

    def test_swapped_workspaces(self):
        team, other = self.file_of("team"), self.file_of("other")
        self.replica(self.server, "bob", workspace="other")
        self.server.end()
        self.put(team, kept := self.folder / "kept")
        self.put(other, team)
        self.put(kept, other)
        self.server = self.serve()
        for workspace in ("team", "other"):
            with Wire(self.server.authority).open(workspace) as peer:
                peer.say(wire.hello(self.token("ann", workspace=workspace), int(time.time() * 1000)))
                # Before a token can be verified nobody is told more; the server's log says what is wrong.
                self.assertEqual(peer.ending(), ("unavailable", 1013))
                self.assertNotIn(b"zzteamword", peer.traffic)
        self.server.end()
        self.assertIn("the file is of the workspace other, not of team", "".join(self.server.errors))
        self.put(team, other)
        self.put(kept, team)
        self.server = self.serve()
        wherry("sync", self.ann, "--url", self.server.url("team"))
        self.server.end()

    def test_a_replica_at_another_address(self):
        """A folder made anew holds a workspace of the same name, which is another one: nothing of the queue goes there."""
        self.exec(self.ann, "message.post", id="q", channel_id="c", body="zzqueued")
        self.server.end()
        self.data = self.folder / "anew"
        wherry("workspace", "create", "team", "--data", self.data)
        self.server = self.serve()
        before = wherry("dump", self.ann)
        wherry("sync", self.ann, "--url", self.server.url("team"), "--token", self.token("ann"), expect=FAILURE)
        self.assertEqual(wherry("dump", self.ann), before)
        self.assertEqual([command["state"] for command in rows("commands", self.ann)][-1], "pending")
        self.assertEqual([entry["user_id"] for entry in rows("log", "--data", self.data, "--workspace", "team")], ["system"])
        self.server.end()

    def test_another_secret(self):
        token = self.token("ann")
        self.server.end()
        (self.data / "secret").write_text("0123456789abcdef" * 4 + "\n")
        self.server = self.serve()
        wherry("sync", self.ann, "--url", self.server.url("team"), "--token", token, expect=UNAUTHORIZED)
        wherry("sync", self.ann, "--url", self.server.url("team"), "--token", self.token("ann"))
        self.server.end()

    def crafted(self, source):
        """Copies of a database, each bad in its own way."""
        good = self.folder / "good"
        good.unlink(missing_ok=True)
        with contextlib.closing(sqlite3.connect(source)) as db, contextlib.closing(sqlite3.connect(good)) as copy:
            db.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
        whole = good.read_bytes()
        yield "noise", bytes(range(256)) * 64
        yield "half", whole[:len(whole) // 2 & ~4095]
        yield "a header alone", whole[:100]
        # Sizes, versions, the schema's page and the pages behind it.
        for at in (16, 18, 28, 47, 56, 100, 103, 105, 4096, 4099, 8192, 8195, 12288):
            yield f"damaged at {at}", whole[:at] + bytes([whole[at] ^ 0xff]) + whole[at + 1:]
        calls = "load_extension('/nowhere/zz.so')"
        for name, sql in {
                "a trigger": f"CREATE TRIGGER zz AFTER INSERT ON messages BEGIN SELECT {calls}; END",
                "a view for a table": f"ALTER TABLE messages RENAME TO zz; CREATE VIEW messages AS SELECT {calls} AS id",
                "a generated column": f"ALTER TABLE messages ADD COLUMN zz AS ({calls})",
                "a broken schema": "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE messages(' WHERE name = 'messages'",
                "another format": "UPDATE wherry_meta SET value = x'ff'",
                "a table that is missing": "DROP TABLE wherry_meta"}.items():
            made = self.folder / "made"
            made.write_bytes(whole)
            with contextlib.closing(sqlite3.connect(made)) as db, contextlib.suppress(sqlite3.Error):
                db.executescript(sql)
            yield name, made.read_bytes()

    def test_crafted_replicas(self):
        before = self.server_dump()
        for number, (name, content) in enumerate(self.crafted(self.ann)):
            with self.subTest(name):
                file = self.folder / f"crafted{number}.db"
                file.write_bytes(content)
                for command in (["dump", file], ["exec", file, "message.post", '{"id":"x","channel_id":"secret","body":"x"}'],
                                ["sync", file, "--url", self.server.url("team"), "--token", self.token("eve"), "--patience", "2"]):
                    # Each ends by itself, and with one of the exit codes of docs/CLI.md.
                    self.assertIn(run(*command).returncode, range(8), command)
        self.assertEqual(self.server_dump(), before)
        self.server.end()

    def test_crafted_workspaces(self):
        self.server.end()
        names = []
        for name, content in self.crafted(self.file_of("team")):
            names.append((f"copy{len(names)}", name))
            wherry("workspace", "create", names[-1][0], "--data", self.data)
            file = self.file_of(names[-1][0])
            file.write_bytes(content)
            with contextlib.closing(sqlite3.connect(file)) as db, contextlib.suppress(sqlite3.Error):
                db.execute("UPDATE wherry_meta SET value = ? WHERE name = 'name'", [names[-1][0]])
                db.commit()
        self.server = self.serve()
        for workspace, name in names:
            with self.subTest(name), Wire(self.server.authority).open(workspace) as peer:
                peer.say(wire.hello(self.token("ann", workspace=workspace), int(time.time() * 1000)))
                if peer.until(wire.WELCOME) is not None:
                    peer.say(wire.push((uuid.uuid4(), "message.post", '{"id":"x","channel_id":"c","body":"x"}')))
                    peer.send(frame(8, b"\x03\xe8"))
                self.assertIn(peer.ending()[1], {1000, 1011, 1013})
        wherry("sync", self.ann, "--url", self.server.url("team"))
        self.assert_agrees(self.ann, "ann")
        self.server.end()


if __name__ == "__main__":
    main()
