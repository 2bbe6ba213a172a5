#!/usr/bin/env python3
"""kill -9 of server and replicas at random: nothing acknowledged is lost, nothing is doubled.

WHERRY_KILL_ROUNDS: how many rounds, default 20. WHERRY_KILL_SEED: repeats the choices of a run.
"""
import json
import os
import random
import signal
import subprocess
import time
import uuid

import harness
from harness import Case, main, rows, wherry

ROUNDS = int(os.environ.get("WHERRY_KILL_ROUNDS", "20"))
SEED = int(os.environ.get("WHERRY_KILL_SEED", str(random.SystemRandom().randrange(10**9))))
USERS = ["ann", "bob", "cyd"]


class Kill(Case):
    def setUp(self):
        super().setUp()
        print(f"seed {SEED}, {ROUNDS} rounds", flush=True)
        self.random = random.Random(SEED)
        wherry("workspace", "create", "team", "--data", self.data)
        self.server = self.serve()
        self.listen = self.server.authority
        self.files = {}
        for user in USERS:
            self.files[user] = self.replica(self.server, user, "--expires", "1d")
        self.exec(self.files["ann"], "channel.create", id="c", name="general")
        for user in USERS[1:]:
            self.exec(self.files["ann"], "channel.add_member", channel_id="c", user_id=user)
        self.exec(self.files["ann"], "message.post", id="votes", channel_id="c", body="count me")
        for user in USERS:
            wherry("sync", self.files[user])
        self.queued, self.acknowledged, self.votes = {}, {}, 0

    def lines(self, user, count):
        """Commands with ids of their own: executing them again after a kill is harmless."""
        made = []
        for _ in range(count):
            command = str(uuid.UUID(int=self.random.getrandbits(128), version=4))
            if self.random.random() < 0.5:
                made.append({"id": command, "name": "message.vote", "params": {"id": "votes", "by": 1}})
                self.votes += 1
            else:
                made.append({"id": command, "name": "message.post",
                             "params": {"id": command, "channel_id": "c", "body": f"by {user}"}})
            self.queued[command] = user
        return "\n".join(map(json.dumps, made)) + "\n"

    def execute_and_kill(self, user):
        text = self.lines(user, self.random.randint(1, 30))
        command = [harness.WHERRY, "exec", str(self.files[user]), "--jsonl", "-"]
        if self.random.random() < 0.5:
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, text=True)
            try:
                process.stdin.write(text)
                process.stdin.close()
            except BrokenPipeError:
                pass
            time.sleep(self.random.random() * 0.03)
            process.kill()
            process.wait()
        wherry("exec", self.files[user], "--jsonl", "-", stdin=text)

    def note_acknowledged(self):
        for user, file in self.files.items():
            for command in rows("commands", file):
                if command["state"] == "applied":
                    known = self.acknowledged.setdefault(command["id"], command["seq"])
                    self.assertEqual(known, command["seq"], "an answer changed")

    def test_nothing_acknowledged_is_lost_and_nothing_doubled(self):
        for turn in range(ROUNDS):
            for user in USERS:
                if self.random.random() < 0.8:
                    self.execute_and_kill(user)
            syncs = [self.start("sync", self.files[user], "--watch") for user in USERS]
            time.sleep(self.random.random() * 0.3)
            victims = [s for s in syncs if self.random.random() < 0.4]
            if self.random.random() < 0.7:
                victims.append(self.server)
            self.random.shuffle(victims)
            for victim in victims:
                victim.process.kill()
                victim.wait()
                time.sleep(self.random.random() * 0.05)
            if self.server in victims:
                self.server = self.serve(listen=self.listen)
                time.sleep(self.random.random() * 0.2)
            for sync in syncs:
                if sync not in victims:
                    sync.process.send_signal(signal.SIGKILL)
                    sync.wait()
            self.note_acknowledged()

        for _ in range(2):
            for user in USERS:
                wherry("sync", self.files[user])
        self.note_acknowledged()
        log = rows("log", "--data", self.data, "--workspace", "team")
        self.assertEqual([entry["seq"] for entry in log], list(range(1, len(log) + 1)))
        places = {}
        for entry in log:
            self.assertNotIn(entry["id"], places, "a command is in the log twice")
            places[entry["id"]] = entry["seq"]
        for command in self.queued:
            self.assertIn(command, places, "a queued command was lost")
        for command, seq in self.acknowledged.items():
            self.assertEqual(places.get(command), seq, "an acknowledged command was lost or moved")
        for user in USERS:
            self.assert_agrees(self.files[user], user)
            self.assertEqual(rows("query", self.files[user], "SELECT votes FROM messages WHERE id = 'votes'")[0]["votes"],
                             self.votes)
            self.assertEqual(rows("status", self.files[user])[0]["pending"], 0)
        print(f"{len(log)} log entries, {len(self.acknowledged)} acknowledged", flush=True)


if __name__ == "__main__":
    main()
