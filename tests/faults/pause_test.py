#!/usr/bin/env python3
"""A process that stands still (SIGSTOP), as on a laptop that is closed or a machine that swaps.

Whoever waits for it is not held up, notices by heartbeats when it lasts, and after SIGCONT all agrees.
WHERRY_FAULTS=all pauses for a minute, otherwise for three seconds: too short to be noticed.
"""
import signal
import threading
import time

import faults
import harness
import story
from faults import ALL, OK, Process, Prepared

PAUSE = 60 if ALL else 3
# Heartbeats find a silent peer after 30 s; a replica then comes back within its back-off.
NOTICED = PAUSE > 45


class Pause(faults.Case):
    def setUp(self):
        super().setUp()
        self.prepared = Prepared(self.folder / "prepared", story.before)

    def watch(self, team, user):
        watching = Process(team.folder, "sync", team.file(user), "--watch", "--json")
        self.addCleanup(watching.close)
        until = time.monotonic() + 30
        while '"online' not in watching.text() and '"status"' not in watching.text():
            self.assertLess(time.monotonic(), until, watching.text() + watching.text(1))
            time.sleep(0.02)
        return watching

    def pause(self, process):
        process.process.send_signal(signal.SIGSTOP)
        resume = threading.Timer(PAUSE, process.process.send_signal, [signal.SIGCONT])
        resume.start()
        self.addCleanup(resume.cancel)
        return resume

    def test_server(self):
        with self.prepared.copy() as team:
            team.serve()
            team.execute("ann", story.ANN)
            team.execute("bob", story.BOB)
            resume = self.pause(team.server)
            began = time.monotonic()
            # A session that begins against a server that stands still: it goes on waiting, or gives up, in time.
            done = team.sync("ann", accept=None, patience=PAUSE + 30)
            self.assertIn(done.code, (OK, faults.REJECTED), str(done))
            resume.join()
            team.sync("bob")
            print(f"server paused for {PAUSE} s: a sync went through after {time.monotonic() - began:.1f} s", flush=True)
            self.assertEqual(team.server.end(), OK)
            team.settle()
            team.check(faults.USERS, story.ids(story.ANN, story.BOB))

    def test_server_with_sessions(self):
        with self.prepared.copy() as team:
            team.execute("ann", story.ANN)
            team.serve()
            watching = self.watch(team, "bob")
            resume = self.pause(team.server)
            resume.join()
            team.sync("ann")
            until = time.monotonic() + 40
            while faults.run("dump", team.file("bob")).out != self.dump(team, "bob"):
                self.assertLess(time.monotonic(), until, f"LIVENESS: {watching.text()}")
                time.sleep(0.1)
            print(f"server paused for {PAUSE} s, with a session: {watching.text().count('unavailable')} breaks seen",
                  flush=True)
            if NOTICED:
                self.assertIn("unavailable", watching.text(), "a silent server was not noticed")
            self.assertEqual(watching.end(), OK, watching.text(1))
            self.assertEqual(team.server.end(), OK)
            team.settle()
            team.check(faults.USERS, story.ids(story.ANN))

    def test_replica(self):
        with self.prepared.copy() as team:
            team.serve()
            watching = self.watch(team, "bob")
            resume = self.pause(watching)
            # The others are not held up by him who does not read.
            team.execute("ann", story.ANN)
            began = time.monotonic()
            team.sync("ann")
            waited = time.monotonic() - began
            team.execute("ann", [faults.line("later", "message.post", id="later", channel_id="general", body="later")])
            team.sync("ann")
            resume.join()
            until = time.monotonic() + 40
            while faults.run("dump", team.file("bob")).out != self.dump(team, "bob"):
                self.assertLess(time.monotonic(), until, f"LIVENESS: {watching.text()}")
                time.sleep(0.1)
            print(f"replica paused for {PAUSE} s: another's sync took {waited:.1f} s meanwhile, "
                  f"{watching.text().count('unavailable')} breaks seen", flush=True)
            if NOTICED:
                self.assertIn("unavailable", watching.text(), "the server kept a session that was silent for so long")
            self.assertEqual(watching.end(), OK, watching.text(1))
            self.assertEqual(team.server.end(), OK)
            team.settle()
            team.check(faults.USERS, story.ids(story.ANN) | {faults.identity("later")})

    @staticmethod
    def dump(team, user):
        return faults.run("dump", "--data", team.data, "--workspace", "team", "--as-user", user).out


if __name__ == "__main__":
    harness.main()
