#!/usr/bin/env python3
"""Checks the documents against the tree.

Links and the paths in backquotes must lead somewhere, docs/ERRORS.md must list include/wherry/errors.def, and
docs/GLOSSARY.md must define each word of the vocabulary. `check.py --write` rewrites docs/ERRORS.md.
"""
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
VOCABULARY = (
    "workspace replica bundle command handler entity outcome log seq stamp delta cell join scope kind hold grant "
    "revoke load position scanning live boundary departure pending rebase reject supersede session role epoch").split()
ADVICE = {
    "kRetry": "try again", "kSignIn": "sign in again", "kFixInput": "fix the input",
    "kResync": "nothing: it re-syncs", "kUpgrade": "update the older side", "kReport": "report it",
}


def slug(heading):
    text = re.sub(r"[`*_]|\[|\]\([^)]*\)|\]", "", heading).strip().lower()
    return re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", text))


def anchors(text):
    return {slug(match[1]) for match in re.finditer(r"^#+\s+(.*)$", text, re.MULTILINE)}


def without_fences(text):
    return re.sub(r"^```.*?^```", lambda match: "\n" * match[0].count("\n"), text, flags=re.MULTILINE | re.DOTALL)


def links(path):
    text = without_fences(path.read_text())
    for match in re.finditer(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)", re.sub(r"(?<!\[)`[^`\n]*`", "", text)):
        target, _, anchor = match[1].partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        file = (path.parent / target).resolve() if target else path
        if not file.exists():
            yield f"link to {match[1]}: no such file"
        elif anchor and file.suffix == ".md" and anchor not in anchors(file.read_text()):
            yield f"link to {match[1]}: no such heading"
    for match in re.finditer(r"`((?:\./)?(?:src|tests|docs|scripts|examples|include|cmake|third_party|\.ci)/[\w./-]*)`", text):
        if not (ROOT / match[1]).exists():
            yield f"`{match[1]}`: no such file"


def errors_page():
    source = (ROOT / "include/wherry/errors.def").read_text()
    rows = re.findall(r'^WHERRY_ERROR\((\w+), "(\w+)", (\w+), "(.*)"\)$', source, re.MULTILINE)
    assert len(rows) == source.count("\nWHERRY_ERROR("), "errors.def has a line that this script cannot read"
    head = (
        "# Error codes\n\n"
        "Made from `include/wherry/errors.def` by `python3 tests/docs/check.py --write`; a test compares the two.\n\n"
        "These are the faults Wherry itself reports: to the caller of the C++ API, in `error` and `bye` messages, and\n"
        "on the command line. A *refusal* is something else: the answer to a command, with a code of its own\n"
        "(`entity_missing`, or one the app chose); see [BUNDLE.md](BUNDLE.md).\n\n"
        "| code | what to do | meaning |\n|---|---|---|\n")
    return head + "".join(f"| `{code}` | {ADVICE[advice]} | {meaning} |\n" for _, code, advice, meaning in rows)


def main():
    page = ROOT / "docs/ERRORS.md"
    if "--write" in sys.argv:
        page.write_text(errors_page())
    found = []
    names = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"], cwd=ROOT, check=True,
                           capture_output=True, text=True).stdout.split()
    for name in names:
        found += [f"{name}: {what}" for what in links(ROOT / name)]
    if page.read_text() != errors_page():
        found.append("docs/ERRORS.md differs from include/wherry/errors.def: run python3 tests/docs/check.py --write")
    glossary = (ROOT / "docs/GLOSSARY.md").read_text()
    found += [f"docs/GLOSSARY.md does not define {word}" for word in VOCABULARY
              if not re.search(rf"^\*\*{word}\b", glossary, re.MULTILINE)]
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
