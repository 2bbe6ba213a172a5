"""What the end-to-end tests share: the program under test, servers, replicas. Standard library only.

A test script is run as `NAME_test.py WHERRY [unittest arguments]`.
"""
import json
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CHAT = ROOT / "examples" / "chat"
WHERRY = ""
# How the program ends, see docs/CLI.md.
OK, FAILURE, USAGE, REJECTED, REFUSED, UNAUTHORIZED, UNREACHABLE, BUSY = range(8)
# Nothing here takes long; this only keeps a hanging program from hanging the test for ever.
PATIENCE = 120


def main():
    global WHERRY
    WHERRY = str(Path(sys.argv.pop(1)).resolve())
    unittest.main(module="__main__")


def wherry(*arguments, expect=OK, stdin=""):
    """Runs the program, checks how it ends, returns its stdout."""
    done = run(*arguments, stdin=stdin)
    if done.returncode != expect:
        raise AssertionError(f"{done.args} ended with {done.returncode}, not {expect}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def run(*arguments, stdin=""):
    """Runs the program, however it may end."""
    return subprocess.run([WHERRY, *map(str, arguments)], input=stdin, capture_output=True, text=True, errors="replace", timeout=PATIENCE)


def rows(*arguments):
    """The program's JSON lines."""
    return [json.loads(line) for line in wherry(*arguments, "--json").splitlines()]


class Running:
    """The program in the background; its lines of stdout can be waited for."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen([WHERRY, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        stdin=subprocess.DEVNULL, text=True)
        self.lines, self.errors = [], []
        self.news = threading.Condition()
        self.threads = [threading.Thread(target=self._read, args=pair, daemon=True)
                        for pair in ((self.process.stdout, self.lines), (self.process.stderr, self.errors))]
        for thread in self.threads:
            thread.start()

    def _read(self, stream, lines):
        for line in stream:
            with self.news:
                lines.append(line.rstrip("\n"))
                self.news.notify_all()
        with self.news:
            self.news.notify_all()

    def wait_for(self, accept):
        """The first line of stdout that `accept` likes."""
        with self.news:
            found = self.news.wait_for(lambda: next((line for line in self.lines if accept(line)), None)
                                       or not self.threads[0].is_alive(), PATIENCE)
        if not isinstance(found, str):
            raise AssertionError(f"{self.process.args}: no such line\n{self.lines}\n{self.errors}")
        return found

    def wait(self):
        code = self.process.wait(PATIENCE)
        self.close()
        return code

    def close(self):
        for thread in self.threads:
            thread.join(PATIENCE)
        self.process.stdout.close()
        self.process.stderr.close()

    def end(self, sign=signal.SIGTERM, expect=OK):
        self.process.send_signal(sign)
        code = self.wait()
        if code != expect:
            raise AssertionError(f"{self.process.args} ended with {code}, not {expect}\n{self.lines}\n{self.errors}")


class Server(Running):
    def __init__(self, data, bundle=CHAT, listen="127.0.0.1:0", *options):
        super().__init__("serve", "--bundle", bundle, "--data", data, "--listen", listen, *options)
        first = self.wait_for(lambda line: True)
        assert first.startswith("listening on http://"), first
        self.authority = first.removeprefix("listening on http://")

    def url(self, workspace):
        return f"ws://{self.authority}/{workspace}"


class Case(unittest.TestCase):
    """A test with a folder of its own, whose background programs are ended with it."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="wherry-e2e-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.data = self.folder / "data"

    def start(self, *arguments):
        return self._ended_with_the_test(Running(*arguments))

    def serve(self, *options, **named):
        return self._ended_with_the_test(Server(self.data, *options, **named))

    def _ended_with_the_test(self, running):
        def clean_up():
            if running.process.poll() is None:
                running.process.kill()
                running.process.wait()
            running.close()
        self.addCleanup(clean_up)
        return running

    def token(self, user, *options, workspace="team"):
        out = wherry("token", "--data", self.data, "--workspace", workspace, "--user", user, *options)
        return out.splitlines()[-1]

    def replica(self, server, user, *options, name=None, workspace="team"):
        """A new replica's file, synced once."""
        file = self.folder / f"{name or user}.db"
        wherry("init", file, "--url", server.url(workspace), "--token", self.token(user, *options, workspace=workspace))
        wherry("sync", file)
        return file

    def exec(self, file, command, /, expect=OK, **params):
        return wherry("exec", file, command, json.dumps(params), expect=expect).strip()

    def server_dump(self, user=None, *options, workspace="team"):
        who = ["--as-user", user, *options] if user else []
        return wherry("dump", "--data", self.data, "--workspace", workspace, *who)

    def assert_agrees(self, file, user, *options):
        self.assertEqual(wherry("dump", file), self.server_dump(user, *options))
