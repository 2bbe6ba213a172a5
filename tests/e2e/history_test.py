#!/usr/bin/env python3
"""A team's history imported through one replica; ten replicas of different users agree with the server.

WHERRY_HISTORY: a file of JSON lines {ts, channel, user, thread, text}, plain or .gz; without it, a sample history
that the project generates.
"""
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from harness import CHAT, Case, main, rows, wherry
from wire import Wire

HISTORY = os.environ.get("WHERRY_HISTORY")


class History(Case):
    def import_lines(self):
        script = [CHAT / "import" / "jsonl.py", HISTORY] if HISTORY else [CHAT / "sample.py"]
        file = self.folder / "history.jsonl"
        with open(file, "w", encoding="utf-8") as out:
            subprocess.run([sys.executable, *map(str, script)], stdout=out, stderr=subprocess.DEVNULL, check=True)
        return file

    def assert_silent_traffic(self, server, owner, user):
        """Nothing of the private channel in what a non-member is sent: neither by a scan nor live."""
        with Wire(server.authority).open("team") as peer:
            peer.scan(self.token(user), int(time.time() * 1000))
            self.assertIn(user.encode(), peer.traffic)
            self.assertNotIn(b"zzvault", peer.traffic)
        watching = self.start("sync", self.folder / f"{user}.db", "--watch", "--json")
        watching.wait_for(lambda line: json.loads(line)["event"] == "status")
        tap = self.start("tap", self.folder / f"{user}.db")
        n = 0
        while not any("zzheard" in line for line in tap.lines):
            n += 1
            self.exec(owner, "message.post", id=f"zzvault-live-{n}", channel_id="zzvault", body="zzvaultword live")
            self.exec(owner, "user.register", id="owner", name=f"zzheard {n}")
            wherry("sync", owner)
        watching.end()
        self.assertEqual(tap.wait(), 0)
        self.assertNotIn("zzvault", "".join(tap.lines))

    def test_ten_replicas_equal_the_server(self):
        wherry("workspace", "create", "team", "--data", self.data)
        server = self.serve()
        importer = self.replica(server, "importer", "--role", "import")
        lines = self.import_lines()
        wherry("exec", importer, "--jsonl", lines)
        wherry("sync", importer)
        count = len(lines.read_text(encoding="utf-8").splitlines())
        self.assertGreaterEqual(len(rows("log", "--data", self.data, "--workspace", "team")), count)
        # A private channel beside it, of which nobody else may learn.
        owner = self.replica(server, "owner")
        self.exec(owner, "channel.create", id="zzvault", name="zzvaultname", private=True)
        for n in range(50):
            self.exec(owner, "message.post", id=f"zzvault-{n}", channel_id="zzvault", body=f"zzvaultword {n}")
        wherry("sync", owner)
        users = [row["id"] for row in rows("query", importer, "SELECT id FROM users ORDER BY id")][:9] + ["owner"]
        for user in users:
            file = owner if user == "owner" else self.replica(server, user, name=user)
            self.assert_agrees(file, user)
            self.assertEqual(rows("status", file)[0]["pending"], 0)
            if user != "owner":
                held = b"".join(Path(f"{file}{suffix}").read_bytes() for suffix in ("", "-wal")
                                if Path(f"{file}{suffix}").exists())
                self.assertNotIn(b"zzvault", held)
        self.assert_silent_traffic(server, owner, users[0])
        # The same import again, from elsewhere, is the same commands: nothing is doubled.
        before, entries = self.server_dump(), len(rows("log", "--data", self.data, "--workspace", "team"))
        wherry("exec", "--data", self.data, "--workspace", "team", "--as-user", "importer", "--role", "import",
               "--jsonl", lines)
        self.assertEqual(self.server_dump(), before)
        self.assertEqual(len(rows("log", "--data", self.data, "--workspace", "team")), entries)


if __name__ == "__main__":
    main()
