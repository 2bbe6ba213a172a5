"""The engines that are compared, the workloads, and how each is run and read."""
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

WHERRY, BARE, MACHINE = "wherry", "bare", "machine"
CEILINGS = "ceilings"  # a workload of the machine alone


@dataclass(frozen=True)
class Engine:
    title: str
    durable: bool  # what it acknowledges is on disk


ENGINES = {
    WHERRY: Engine("Wherry", True),
    "yjs": Engine("Yjs, y-websocket, LevelDB", False),
    "hocuspocus": Engine("Hocuspocus (Yjs), SQLite", False),
    "replicache": Engine("Replicache, SQLite", True),
    "sharedb": Engine("ShareDB, PostgreSQL", True),
    "zero": Engine("Zero, PostgreSQL", True),
    BARE: Engine("bare: epoll and SQLite", True),
    MACHINE: Engine("the machine", True),
}


@dataclass(frozen=True)
class Case:
    """One row group of the table, and how Wherry and a bare server run it."""
    name: str
    unit: str
    wherry: list  # arguments of wherry-bench
    bare: list = field(default_factory=list)  # arguments of ws_client


@dataclass(frozen=True)
class Workload:
    cases: list
    test: str  # of run.mjs
    calls: list  # environments, one call of run.mjs each


def fan_out(subscribers, gap):
    return Case(f"fan-out to {subscribers}, p50", "ms",
                ["fan-out", "--subscribers", subscribers, "--gap", gap, "--seconds", 2],
                ["l", subscribers, 1, 2])


def ingest(writers, window):
    return Case(f"acknowledged, {writers} × {window}", "/s",
                ["ingest", "--command", "edit", "--writers", writers, "--window", window, "--seconds", 2],
                ["b", writers, window, 2])


# The other engines split a window of 64 among several writers: 8 each for 10 and for 50.
INGEST = {(1, 1): (1, 1), (1, 64): (1, 64), (10, 64): (10, 8), (50, 64): (50, 8)}
FAN_OUT_GAPS = {10: 20, 50: 20, 200: 40}
BOOTSTRAP = Case("bootstrap, 100,000 rows", "s", ["bootstrap", "--rows", 100_000])
OFFLINE = Case("10,000 queued offline", "s", ["offline", "--commands", 10_000])
MISSED = Case("100,000 missed", "s", ["missed", "--commands", 100_000, "--rows", 10_000])

WORKLOADS = {
    "ingest": Workload([ingest(*case) for case in INGEST.values()], "w2",
                       [{"WRITERS": "1", "WINDOWS": "1,64"}, {"WRITERS": "10,50", "WINDOWS": "64"}]),
    "fan-out": Workload([fan_out(*case) for case in FAN_OUT_GAPS.items()], "w1", [{"SUBS": "10,50,200"}]),
    "bootstrap": Workload([BOOTSTRAP], "w3", [{"BIG": "100000"}]),
    "offline": Workload([OFFLINE], "w4a", [{"QUEUE": "10000"}]),
    "missed": Workload([MISSED], "w4b", [{"MISS": "100000", "W4ROWS": "10000", "CAP": "20"}]),
}


@dataclass
class Result:
    case: str
    figure: float
    unit: str
    cpu_ms: float = None  # of the server, per 1,000 operations
    count: int = None  # operations, where an engine may not manage all
    others: float = None  # cores


def read_engine(line):
    """A line of run.mjs."""
    cpu = line.get("srv_cpu_s_per_1000")  # null without operations
    cpu_ms = None if cpu is None else cpu * 1000
    others = line.get("others_cores")
    match line["w"]:
        case "W1":
            case = fan_out(line["subs"], FAN_OUT_GAPS[line["subs"]])
            return Result(case.name, line["p50_ms"], case.unit, cpu_ms, others=others)
        case "W2":
            case = ingest(*INGEST[line["writers"], line["window"]])
            return Result(case.name, line["ops_s"], case.unit, cpu_ms, others=others)
        case "W3":
            return Result(BOOTSTRAP.name, line["secs"], BOOTSTRAP.unit)
        case "W4a":
            return Result(OFFLINE.name, line["visible_s"], OFFLINE.unit)
        case "W4b":
            return Result(MISSED.name, line["visible_s"], MISSED.unit, count=line["missed"])


def read_wherry(case, line):
    figures = [line[name] for name in ("visible_p50_ms", "acknowledged_per_s", "visible_s", "seconds") if name in line]
    if not figures:
        raise Failed(f"wherry-bench prints no figure that is known: {', '.join(line)}")
    return Result(case.name, figures[0], case.unit, line.get("server_cpu_us"))


def read_bare(case, output):
    """The line of ws_client."""
    match = re.search(r"([\d.]+) acked/s.* p50 ([\d.]+) ms.*acked ops ([\d.]+) s", output)
    return Result(case.name, float(match[1] if case.unit == "/s" else match[2]), case.unit, 1000 * float(match[3]))


def read_ceiling(line):
    if line["workload"] == "bare sync":
        return Result("bare sync, p50", line["p50_us"] / 1000, "ms")
    if line["workload"] == "bare echo":
        return Result(f"bare WebSocket echo, {line['in_flight']} in flight", line["echoes_per_s"], "/s", line["server_cpu_us"])
    return Result(f"bare SQLite, {line['group']} per commit", line["commands_per_s"], "/s", line["cpu_us"])


class Failed(Exception):
    """`output`: what was printed until then."""
    def __init__(self, reason, output=""):
        super().__init__(reason)
        self.output = output


def descendants(pid):
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:  # it has ended
            continue
        parents.setdefault(int(text.rsplit(")", 1)[1].split()[1]), []).append(int(stat.parent.name))
    found = [pid]
    for parent in found:
        found.extend(parents.get(parent, []))
    return found


def end(process):
    """With all that it has started: PostgreSQL ends in order on SIGINT; what is left after that is killed."""
    pids = descendants(process.pid)
    for number in (signal.SIGINT, signal.SIGKILL):
        for pid in pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass
        time.sleep(2)
    process.wait()


def run(arguments, options, folder=None, environment=None):
    """The output of a program that may take so long."""
    process = subprocess.Popen([str(argument) for argument in arguments], cwd=folder, text=True,
                               env={**os.environ, **(environment or {})},
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        output, errors = process.communicate(timeout=options.timeout)
    except subprocess.TimeoutExpired:
        end(process)
        raise Failed(f"not done in {options.timeout:.0f} s", process.communicate()[0]) from None
    except BaseException:
        end(process)
        raise
    if process.returncode != 0:
        raise Failed((errors.strip().splitlines() or ["no word"])[-1], output)
    return output


def json_lines(output):
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def run_engine(name, workload, options):
    """The results, and the failures: a case that fails does not keep the others from being run."""
    results, failures = [], []
    for environment in workload.calls:
        try:
            output = run(["node", "common/run.mjs", name, workload.test], options, options.peers,
                         {"REPS": "1", "GATE": "0", **environment})
        except Failed as failed:
            failures.append(str(failed))
            output = failed.output
        for line in json_lines(output):
            if "error" in line:
                failures.append(line["error"])
            else:
                results.append(read_engine(line))
    return results, failures


def run_wherry(workload, options):
    outputs = [(case, run([options.wherry_bench, *case.wherry], options)) for case in workload.cases]
    return [read_wherry(case, line) for case, output in outputs for line in json_lines(output)], []


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run_bare(workload, options):
    limits, results = options.peers / "limits", []
    for case in workload.cases:
        port = free_port()
        with tempfile.TemporaryDirectory() as folder:
            server = subprocess.Popen([limits / "skeleton", str(port), f"{folder}/bare.db", "FULL"],
                                      stdout=subprocess.PIPE, text=True)
            try:
                server.stdout.readline()  # it is ready
                results.append(read_bare(case, run([limits / "ws_client", port, *case.bare, server.pid], options)))
            finally:
                server.kill()
                server.communicate()
    return results, []


def run_ceilings(options):
    output = run([options.wherry_bench, "ceilings", "--seconds", 0.5], options)
    return [read_ceiling(line) for line in json_lines(output)], []


def run_workload(name, engine, options):
    """The results, and what went wrong with those that are missing."""
    if name == CEILINGS:
        return run_ceilings(options)
    if engine == WHERRY:
        return run_wherry(WORKLOADS[name], options)
    if engine == BARE:
        return run_bare(WORKLOADS[name], options)
    return run_engine(engine, WORKLOADS[name], options)


def is_set_up(name, peers):
    needed = {WHERRY: peers, BARE: peers / "limits/skeleton"}.get(name, peers / name / "node_modules")
    return needed.exists()
