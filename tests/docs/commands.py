#!/usr/bin/env python3
"""Runs the commands that the documents show: every block fenced as ```sh checked.

`commands.py BIN FILE…`: BIN holds the `wherry` program. The blocks of one file are one bash script (set -e), run
in an empty folder where `examples` leads to the project's; what it leaves running is ended afterwards. Port 8080
stands for a free one, and the script waits for a server that it starts in the background.
"""
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BLOCK = re.compile(r"^```sh checked\n(.*?)^```", re.MULTILINE | re.DOTALL)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def runnable(blocks):
    port = free_port()
    script = "\n".join(blocks).replace(":8080", f":{port}")
    wait = f"until (exec 3<>/dev/tcp/127.0.0.1/{port}) 2>&-; do sleep 0.1; done"
    return re.sub(r"^(.*\bserve .*&)$", rf"\1\n{wait}", script, flags=re.MULTILINE)


def run(binaries, script):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "examples").symlink_to(ROOT / "examples")
        environment = {**os.environ, "PATH": f"{binaries}:{os.environ['PATH']}"}
        output = Path(folder) / ".output"
        with output.open("w") as sink:
            shell = subprocess.Popen(["bash", "-euxo", "pipefail", "-c", script], cwd=folder, env=environment,
                                     stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, start_new_session=True)
        try:
            code = shell.wait(timeout=240)
        except subprocess.TimeoutExpired:
            code = 124
        try:
            os.killpg(shell.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        return code, output.read_text(errors="replace")


def main():
    binaries = Path(sys.argv[1]).resolve()
    failed = blocks = 0
    for name in sys.argv[2:]:
        found = BLOCK.findall(Path(name).read_text())
        blocks += len(found)
        if not found:
            continue
        code, output = run(binaries, runnable(found))
        if code != 0:
            print(f"{name}: the commands ended with {code}\n{output}")
            failed = 1
    print(f"{blocks} blocks")
    return failed or (1 if blocks == 0 else 0)


if __name__ == "__main__":
    sys.exit(main())
