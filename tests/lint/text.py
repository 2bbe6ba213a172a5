#!/usr/bin/env python3
"""Checks the words of all tracked files: nothing left undone, nothing that only holds on one machine.

Long source files are named but do not fail.
"""
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LONG = 500
# Each pattern is written so that it does not match itself.
FORBIDDEN = [
    (re.compile(r"\b(TO[D]O|FIX[M]E|XX[X]|HA[C]K)\b"), "unfinished work is an issue, not a comment"),
    (re.compile(r"(?<![\w.$}])/(home|root|wor[k]|Users|tmp/[w])/"), "a path of one machine"),
    (re.compile(r'"resolve[d]":\s*"http|registry\.npm[j]s'), "a registry's address"),
    (re.compile(r"^(<{7}|>{7}) ", re.MULTILINE), "a merge conflict"),
]
SKIPPED = re.compile(r"^LICENSE$|^fuzz/corpus/|^tests/.*/data/|\.(png|ico|gz|zip|bin)$")
SOURCE = re.compile(r"\.(h|cc|py|sql)$|^scripts/")


def main():
    tracked = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                             check=True, capture_output=True, text=True).stdout.split("\0")
    found = 0
    for name in sorted(filter(None, tracked)):
        path = ROOT / name
        if SKIPPED.search(name) or not path.is_file():
            continue
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            print(f"{name}: not UTF-8")
            found += 1
            continue
        for pattern, why in FORBIDDEN:
            for match in pattern.finditer(text):
                print(f"{name}:{text.count(chr(10), 0, match.start()) + 1}: {match[0].strip()}: {why}")
                found += 1
        lines = text.count("\n")
        if lines > LONG and SOURCE.search(name):
            print(f"{name}: {lines} lines; more than {LONG} hide more than one idea (a warning)")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
