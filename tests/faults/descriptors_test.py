#!/usr/bin/env python3
"""A server that runs out of file descriptors: strangers hold as many connections as it can have.

Whoever is connected goes on, nothing is lost, and when the strangers are gone others come in again.
"""
import resource
import signal
import socket
import threading
import time

import faults
import harness
import story
from faults import OK, REJECTED, Prepared, Process

DESCRIPTORS = 64
STRANGERS = 2 * DESCRIPTORS


def few_descriptors():
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))


class Descriptors(faults.Case):
    def setUp(self):
        super().setUp()
        self.prepared = Prepared(self.folder / "prepared", story.before)

    def test_strangers_hold_all_connections(self):
        with self.prepared.copy() as team:
            self.assertIsNotNone(team.start(before_exec=few_descriptors))
            # Ann is connected before they come, and stays.
            watching = Process(team.folder, "sync", team.file("ann"), "--watch", "--json")
            self.addCleanup(watching.close)
            until = time.monotonic() + 30
            while '"status"' not in watching.text():
                self.assertLess(time.monotonic(), until, watching.text() + watching.text(1))
                time.sleep(0.02)
            host, port = team.authority.split(":")
            strangers = []
            for _ in range(STRANGERS):
                stranger = socket.create_connection((host, int(port)), timeout=10)
                stranger.sendall(b"GET /team HTTP/1.1\r\n")  # and no more
                strangers.append(stranger)
            team.execute("bob", story.BOB)
            # Bob comes in once they are gone, and not before; how long he waits is up to him.
            leave = threading.Timer(2, lambda: [stranger.close() for stranger in strangers])
            leave.start()
            team.sync("bob", patience=60)
            leave.join()
            self.assertTrue(watching.alive)
            self.assertNotIn("waiting", watching.text(), "whoever was connected is cut off")
            self.assertEqual(watching.end(signal.SIGINT), OK)
            team.execute("ann", story.ANN)
            team.sync("ann", accept=(OK, REJECTED))
            self.assertTrue(team.server.alive)
            self.assertEqual(team.server.end(), OK)
            team.settle()
            team.check(faults.USERS, story.ids(story.ANN, story.BOB))


if __name__ == "__main__":
    harness.main()
