#!/usr/bin/env python3
"""Others at the same files: a second engine, a second server, and readers that hold a transaction for long."""
import os
import signal
import sqlite3
import time

import faults
import harness
import story
from faults import OK, Process, Team, identity, line, rows, run
from harness import BUSY, CHAT


class Sharing(faults.Case):
    def setUp(self):
        super().setUp()
        self.team = Team(self.folder)
        self.addCleanup(self.team.stop)
        story.before(self.team)
        self.team.serve()
        self.issued = story.ids()

    def posts(self, label, count, size):
        made = [line(f"{label}-{i}", "message.post", id=f"{label}-{i}", channel_id="general", body="z" * size)
                for i in range(count)]
        self.issued |= {command["id"] for command in made}
        return made

    def finish(self):
        self.assertEqual(self.team.server.end(), OK, self.team.server.text(1))
        self.team.settle()
        self.team.check(faults.USERS, self.issued)

    def wal(self, file):
        return os.path.getsize(f"{file}-wal") if os.path.exists(f"{file}-wal") else 0


class Processes(Sharing):
    def test_two_processes_on_one_replica(self):
        file = self.team.file("ann")
        watching = Process(self.folder, "sync", file, "--watch", "--json")
        self.addCleanup(watching.close)
        while not os.path.exists(f"{file}-wal") or '"status"' not in watching.text():
            self.assertTrue(watching.alive, watching.text(1))
            time.sleep(0.01)
        for arguments in (["exec", file, "message.vote", '{"id": "votes", "by": 1}'], ["sync", file],
                          ["retry", file, "--all"], ["dismiss", file, "--all"]):
            self.assertIn("busy", run(*arguments, accept=(BUSY,)).err)
        for arguments in (["query", file, "SELECT 1"], ["status", file], ["commands", file], ["dump", file]):
            run(*arguments)
        watching.process.send_signal(signal.SIGKILL)
        watching.process.wait()
        # Its lock ends with it.
        self.team.execute("ann", self.posts("after", 3, 10))
        self.finish()

    def test_many_processes_at_once(self):
        """Each has the file for itself, or is told that it is busy; nothing is queued twice or half."""
        file, queued, busy = self.team.file("bob"), 0, 0
        for turn in range(5):
            commands = [line(f"m{turn}-{i}", "message.vote", id="votes", by=1) for i in range(6)]
            crowd = []
            for i, command in enumerate(commands):
                told = self.folder / f"{i}.jsonl"
                told.write_text(faults.jsonl([command]))
                crowd.append(Process(self.folder, "exec", file, "--jsonl", told))
            for process, command in zip(crowd, commands):
                code = process.process.wait(faults.PATIENCE)
                self.assertIn(code, (OK, BUSY), process.text(1))
                process.close()
                if code == OK:
                    queued += 1
                    self.issued.add(command["id"])
                    self.team.queued[command["id"]] = "bob"
                busy += code == BUSY
        print(f"replica: {queued} had it, {busy} were told that it is busy", flush=True)
        self.assertEqual(rows("status", file)[0]["pending"], queued)
        self.assertGreaterEqual(queued, 5)
        self.finish()

    def test_many_servers_at_once(self):
        self.team.server.end(signal.SIGKILL)
        for _ in range(3):
            crowd = [Process(self.folder, "serve", "--bundle", CHAT, "--data", self.team.data, "--listen", "127.0.0.1:0")
                     for _ in range(4)]
            up = [process for process in crowd if process.first_line()]
            self.assertEqual(len(up), 1)
            for process in crowd:
                if process not in up:
                    self.assertEqual(process.process.wait(faults.PATIENCE), BUSY, process.text(1))
            # Those who came in vain have not taken away where it listens.
            done = run("exec", "--data", self.team.data, "--workspace", "team", "--as-user", "ann", "--jsonl", "-",
                       stdin=faults.jsonl([line("served", "message.vote", id="votes", by=1)]))
            self.assertIn("1 accepted", done.err)
            up[0].end(signal.SIGKILL)
            for process in crowd:
                process.close()
        self.issued.add(identity("served"))
        self.team.serve()
        self.finish()


class Readers(Sharing):
    """A reader with an open transaction keeps checkpoints from completing; the write-ahead log grows meanwhile."""

    ROUNDS = 60 if faults.ALL else 6
    SIZE = 20_000

    def hold(self, file):
        database = sqlite3.connect(f"file:{file}?mode=ro", uri=True, isolation_level=None)
        self.addCleanup(database.close)
        database.execute("BEGIN")
        count = database.execute("SELECT count(*) FROM messages").fetchone()[0]
        return database, count

    def write(self, label, rounds):
        for turn in range(rounds):
            self.team.execute("ann", self.posts(f"{label}{turn}", 20, self.SIZE))
            self.team.sync("ann")

    def test_reader_on_the_servers_file(self):
        file = next((self.team.data / "workspaces").glob("*.db"))
        self.write("early", 2)
        before = self.wal(file)
        reader, count = self.hold(file)
        self.write("held", self.ROUNDS)
        self.assertEqual(reader.execute("SELECT count(*) FROM messages").fetchone()[0], count, "its snapshot moved")
        grown = self.wal(file)
        reader.close()
        self.write("free", 2)
        after = self.wal(file)
        print(f"server: write-ahead log {before} bytes before, {grown} while held, {after} after", flush=True)
        self.assertGreater(grown, self.ROUNDS * 20 * self.SIZE, "the reader did not hold it up")
        self.assertLessEqual(after, grown + 2_000_000, "it grows on though nobody holds it")
        self.assertEqual(self.team.server.end(), OK)
        self.assertEqual(self.wal(file), 0, "a write-ahead log is left behind")
        self.team.serve()
        self.finish()

    def test_reader_on_the_replicas_file(self):
        file = self.team.file("bob")
        watching = Process(self.folder, "sync", file, "--watch", "--json")
        self.addCleanup(watching.close)
        while not os.path.exists(f"{file}-wal"):
            time.sleep(0.01)
        reader, count = self.hold(file)
        self.write("held", self.ROUNDS)
        self.wait_for("bob")
        self.assertEqual(reader.execute("SELECT count(*) FROM messages").fetchone()[0], count, "its snapshot moved")
        grown = self.wal(file)
        reader.close()
        self.write("free", 2)
        self.wait_for("bob")
        after = self.wal(file)
        print(f"replica: write-ahead log {grown} bytes while held, {after} after", flush=True)
        self.assertLessEqual(after, grown + 2_000_000, "it grows on though nobody holds it")
        self.assertEqual(watching.end(), OK, watching.text(1))
        self.assertEqual(self.wal(file), 0, "a write-ahead log is left behind")
        self.finish()

    def test_reader_while_access_is_lost(self):
        """What a replica may not read any more is out of its file when the reader has gone, at the latest."""
        file, word = self.team.file("bob"), "unheardofword"
        self.team.execute("ann", [line("w", "message.post", id="w", channel_id="secret", body=word * 50)])
        self.team.sync("ann")
        self.team.sync("bob")
        reader, _ = self.hold(file)
        self.team.execute("ann", [line("gone", "channel.remove_member", channel_id="secret", user_id="bob")])
        self.issued |= {identity("w"), identity("gone")}
        self.team.sync("ann")
        self.team.sync("bob")
        self.assertEqual(reader.execute("SELECT count(*) FROM messages WHERE id = 'w'").fetchone()[0], 1)
        self.assertEqual(rows("query", file, "SELECT count(*) AS n FROM messages WHERE id = 'w'"), [{"n": 0}])
        reader.close()
        self.team.sync("bob")
        for left in self.folder.glob("bob.db*"):
            self.assertNotIn(word.encode(), left.read_bytes(), f"NO-LEAK: {left.name} still has it")
        self.finish()

    def wait_for(self, user):
        until = time.monotonic() + 60
        its = ["dump", "--data", self.team.data, "--workspace", "team", "--as-user", user]
        while run("dump", self.team.file(user)).out != run(*its).out:
            self.assertLess(time.monotonic(), until, "LIVENESS: it does not come")
            time.sleep(0.1)


if __name__ == "__main__":
    harness.main()
