#!/usr/bin/env python3
"""DETERMINISM: the same seed gives the same trace in two processes, with and without address space randomisation.

    determinism_test.py WHERRY_SIM
"""
import subprocess
import sys

program = sys.argv[1]
options = ["--preset", "crash-heavy", "--preset", "permissions", "--preset", "bad-disk", "--seed", "3", "--seeds", "2"]


def traces(*before):
    lines = subprocess.run([*before, program, *options], capture_output=True, text=True, check=True).stdout.splitlines()
    return [line for line in lines if line.startswith("preset ")]


first = traces()
assert len(first) == 6, first
for again in (traces(), traces("setarch", "-R")):
    if again != first:
        print("\n".join(["the first time:", *first, "and again:", *again]))
        sys.exit(1)
print("\n".join(first))
