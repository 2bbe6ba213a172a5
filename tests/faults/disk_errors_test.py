#!/usr/bin/env python3
"""The disk refuses: EIO and ENOSPC at any write, sync, truncation, creation or renaming, once or for good.

Whoever asked is told so with a documented exit code. Nothing acknowledged is lost, and when the fault ends, all drains
without anybody's help: the server is not started again.
"""
import re
import time

import faults
import story
from faults import ALL, FAILURE, OK, REJECTED, UNREACHABLE, Fault, Prepared, Record, in_parallel
from harness import REFUSED

CALLS = {"pwrite64", "write", "fsync", "fdatasync", "ftruncate", "openat", "rename", "unlink"}
SAMPLE = 24
# Of a disk that refuses, as docs/ERRORS.md has them; of a server whose disk refuses.
DISK, SERVER = {"io", "disk_full"}, {"unavailable", "busy"}
CODE = re.compile(r"^wherry: (\w+): ", re.MULTILINE)


class Errors(faults.Case):
    def prepare(self, team):
        story.before(team)
        team.execute("ann", story.ANN)
        team.execute("bob", story.BOB)

    def faults_of(self, prepared, phases):
        """One fault for each call that a file of the team sees, or a sample of them."""
        points = []
        for phase in phases:
            with prepared.copy() as team:
                record = Record(self.folder / f"{phase}.trace")
                self.live(team, phase, record)
                points += [(phase, call, path, when) for (call, path), count in record.series(team.folder).items()
                           if call in CALLS and path for when in range(1, count + 1)]
        self.assertGreater(len(points), 20, "hardly any call was seen")
        chosen = points if ALL else faults.sample(self.random, points, SAMPLE)
        return [(phase, Fault(call, f"{when}{self.random.choice(['', '+'])}",
                              f"error={self.random.choice(['EIO', 'ENOSPC'])}", path))
                for phase, call, path, when in chosen]

    def go_through(self, name, phases):
        began = time.monotonic()
        prepared = Prepared(self.folder / "prepared", self.prepare)
        chosen = self.faults_of(prepared, phases)

        def one(item):
            with prepared.copy() as team:
                return self.live(team, *item)
        told = in_parallel(one, [Item(item) for item in chosen])
        codes = {}
        for code in (code for each in told for code in each):
            codes[code] = codes.get(code, 0) + 1
        print(f"{name}: {len(chosen)} faults, told of as {codes}; {time.monotonic() - began:.0f} s", flush=True)
        self.assertTrue(codes.keys() & (DISK | SERVER), "nobody noticed any fault")

    def expect(self, done, codes):
        """The code that a failed process tells; `codes`: which are clear here."""
        if done.code in (OK, REJECTED):
            return []
        found = CODE.findall(done.err)
        self.assertIn(done.code, (FAILURE, UNREACHABLE), str(done))
        self.assertTrue(found and set(found) <= codes, f"not clear: {done}")
        return found


class Item(tuple):
    def __str__(self):
        return f"{self[0]}: {self[1]}"


class ServersDisk(Errors):
    def live(self, team, phase, fault):
        told = []
        if phase == "start":
            if team.start(fault):
                team.server.end()
            code, err = team.server.process.returncode, team.server.text(1)
            self.assertIn(code, (OK, FAILURE), err)
            if code == FAILURE:
                told = CODE.findall(err)
                self.assertTrue(told and set(told) <= DISK, f"not clear: {err}")
            team.serve()
        else:
            team.serve()
            tracer = faults.attach(team, fault)
            for user in ("ann", "bob", "ann"):
                told += self.expect(team.sync(user, patience=0, accept=None), SERVER)
            tracer.detach()
        self.assertTrue(team.server.alive, "the server died")
        for user in ("ann", "bob", "ann"):
            team.sync(user)
        self.assertEqual(team.server.end(), OK, team.server.text(1))
        team.check(faults.USERS, story.ids(story.ANN, story.BOB))
        return told

    def test_servers_disk_refuses(self):
        self.go_through("server", ["start", "work"])


class ReplicasDisk(Errors):
    def live(self, team, phase, fault):
        team.serve()
        team.sync("ann")
        told = []
        if phase == "execute":
            done = team.execute("bob", story.BOB_AGAIN, fault=fault, accept=None)
        else:
            done = team.sync("bob", fault=fault, accept=None, patience=1)
        told += self.expect(done, DISK)
        team.execute("bob", story.BOB_AGAIN, accept=(OK, REFUSED))
        team.sync("bob")
        team.settle()
        team.check(faults.USERS, story.ids(story.ANN, story.BOB, story.BOB_AGAIN))
        return told

    def test_replicas_disk_refuses(self):
        self.go_through("replica", ["execute", "sync"])


if __name__ == "__main__":
    faults.main()
