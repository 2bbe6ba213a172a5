#!/usr/bin/env python3
"""A disk that is full: of the server, of a device, and of whoever reads what a command prints.

The disk is a small file system in memory; where mounting one is not permitted, the process is allowed only small files
instead (RLIMIT_FSIZE).
"""
import json
import re
import resource
import shutil
import signal
import subprocess
from pathlib import Path

import faults
import harness
from faults import FAILURE, OK, UNREACHABLE, Team, line, run

SIZE = 3 << 20
CODE = re.compile(r"^wherry: (\w+): ", re.MULTILINE)


class Disk:
    """A small file system at `folder`."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "wherry-test", str(folder)],
                              capture_output=True, text=True)
        self.mounted = done.returncode == 0
        self.why_not = done.stderr.strip()

    def close(self):
        if self.mounted:
            subprocess.run(["umount", "-l", str(self.folder)], check=True)

    @property
    def ballast(self):
        return self.folder / "ballast"

    def fill(self, leave=0):
        """Takes all the space but `leave`."""
        with open(self.ballast, "ab", buffering=0) as file:
            try:
                while True:
                    if file.write(bytes(4096)) < 4096:
                        break
            except OSError:
                pass
            if leave:
                file.truncate(max(0, file.tell() - leave))

    def free(self):
        self.ballast.unlink()


class Full(faults.Case):
    def setUp(self):
        super().setUp()
        self.disk = Disk(self.folder / "disk")
        self.addCleanup(self.disk.close)
        if not self.disk.mounted:
            print(f"no file system can be mounted here ({self.disk.why_not}): only what limits of files show is tested",
                  flush=True)
        self.issued = set()

    def team(self, data=None):
        team = Team(self.folder)
        self.addCleanup(team.stop)
        if data:
            team.data = data
        run("workspace", "create", "team", "--data", team.data)
        team.serve()
        for user in ("ann", "bob"):
            team.init(user)
        self.execute(team, "ann", [line("start", "channel.create", id="c", name="general"),
                                   line("member", "channel.add_member", channel_id="c", user_id="bob")])
        team.sync("ann")
        team.sync("bob")
        return team

    def execute(self, team, user, commands, accept=(OK,)):
        done = team.execute(user, commands, accept=accept)
        self.issued |= {json.loads(text)["id"] for text in done.out.splitlines() if '"id"' in text}
        return done

    def posts(self, label, count, size):
        return [line(f"{label}-{i}", "message.post", id=f"{label}-{i}", channel_id="c", body="y" * size)
                for i in range(count)]

    def assert_clear(self, done, codes, ends):
        self.assertIn(done.code, ends, str(done))
        found = CODE.findall(done.err)
        self.assertTrue(found and set(found) <= codes, f"not clear: {done}")

    def needs_mount(self):
        if not self.disk.mounted:
            self.skipTest("no file system can be mounted")


class ServersDisk(Full):
    def test_full_and_free_again(self):
        self.needs_mount()
        team = self.team(self.disk.folder / "data")
        refused = 0
        for turn in range(4):
            self.disk.fill(leave=[0, 4096, 40_000, 200_000][turn])
            self.execute(team, "ann", self.posts(f"a{turn}", 30, 20_000))
            self.execute(team, "ann", [line(f"v{turn}", "message.react", id=f"a{turn}-0", emoji="anchor")])
            done = team.sync("ann", patience=0, accept=None)
            if done.code != OK:  # a write-ahead log that has room from earlier may take it
                self.assert_clear(done, {"unavailable"}, {UNREACHABLE})
                refused += 1
            self.assertTrue(team.server.alive, "the server died")
            # Whoever only reads is served as far as there is room for an index, and told clearly otherwise.
            done = run("log", "--data", team.data, "--workspace", "team", accept=None)
            if done.code != OK:
                self.assert_clear(done, {"disk_full", "io", "busy"}, {FAILURE, harness.BUSY})
            self.disk.free()
            if turn < 3:
                self.grow(SIZE * (turn + 2))
            team.sync("ann")
            team.sync("bob")
        self.assertEqual(team.server.end(), OK, team.server.text(1))
        self.assertGreaterEqual(refused, 2)
        self.assertIn("disk_full", team.server.text(1), "the server's log does not say why")
        team.check(["ann", "bob"], self.issued)
        print(f"server's disk: full {refused} times", flush=True)

    def grow(self, size):
        """What has been told stays for good: room for the next turn."""
        subprocess.run(["mount", "-o", f"remount,size={size}", str(self.disk.folder)], check=True)

    def test_starts_on_a_full_disk_or_says_why_not(self):
        self.needs_mount()
        team = self.team(self.disk.folder / "data")
        team.stop()
        self.disk.fill()
        if not team.start():
            self.assertEqual(team.server.process.returncode, FAILURE)
            found = CODE.findall(team.server.text(1))
            self.assertTrue(found and set(found) <= {"io", "disk_full"}, team.server.text(1))
        self.disk.free()
        team.settle(["ann", "bob"])
        team.check(["ann", "bob"], self.issued)


class ReplicasDisk(Full):
    def test_full_and_free_again(self):
        self.needs_mount()
        team = self.team()
        here = self.disk.folder / "bob.db"
        for suffix in ("", ".auth"):
            shutil.move(f"{team.file('bob')}{suffix}", f"{here}{suffix}")
        team.file = lambda user: here if user == "bob" else team.folder / f"{user}.db"

        # What somebody else has written does not fit: told, and nothing half of it is seen.
        self.execute(team, "ann", self.posts("big", 100, 30_000))
        team.sync("ann")
        self.disk.fill(leave=600_000)
        before = run("dump", here).out
        done = team.sync("bob", patience=1, accept=None)
        self.assert_clear(done, {"disk_full", "io"}, {FAILURE})
        self.assertIn(run("dump", here).out, (before,), "half of a scope that was live is seen")

        # What he writes himself does not fit: refused, or kept for good.
        self.disk.fill()
        done = self.execute(team, "bob", self.posts("own", 20, 30_000), accept=None)
        self.assert_clear(done, {"disk_full", "io"}, {FAILURE})
        self.assertLessEqual(self.issued_by_bob(team), {c["id"] for c in faults.rows("commands", here)})

        self.disk.free()
        subprocess.run(["mount", "-o", f"remount,size={SIZE * 8}", str(self.disk.folder)], check=True)
        self.execute(team, "bob", self.posts("own", 20, 30_000))
        self.issued |= self.issued_by_bob(team)
        team.sync("bob")
        self.assertEqual(team.server.end(), OK)
        team.settle(["ann", "bob"])
        team.check(["ann", "bob"], self.issued)

    @staticmethod
    def issued_by_bob(team):
        return {command for command, user in team.queued.items() if user == "bob"}


class Limits(Full):
    def test_small_files_only(self):
        """The process may not make files grow: the same as a full disk, without SIGXFSZ killing it."""
        team = self.team()
        team.stop()
        size = max(path.stat().st_size for path in (team.data / "workspaces").iterdir())

        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (size + 64 * 1024, resource.RLIM_INFINITY))
        self.execute(team, "ann", self.posts("big", 40, 20_000))
        team.start(before_exec=limit)
        done = team.sync("ann", patience=0, accept=None)
        self.assert_clear(done, {"unavailable"}, {UNREACHABLE})
        self.assertTrue(team.server.alive, "the server died")
        resource.prlimit(team.server.process.pid, resource.RLIMIT_FSIZE,
                         (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        team.sync("ann")
        team.sync("bob")
        self.assertEqual(team.server.end(), OK, team.server.text(1))
        team.check(["ann", "bob"], self.issued)


class Output(Full):
    def test_results_that_cannot_be_written_are_no_success(self):
        team = self.team()
        for arguments in (["dump", team.file("ann")], ["query", team.file("ann"), "SELECT 1"],
                          ["status", team.file("ann")], ["commands", team.file("ann")],
                          ["log", "--data", team.data, "--workspace", "team"],
                          ["workspace", "list", "--data", team.data],
                          ["token", "--data", team.data, "--workspace", "team", "--user", "ann"],
                          ["exec", team.file("ann"), "user.register", '{"id": "ann", "name": "Ann"}'], ["--version"]):
            with self.subTest(command=arguments[0]), open("/dev/full", "w") as full:
                done = subprocess.run([harness.WHERRY, *map(str, arguments)], stdout=full, stderr=subprocess.PIPE,
                                      text=True, timeout=faults.PATIENCE)
                self.assertEqual(done.returncode, FAILURE, f"{arguments[0]} ended well though nobody got its result")


if __name__ == "__main__":
    harness.main()
