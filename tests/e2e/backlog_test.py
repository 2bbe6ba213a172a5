#!/usr/bin/env python3
"""Long absences: 10,000 commands queued offline, 100,000 missed over 10,000 rows. Caught up, with progress shown."""
import json

from harness import Case, main, rows, wherry

QUEUED, ROWS, MISSED = 10_000, 10_000, 100_000


class Backlog(Case):
    def on_server(self, user, commands):
        file = self.folder / "commands.jsonl"
        with open(file, "w", encoding="utf-8") as out:
            for name, params in commands:
                out.write(json.dumps({"name": name, "params": params}) + "\n")
        wherry("exec", "--data", self.data, "--workspace", "team", "--as-user", user, "--jsonl", file)

    def sync_shows_progress(self, file):
        """Until the queue is empty and everything is live; what happens on the way is told."""
        sync = self.start("sync", file, "--watch")
        sync.wait_for(lambda line: "progress" in line)
        sync.end()
        wherry("sync", file)

    def test_a_long_queue_and_a_long_absence(self):
        wherry("workspace", "create", "team", "--data", self.data)
        server = self.serve()
        ann, bob = self.replica(server, "ann"), self.replica(server, "bob")
        self.exec(ann, "channel.create", id="c", name="general")
        self.exec(ann, "channel.add_member", channel_id="c", user_id="bob")
        queue = "".join(json.dumps({"name": "message.post", "params": {"id": f"m{n}", "channel_id": "c", "body": f"text {n}"}})
                        + "\n" for n in range(QUEUED))
        wherry("exec", ann, "--jsonl", "-", stdin=queue)
        self.sync_shows_progress(ann)
        self.assertEqual(rows("status", ann)[0]["pending"], 0)
        wherry("sync", bob)
        self.assert_agrees(bob, "bob")

        self.on_server("ann", (("message.vote", {"id": f"m{n * 7919 % ROWS}", "by": 1}) for n in range(MISSED)))
        self.sync_shows_progress(bob)
        self.assertEqual(rows("query", bob, "SELECT sum(votes) AS votes FROM messages")[0]["votes"], MISSED)
        self.assert_agrees(bob, "bob")


if __name__ == "__main__":
    main()
