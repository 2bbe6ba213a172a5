#!/usr/bin/env python3
"""kill -9 at every system call of the server and of a device's commands, and again while they recover.

A call is killed before it is made, at the 1st, the 2nd, the 3rd … until a run survives. After each, everything is
started again without faults, the story is told to its end, and the promises are checked. WHERRY_FAULTS=all tries
every call; otherwise a sample.
"""
import collections
import time

import faults
import story
from faults import ALL, FAILURE, KILLED, OK, REJECTED, UNREACHABLE, Fault, Prepared, Record, in_parallel, run
from harness import REFUSED

# How many calls of each sweep a sample tries.
SAMPLE = 24
# A server that is not there, or was killed while it was asked.
ANYTHING = (OK, REJECTED, REFUSED, UNREACHABLE, FAILURE)


class Sweep(faults.Case):
    """`round(team, phase, fault)` lives through one phase with a fault and says whether it was killed."""

    def series(self, prepared, phase):
        """The kinds of calls that a phase makes, with how many of each."""
        with prepared.copy() as team:
            record = Record(self.folder / f"{phase}.trace")
            self.assertFalse(self.round(team, phase, record))
            return record.series(team.folder)

    def sweep(self, name, prepared, phases):
        """Kills at every call of these phases, or at a sample; then also while it recovers from some of those kills."""
        began = time.monotonic()
        counts = {(phase, *kind): count for phase in phases for kind, count in self.series(prepared, phase).items()}
        points = [(*kind, when) for kind, count in counts.items() for when in range(1, count + 1)]
        self.assertGreater(len(points), 20, "hardly any call was seen")

        chosen = points if ALL else faults.sample(self.random, points, SAMPLE)
        killed = sum(map(sum, in_parallel(lambda point: self.live(prepared, [point]), chosen)))
        runs = len(chosen)
        if ALL:  # there may be more of them than there were in the run that was recorded
            more = in_parallel(lambda kind: self.until_survived(prepared, kind, counts[kind] + 1), counts)
            killed, runs = killed + sum(more), runs + sum(more) + len(more)

        pairs = [(first, self.recovering(counts, first[0]))
                 for first in faults.sample(self.random, points, len(points) // 2 if ALL else SAMPLE // 2)]
        twice = sum(map(all, in_parallel(lambda pair: self.live(prepared, pair), pairs)))
        print(f"{name}: {len(points)} calls; {runs} runs, {killed} killed; {len(pairs)} runs with a second kill, {twice} "
              f"killed twice; {time.monotonic() - began:.0f} s", flush=True)
        kinds = collections.Counter(call for _, call, _, _ in points)
        print("  " + ", ".join(f"{call} {count}" for call, count in sorted(kinds.items())), flush=True)
        self.assertGreaterEqual(killed, runs // 2, "the faults hardly ever hit")

    def recovering(self, counts, phase):
        """One of the first calls of a phase: those that find what the kill before has left."""
        kind = self.random.choice([kind for kind in counts if kind[0] == phase])
        return *kind, self.random.randint(1, min(counts[kind], 8))

    def until_survived(self, prepared, kind, when):
        """How many more kills there were."""
        beyond = when
        while self.live(prepared, [(*kind, when)])[0]:
            when += 1
        return when - beyond

    def live(self, prepared, points):
        """One life: a kill at each of the points in turn, then none. Which of the kills hit."""
        with prepared.copy() as team:
            hit = [self.round(team, phase, Fault(call, when, path=path)) for phase, call, path, when in points]
            self.finish(team)
            return hit


class Server(Sweep):
    def prepare(self, team):
        story.before(team)
        team.execute("ann", story.ANN)
        team.execute("bob", story.BOB)

    def tell(self, team, accept):
        team.sync("ann", accept=accept, patience=0)
        team.sync("bob", accept=accept, patience=0)
        team.execute_on_server("ann", story.OPERATOR, accept=accept)
        team.sync("bob", accept=accept, patience=0)

    def round(self, team, phase, fault):
        # From exec until it listens, and its end; or its work: strace counts for each thread, and the threads of the
        # work would be hidden behind what the first one does.
        if phase == "start":
            if team.start(fault):
                team.server.end()
        else:
            team.serve()
            tracer = faults.attach(team, fault)
            self.tell(team, ANYTHING)
            team.server.end()
            tracer.wait()
        code = team.server.process.returncode
        self.assertIn(code, (OK, KILLED), team.server.text(1))
        return code == KILLED

    def finish(self, team):
        team.serve()
        self.tell(team, (OK, REJECTED))
        team.settle()
        team.check(faults.USERS, story.ids(story.ANN, story.BOB, story.OPERATOR))

    def test_killed_server(self):
        prepared = Prepared(self.folder / "prepared", self.prepare)
        self.sweep("server", prepared, ["start", "work"])


class Device(Sweep):
    """Each phase is one process. The server lives."""

    def prepare(self, team):
        story.before(team)
        # What the replica of bob does not know yet when it executes.
        team.execute("ann", story.ANN)
        team.sync("ann")

    PHASES = ["execute", "sync", "more", "again"]

    def step(self, team, phase, fault=None):
        if phase == "execute":
            return team.execute("bob", story.BOB, fault=fault)
        if phase == "more":
            return team.execute("bob", story.BOB_AGAIN, fault=fault)
        return team.sync("bob", fault=fault)

    def round(self, team, phase, fault):
        if not team.server:
            team.serve()
        for earlier in self.PHASES[:self.PHASES.index(phase)]:
            self.step(team, earlier)
        killed = self.step(team, phase, fault).code == KILLED
        team.note("bob")
        known = {command["id"] for command in faults.rows("commands", team.file("bob"))}
        self.assertLessEqual({command for command, by in team.queued.items() if by == "bob"}, known,
                             "a command said to be queued is not in the file")
        return killed

    def finish(self, team):
        for phase in self.PHASES:
            self.step(team, phase)
        team.server.end()
        team.settle()
        team.check(faults.USERS, story.ids(story.ANN, story.BOB, story.BOB_AGAIN))

    def test_killed_replica(self):
        prepared = Prepared(self.folder / "prepared", self.prepare)
        self.sweep("replica", prepared, self.PHASES)


class Making(Sweep):
    """Data folders, workspaces and replicas that were killed while they were made: made again, they work."""

    def prepare(self, team):
        run("workspace", "create", "other", "--data", team.folder / "elsewhere")

    def round(self, team, phase, fault):
        if phase == "create":
            done = run("workspace", "create", "team", "--data", team.data, fault=fault, folder=team.folder,
                       accept=(OK, FAILURE))
            if done.code == FAILURE:
                self.assertIn("exists", done.err)
            return done.code == KILLED
        run("workspace", "create", "team", "--data", team.data, accept=(OK, FAILURE))
        if not team.server:
            team.serve()
        return self.make(team, fault) == KILLED

    def make(self, team, fault=None):
        arguments = ["init", team.file("ann"), "--url", team.url, "--token", team.token("ann")]
        done = run(*arguments, fault=fault, folder=team.folder, accept=(OK, FAILURE))
        if done.code == FAILURE:
            self.assertIn("is there already", done.err)
        return done.code

    def finish(self, team):
        run("workspace", "create", "team", "--data", team.data, accept=(OK, FAILURE))
        if not team.server:
            team.serve()
        if self.make(team) == FAILURE:
            run("sync", team.file("ann"), "--url", team.url, "--token", team.token("ann"))
        team.execute("ann", story.BEFORE["ann"])
        team.sync("ann")
        team.server.end()
        team.settle(["ann"])
        team.check(["ann"], {command["id"] for command in story.BEFORE["ann"]})

    def test_killed_while_made(self):
        prepared = Prepared(self.folder / "prepared", self.prepare)
        self.sweep("making", prepared, ["create", "init"])


if __name__ == "__main__":
    faults.main()
