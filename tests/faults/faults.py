"""What the fault tests share: system calls that fail, a team to do it to, and the promises it must keep.

Standard library only. Faults are injected with strace. WHERRY_FAULTS=all makes every test go through all it can do;
without it each takes a sample, which WHERRY_FAULTS_SEED repeats.
"""
import contextlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))
import harness  # noqa: E402
from harness import CHAT, FAILURE, OK, PATIENCE, REJECTED, UNREACHABLE  # noqa: E402, F401

import chain  # noqa: E402

ALL = os.environ.get("WHERRY_FAULTS") == "all"
SEED = int(os.environ.get("WHERRY_FAULTS_SEED", str(random.SystemRandom().randrange(10**9))))
SKIPPED = 77  # told to ctest as SKIP_RETURN_CODE
USERS = ["ann", "bob"]
# The calls that change the world: files, names, sockets. Calls of memory, locks and reading are not among them: a
# kill there is a kill before the next of these.
WORLD = ("pwrite64 write writev fsync fdatasync ftruncate fallocate rename renameat renameat2 unlink unlinkat mkdir "
         "mkdirat rmdir link linkat symlink chmod fchmod fchown openat sendto sendmsg connect bind listen").split()


def main():
    """As harness.main; says so loudly when this machine does not let one process trace another."""
    reason = untraceable()
    if reason:
        print(f"SKIPPED: no system call can be made to fail here: {reason}", file=sys.stderr, flush=True)
        sys.exit(SKIPPED)
    print(f"WHERRY_FAULTS_SEED={SEED}{' WHERRY_FAULTS=all' if ALL else ''}", flush=True)
    harness.main()


def untraceable():
    """Why faults cannot be injected; an empty text when they can."""
    try:
        done = subprocess.run(["strace", "-f", "-o", os.devnull, "-e", "trace=write", "-e",
                               "inject=write:signal=KILL:when=1", "echo", "alive"], capture_output=True, timeout=60)
    except FileNotFoundError:
        return "strace is not installed; scripts/setup installs it"
    return "" if b"alive" not in done.stdout and done.returncode in (-9, 137) else \
        f"strace ended with {done.returncode}: {done.stderr.decode(errors='replace').strip()}"


def identity(label):
    """The id of a command that is executed again after each fault: the same each time."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, label))


def line(label, name, /, **params):
    return {"id": identity(label), "name": name, "params": params}


def jsonl(commands):
    return "".join(json.dumps(command) + "\n" for command in commands)


class Fault:
    """What strace is to do: `effect` at the `when`-th matching `call` of a thread. `path`: only on this file."""

    def __init__(self, call, when, effect="signal=KILL", path=None):
        self.call, self.when, self.effect, self.path = call, when, effect, path

    def __str__(self):
        return f"{self.effect} at {self.call}#{self.when}" + (f" of {self.path}" if self.path else "")

    def arguments(self, folder):
        only = ["-P", str(folder / self.path)] if self.path else []
        return ["strace", "-f", "-q", "-o", os.devnull, *only, "-e", f"trace={self.call}", "-e",
                f"inject={self.call}:{self.effect}:when={self.when}"]


class Record:
    """No fault: writes down which calls there are, to be made into faults."""

    def __init__(self, file):
        self.file = Path(file)
        self.complete = False

    def arguments(self, folder):
        return ["strace", "-f", "-q", "-y", "-s", "0", "-o", str(self.file), "-e", f"trace={','.join(WORLD)}"]

    def lines(self):
        # strace outlives the program for a moment; the last line tells of its end.
        until = time.monotonic() + PATIENCE
        while True:
            lines = self.file.read_text(errors="replace").splitlines()
            if self.complete or (lines and " +++ exited with " in lines[-1]):
                return lines
            if time.monotonic() > until:
                raise AssertionError(f"{self.file}: the trace does not end\n{lines[-1:]}")
            time.sleep(0.01)

    def series(self, folder):
        """{(call, path or None): how many of them the busiest thread made}; paths inside `folder`, relative."""
        counts = {}
        for text in self.lines():
            found = re.match(r"(\d+) +(\w+)\((.*)", text)
            if not found or (found[2] == "openat" and "O_CREAT" not in found[3]):
                continue
            thread, call, rest = found.groups()
            named = re.match(r'(?:AT_FDCWD<[^>]*>, )?"([^"]*)"', rest) or re.match(r"\d+<(/[^>]*)>", rest)
            path = None
            if named and named[1].startswith(f"{folder}/") and not named[1].endswith("(deleted)"):
                path = named[1][len(f"{folder}/"):]
            elif call == "openat":
                continue
            counts.setdefault((call, path), {}).setdefault(thread, 0)
            counts[call, path][thread] += 1
        return {key: max(threads.values()) for key, threads in counts.items()}


class Process:
    """The program in the background, perhaps under strace; its output goes to files."""

    def __init__(self, folder, *arguments, fault=None, before_exec=None):
        prefix = [*fault.arguments(folder), "-D"] if fault else []  # -D: the program stays the child, strace is its
        self.files = [tempfile.TemporaryFile("w+", dir=folder) for _ in range(2)]
        self.process = subprocess.Popen([*prefix, harness.WHERRY, *map(str, arguments)], stdin=subprocess.DEVNULL,
                                        stdout=self.files[0], stderr=self.files[1], cwd=folder, preexec_fn=before_exec)

    def text(self, which=0):
        with contextlib.suppress(ValueError):
            return os.pread(self.files[which].fileno(), 1 << 20, 0).decode(errors="replace")
        return ""

    @property
    def alive(self):
        return self.process.poll() is None

    def first_line(self):
        """None when it ends before it has said anything."""
        until = time.monotonic() + PATIENCE
        while "\n" not in self.text():
            if not self.alive and "\n" not in self.text():
                return None
            if time.monotonic() > until:
                raise AssertionError(f"{self.process.args} says nothing\n{self.text(1)}")
            time.sleep(0.003)
        return self.text().splitlines()[0]

    def end(self, sign=signal.SIGTERM):
        """Its return code; negative: the signal that it died of."""
        if self.alive:
            self.process.send_signal(sign)
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{self.process.args} does not end on {sign}\n{self.text(1)}") from None

    def close(self):
        if self.alive:
            self.process.kill()
        self.process.wait()
        for file in self.files:
            file.close()


def attach(team, fault):
    """Attaches strace to the team's server; the fault ends with `detach`, or with the server."""
    command = [*fault.arguments(team.folder), "-p", str(team.server.process.pid)]
    command.remove("-q")  # it says when it has begun
    return Tracer(command, fault)


class Tracer:
    def __init__(self, command, fault):
        self.fault = fault
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        first = self.process.stderr.readline()
        self.reader = threading.Thread(target=self.process.communicate, daemon=True)  # or its pipe would fill
        self.reader.start()
        if "attached" not in first:
            raise AssertionError(f"strace does not trace: {first}")

    def wait(self):
        self.reader.join(PATIENCE)
        self.fault.complete = True

    def detach(self):
        self.process.terminate()
        self.wait()


class Done:
    def __init__(self, command, code, out, err):
        self.command, self.code, self.out, self.err = command, code, out, err

    def __str__(self):
        return f"{' '.join(map(str, self.command))} ended with {self.code}\n{self.out}{self.err}"


KILLED = -9


def run(*arguments, stdin="", fault=None, folder=None, accept=(OK,)):
    """Runs the program to its end; anything but `accept`, and but the kill that was asked for, is a failure."""
    prefix = [*fault.arguments(folder), "-D"] if fault else []
    done = subprocess.run([*prefix, harness.WHERRY, *map(str, arguments)], input=stdin, capture_output=True, text=True,
                          timeout=PATIENCE, cwd=folder)
    result = Done(done.args, done.returncode, done.stdout, done.stderr)
    if accept is not None and done.returncode not in accept and not (fault and done.returncode == KILLED):
        raise AssertionError(str(result))
    return result


def rows(*arguments):
    return [json.loads(text) for text in run(*arguments, "--json").out.splitlines()]


class Team:
    """A workspace `team` with replicas in a folder, and what they have been promised."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.data = self.folder / "data"
        self.acknowledged = {}  # command id: seq, as somebody has been told
        self.queued = {}        # command id: user whose file has it, as he has been told
        self.server = None

    def file(self, user):
        return self.folder / f"{user}.db"

    def token(self, user):
        return run("token", "--data", self.data, "--workspace", "team", "--user", user, "--expires",
                   "7d").out.splitlines()[-1]

    @property
    def url(self):
        return f"ws://{self.authority}/team"

    def start(self, fault=None, options=(), before_exec=None):
        """The server, whether or not it comes to listen; None when it dies before."""
        self.stop()
        self.server = Process(self.folder, "serve", "--bundle", CHAT, "--data", self.data, "--listen", "127.0.0.1:0",
                              "--workers", 1, *options, fault=fault, before_exec=before_exec)
        first = self.server.first_line()
        if first is None:
            return None
        self.authority = first.removeprefix("listening on http://")
        for auth in self.folder.rglob("*.db.auth"):
            kept = json.loads(auth.read_text())
            auth.write_text(json.dumps(kept | {"url": self.url}))
        return self.server

    def serve(self):
        """The server, which must come up."""
        if not self.start():
            raise AssertionError(f"the server does not start\n{self.server.text(1)}")
        return self.server

    def stop(self):
        if self.server:
            self.server.close()
            self.server = None

    def init(self, user):
        run("init", self.file(user), "--url", self.url, "--token", self.token(user))

    def sync(self, user, fault=None, accept=(OK, REJECTED), patience=10):
        done = run("sync", self.file(user), "--patience", patience, fault=fault, folder=self.folder, accept=accept)
        self.note(user)
        return done

    def execute(self, user, commands, fault=None, accept=(OK,)):
        """Executes on the replica; what it says is queued is promised."""
        done = run("exec", self.file(user), "--jsonl", "-", "--json", stdin=jsonl(commands), fault=fault,
                   folder=self.folder, accept=accept)
        for text in done.out.splitlines():
            told = json.loads(text) if text.endswith("}") else {}
            if "id" in told:
                self.queued[told["id"]] = user
        if done.code == OK:
            self.queued |= {command["id"]: user for command in commands}
        return done

    def execute_on_server(self, user, commands, accept=(OK, REJECTED)):
        """Through the server; directly when there is none. Killed when the server dies meanwhile: it would wait."""
        served = self.server.alive
        file = self.folder / "commands.jsonl"
        file.write_text(jsonl(commands))
        process = Process(self.folder, "exec", "--data", self.data, "--workspace", "team", "--as-user", user, "--jsonl",
                          file, "--json")
        while process.alive and (self.server.alive or not served):
            time.sleep(0.005)
        if process.alive:
            process.process.kill()
        code, out, err = process.process.wait(), process.text(), process.text(1)
        process.close()
        if accept and code not in (*accept, KILLED):
            raise AssertionError(f"{process.process.args} ended with {code}\n{out}\n{err}")
        for text in out.splitlines():
            told = json.loads(text) if text.endswith("}") else {}
            if "seq" in told:
                self.acknowledge(told["id"], told["seq"])

    def acknowledge(self, command, seq):
        known = self.acknowledged.setdefault(command, seq)
        if known != seq:
            raise AssertionError(f"ACK-DURABLE: {command} was answered with {known} and now with {seq}")

    def note(self, user):
        """Remembers the answers that a replica has."""
        for command in rows("commands", self.file(user)):
            if command.get("seq"):
                self.acknowledge(command["id"], command["seq"])

    def check(self, users, issued):
        """The promises, when everything has drained. `issued`: the ids that are in the log, and no others."""
        log = rows("log", "--data", self.data, "--workspace", "team")
        places = {}
        for entry in log:
            if entry["id"] in places:
                raise AssertionError(f"EXACTLY-ONCE: {entry['id']} is in the log twice")
            places[entry["id"]] = entry["seq"]
        if [entry["seq"] for entry in log] != list(range(1, len(log) + 1)):
            raise AssertionError("GAPLESS-CHAIN: the log has a gap")
        for command, seq in self.acknowledged.items():
            if places.get(command) != seq:
                raise AssertionError(f"ACK-DURABLE: {command} was acknowledged at {seq}, is at {places.get(command)}")
        told = {entry["id"] for entry in log if entry["user_id"] != "system"}
        if told - set(issued):
            raise AssertionError(f"EXACTLY-ONCE: nobody executed {told - set(issued)}")
        if set(issued) - told:
            raise AssertionError(f"TERMINAL: never came to the log: {set(issued) - told}")
        for user in users:
            own = rows("commands", self.file(user))
            pending = [command for command in own if command["state"] not in ("applied", "superseded", "rejected")]
            if pending:
                raise AssertionError(f"TERMINAL: {user} has {pending}")
            if len({command["id"] for command in own}) != len(own):
                raise AssertionError(f"EXACTLY-ONCE: {user}'s list has a command twice")
            lost = {command for command, by in self.queued.items() if by == user} - {command["id"] for command in own}
            if lost:
                raise AssertionError(f"a queued command left {user}'s file: {lost}")
            mine, its = run("dump", self.file(user)).out, run("dump", "--data", self.data, "--workspace", "team",
                                                              "--as-user", user).out
            if mine != its:
                raise AssertionError(f"CONVERGE: {user} has\n{mine}\nand the server\n{its}")
        votes = sum(entry["data"]["by"] for entry in log
                    if entry["name"] == "message.vote" and entry["outcome"] == "applied")
        counted = sum(json.loads(text.split(" ", 1)[1])["votes"] for text in run(
            "dump", "--data", self.data, "--workspace", "team").out.splitlines() if text.startswith("messages "))
        if votes != counted:
            raise AssertionError(f"EXACTLY-ONCE: {votes} votes were cast, {counted} counted")
        self.stop()
        chain.verify(next((self.data / "workspaces").glob("*.db")))
        return log

    def settle(self, users=USERS):
        """Without faults: everybody syncs until all have seen each other's, and the server ends."""
        self.serve()
        for user in [*users, *users]:
            self.sync(user)
        code = self.server.end()
        if code != OK:
            raise AssertionError(f"the server ended with {code}\n{self.server.text(1)}")


class Prepared:
    """A team's folder that is made once and copied for each run."""

    def __init__(self, folder, prepare):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True)
        team = Team(self.folder)
        try:
            prepare(team)
        finally:
            team.stop()
        self.queued, self.acknowledged = team.queued, team.acknowledged

    @contextlib.contextmanager
    def copy(self):
        folder = Path(tempfile.mkdtemp(prefix="run-", dir=self.folder.parent))
        try:
            shutil.copytree(self.folder, folder, dirs_exist_ok=True)
            team = Team(folder)
            team.queued, team.acknowledged = dict(self.queued), dict(self.acknowledged)
            try:
                yield team
            finally:
                team.stop()
        finally:
            shutil.rmtree(folder)


class Case(harness.Case):
    """A test with a folder of its own: in memory if it may be, where a sync costs nothing."""

    def setUp(self):
        super().setUp()
        memory = Path("/dev/shm")
        usable = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 1 << 30
        folder = tempfile.TemporaryDirectory(prefix="wherry-faults-", dir=memory if usable else None)
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.data = self.folder / "data"
        self.random = random.Random(SEED)


def sample(chance, points, size):
    """Of points (phase, call, path, when): half by their kind, so that a renaming is as likely as one of 300 writes."""
    kinds = {}
    for point in points:
        kinds.setdefault(point[:3], []).append(point)
    some = [chance.choice(kinds[kind]) for kind in chance.sample(sorted(kinds, key=str), min(len(kinds), size // 2))]
    rest = [point for point in points if point not in some]
    return some + chance.sample(rest, min(len(rest), size - len(some)))


def in_parallel(work, items):
    """A run mostly waits, so there are more at once than cores. All failures are told, each with its item."""
    failures = []

    def one(item):
        try:
            return work(item)
        except (AssertionError, OSError, subprocess.SubprocessError, ValueError, KeyError) as error:
            failures.append(f"{item}: {type(error).__name__}: {error}")
            return None

    with ThreadPoolExecutor(max_workers=(os.cpu_count() or 1) + 1) as pool:
        results = list(pool.map(one, items))
    if failures:
        raise AssertionError(f"{len(failures)} of {len(results)} runs failed\n\n" + "\n\n".join(failures[:20]))
    return results
