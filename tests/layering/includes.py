#!/usr/bin/env python3
"""Checks every #include of src/ and include/ against layers.txt.

`includes.py [ROOT]` prints one line per breach and ends with 1 if there is any.
"""
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.MULTILINE)
# Standard headers of what the core receives from outside.
OUTSIDE_CORE = set(
    "thread mutex shared_mutex condition_variable future stop_token semaphore barrier latch chrono random "
    "fstream filesystem iostream ctime time.h pthread.h unistd.h fcntl.h stdio_filebuf.h".split())
TEST_HEADERS = ("gtest/", "gmock/", "rapidcheck", "nlohmann/")


def read_layers(text):
    layers = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        head, _, rest = line.partition(":")
        folders, _, foreign = rest.partition("|")
        name, *marks = head.split()
        if marks not in ([], ["core"]) or name in layers:
            sys.exit(f"layers.txt:{number}: not understood: {line}")
        layers[name] = (marks == ["core"], set(folders.split()), foreign.split())
    for name, (core, folders, _) in layers.items():
        for folder in folders:
            if folder not in layers:
                sys.exit(f"layers.txt: {name} names the unknown folder {folder}")
            if name in layers[folder][1]:
                sys.exit(f"layers.txt: {name} and {folder} may include each other")
            if core and not layers[folder][0]:
                sys.exit(f"layers.txt: the core folder {name} may not depend on {folder}")
    return layers


def layer_of(path, layers):
    return path if path in layers else path.split("/")[0]


def breaches(root, layers):
    for path in sorted([*root.glob("src/**/*"), *root.glob("include/**/*")]):
        if path.suffix not in (".h", ".cc", ".c"):
            continue
        relative = path.relative_to(root)
        folder = layer_of("/".join(relative.parts[1:]), layers)
        if folder not in layers:
            yield relative, 1, f"the folder {folder} has no line in layers.txt"
            continue
        core, allowed, foreign = layers[folder]
        test = path.stem.endswith("_test")
        text = path.read_text()
        for match in INCLUDE.finditer(text):
            quoted, target = match[1] == '"', match[2]
            line = text.count("\n", 0, match.start()) + 1
            first = layer_of(target, layers)
            if quoted and re.fullmatch(r"\w+\.inc", target):
                continue  # made by the build
            if quoted:
                if first not in layers and not (test and first == "tests"):
                    yield relative, line, f'"{target}" is not a path from src/ or include/'
                elif first != folder and first not in allowed and not (test and first == "tests"):
                    yield relative, line, f'{folder} may not include {first} ("{target}")'
            elif first.split("/")[0] == "wherry":
                yield relative, line, f'write "{target}" with quotes'
            elif core and target in OUTSIDE_CORE and not test:
                yield relative, line, f"core may not include <{target}>: it is given from outside"
            elif re.search(r"[./]", target) and not target.startswith(tuple(foreign)) \
                    and not (core and target in OUTSIDE_CORE) and not (test and target.startswith(TEST_HEADERS)):
                yield relative, line, f"{folder} may not include the foreign header <{target}>"


def main():
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent.parent
    layers = read_layers((HERE / "layers.txt").read_text())
    found = [f"{path}:{line}: {what}" for path, line, what in breaches(root, layers)]
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
