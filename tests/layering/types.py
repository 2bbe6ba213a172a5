#!/usr/bin/env python3
"""Finds types that two headers of src/ and include/ define under one name: linked together, one's functions would be
run on the other's objects, and no compiler says so.

`types.py [ROOT]` prints one line per type and ends with 1 if there is any.
"""
import re
import sys
from pathlib import Path

DEFINITION = re.compile(r"^(?:struct|class|enum class|union)(?: \[\[\w+\]\])? ([\w:]+)(?: final)?(?: *:[^:;{][^;{]*)? *\{", re.MULTILINE)
DECLARED_AHEAD = re.compile(r"^namespace [\w:]+ \{\n(?:(?:class|struct) \w+;\n)+\}", re.MULTILINE)
NAMESPACE = re.compile(r"^namespace ([\w:]+) \{$|^\}  // namespace ([\w:]+)$", re.MULTILINE)


def definitions(text):
    """The full names of what a file defines at the left margin."""
    text = DECLARED_AHEAD.sub("", text)
    marks = [(m.start(), m[1], m[2]) for m in NAMESPACE.finditer(text)]
    for definition in DEFINITION.finditer(text):
        spaces = []
        for at, opened, closed in marks:
            if at > definition.start():
                break
            if opened:
                spaces.append(opened)
            elif closed in spaces:
                spaces.remove(closed)
        yield "::".join([*spaces, definition[1]])


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2]).resolve()
    known = {}
    for path in sorted([*root.glob("src/**/*.h"), *root.glob("include/**/*.h")]):
        for name in definitions(path.read_text()):
            known.setdefault(name, []).append(str(path.relative_to(root)))
    twice = {name: files for name, files in known.items() if len(files) > 1}
    for name, files in twice.items():
        print(f"{name}: defined in {' and in '.join(files)}")
    return 1 if twice else 0


if __name__ == "__main__":
    sys.exit(main())
