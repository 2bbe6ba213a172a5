#!/usr/bin/env python3
"""Replicas behind a network that cuts, stalls, trickles, half-opens and delivers late (see proxy.py).

They work through it; then it becomes honest, and everything agrees, exactly once. WHERRY_FAULTS=all: for three minutes
instead of ten seconds.
"""
import json
import random
import shutil
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor

import faults
import harness
import story
from faults import ALL, OK, SEED, Process, Team, identity, line
from proxy import Proxy, Weather

STORM = 180 if ALL else 10
USERS = ["ann", "bob", "cyd"]


class Network(faults.Case):
    def setUp(self):
        super().setUp()
        print(f"WHERRY_FAULTS_SEED={SEED}", flush=True)
        self.team = Team(self.folder)
        self.addCleanup(self.team.stop)
        story.before(self.team)
        self.team.serve()
        self.team.init("cyd")
        self.team.sync("cyd")
        self.issued = story.ids()
        self.proxy = Proxy(self.team.authority, SEED).start()
        self.addCleanup(self.proxy.stop)
        self.point_at(self.proxy.authority)

    def point_at(self, authority):
        for user in USERS:
            auth = faults.Path(f"{self.team.file(user)}.auth")
            auth.write_text(json.dumps(json.loads(auth.read_text()) | {"url": f"ws://{authority}/team"}))

    def commands(self, user, chance):
        made = []
        for _ in range(chance.randint(1, 12)):
            name = f"n-{user}-{len(self.issued)}"
            if chance.random() < 0.4:
                made.append(line(name, "message.vote", id="votes", by=1))
            else:
                size = int(10 ** chance.uniform(0, 4))
                made.append(line(name, "message.post", id=name, channel_id="general",
                                 body="".join(chance.choices("abcdefghij ", k=size))))
            self.issued.add(identity(name))
        return made

    def work(self, user, until):
        """Executes and syncs, and is killed when a sync takes long. How many syncs there were, and went through."""
        chance = random.Random(f"{SEED} {user}")
        syncs = through = 0
        while time.monotonic() < until:
            self.team.execute(user, self.commands(user, chance))
            sync = Process(self.folder, "sync", self.team.file(user), "--patience", 1)
            deadline = time.monotonic() + chance.uniform(0.1, 2)
            while sync.alive and time.monotonic() < deadline:
                time.sleep(0.01)
            if sync.alive:
                sync.process.kill()
            syncs += 1
            through += sync.process.wait() == OK
            sync.close()
            self.team.note(user)
        return syncs, through

    def test_everything_agrees_after_a_storm(self):
        self.proxy.weather = Weather.storm(pause=0.5)
        # cyd is connected all the time, and only reads.
        watching = Process(self.folder, "sync", self.team.file("cyd"), "--watch", "--json")
        self.addCleanup(watching.close)
        with ThreadPoolExecutor() as pool:
            until = time.monotonic() + STORM
            syncs, through = map(sum, zip(*pool.map(lambda user: self.work(user, until), ["ann", "bob"])))
        self.assertTrue(watching.alive, watching.text(1))

        # Connections that are half open then are left to the heartbeats, if there is the time for it.
        self.proxy.calm(cut=not ALL)
        began = time.monotonic()
        for user in ("ann", "bob"):
            self.team.sync(user)
        expected = faults.run("dump", "--data", self.team.data, "--workspace", "team", "--as-user", "cyd").out
        while faults.run("dump", self.team.file("cyd")).out != expected:
            self.assertLess(time.monotonic() - began, 90, f"LIVENESS: {watching.text()[-2000:]}")
            time.sleep(0.1)
        drained = time.monotonic() - began
        self.assertEqual(watching.end(), OK, watching.text(1))
        self.assertEqual(self.team.server.end(), OK, self.team.server.text(1))
        self.team.settle(USERS)
        log = self.team.check(USERS, self.issued)
        print(f"{syncs} syncs in {STORM} s, {through} went through; {sum(self.proxy.counts.values())} connections: "
              f"{self.proxy.counts}; {len(log)} log entries; all agreed {drained:.1f} s after it became honest", flush=True)
        self.assertLess(through, syncs, "no fault was felt")

    def test_late_bytes_of_a_dead_sender(self):
        """A push that arrives when its sender has long sent it again over another connection."""
        chance = random.Random(SEED)
        for _ in range(40 if ALL else 8):
            self.proxy.weather = Weather({"late": 1}, pause=0.1, reach=(600, 6000))
            self.team.execute("ann", self.commands("ann", chance))
            faults.run("sync", self.team.file("ann"), "--patience", 0, accept=None)
            self.proxy.weather = Weather.fair()
            self.team.sync("ann")
        time.sleep(0.5)
        print(f"{self.proxy.delivered_late} pieces came late", flush=True)
        self.assertGreater(self.proxy.delivered_late, 0)
        self.assertEqual(self.team.server.end(), OK, self.team.server.text(1))
        self.team.settle(USERS)
        self.team.check(USERS, self.issued)

    def test_new_identity_while_answers_are_staged(self):
        """Cut between the answer and the last row of a catch-up, the file is then found to have been copied."""
        file, copy = self.team.file("bob"), self.team.file("copy")
        # Catching up takes a chunk for each scope, so that an answer waits for them.
        for reach in range(400, 3000, 20):
            self.team.execute("bob", self.commands("bob", random.Random(reach)))
            self.proxy.weather = Weather({"cut": 1}, reach=(reach, reach + 0.5))
            faults.run("sync", file, "--patience", 0, accept=None)
            self.proxy.weather = Weather.fair()
            if self.staged_answers(file):
                break
            self.team.sync("bob")
        else:
            self.fail("no cut left an answer staged")
        self.team.execute("bob", self.commands("bob", random.Random(1)))
        for suffix in ("", ".auth"):
            shutil.copy(f"{file}{suffix}", f"{copy}{suffix}")
        for _ in range(2):
            faults.run("sync", copy, accept=(OK, faults.REJECTED))
        self.assertTrue(self.staged_answers(file))
        self.team.sync("bob")
        self.assertEqual(self.team.server.end(), OK, self.team.server.text(1))
        self.team.settle(USERS)
        self.team.check(USERS, self.issued)

    @staticmethod
    def staged_answers(file):
        database = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
        try:
            return database.execute("SELECT count(*) FROM wherry_staged WHERE kind = 1").fetchone()[0]
        finally:
            database.close()


if __name__ == "__main__":
    harness.main()
