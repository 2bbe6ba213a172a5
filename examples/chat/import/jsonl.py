#!/usr/bin/env python3
"""Makes commands for the chat from a history in JSON lines, plain or gzip:

    {"ts": "2017-05-11T15:46:08.512661", "channel": "general", "user": "Jacob", "thread": "general-1", "text": "…"}

`ts` is UTC. `thread` is optional; the first message with a label begins the thread, the others reply to it.
Every channel is public, and its first author creates it.
"""
import argparse
import gzip
import json
import sys
from datetime import datetime, timedelta, timezone

from commands import ImportProblem, Progress, Writer, derived_id, run

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def milliseconds(text):
    at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if at.tzinfo is None:
        at = at.replace(tzinfo=timezone.utc)
    return (at - EPOCH) // timedelta(milliseconds=1)


def parse(line, where):
    """The message of one line, checked."""
    try:
        message = json.loads(line)
    except ValueError as problem:
        raise ImportProblem(f"{where}: not JSON: {problem}") from None
    if not isinstance(message, dict):
        raise ImportProblem(f"{where}: expected an object")
    for field in ("ts", "channel", "user", "text"):
        if not isinstance(message.get(field), str):
            raise ImportProblem(f"{where}: `{field}` must be a text")
    for field in ("channel", "user"):
        if not 1 <= len(message[field]) <= 200:
            raise ImportProblem(f"{where}: `{field}` must have 1 to 200 characters")
    if not isinstance(message.get("thread"), (str, type(None))):
        raise ImportProblem(f"{where}: `thread` must be a text")
    try:
        message["at"] = milliseconds(message["ts"])
    except ValueError:
        raise ImportProblem(f"{where}: `ts` must be a time like 2017-05-11T15:46:08.512661") from None
    return message


def convert(lines, name, writer, progress):
    """Lines are bytes. Two messages that agree in everything are two messages; their order tells them apart."""
    roots = {}
    twins = {}
    posted = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        message = parse(line, f"{name}:{number}")
        channel, user, at = message["channel"], message["user"], message["at"]
        same = (channel, user, message["ts"], message["text"])
        key = derived_id(*same)
        twin = twins[key] = twins.get(key, -1) + 1
        message_id = derived_id(writer.source, "message", *same, twin)
        writer.user(user, user, at)
        writer.channel(channel, channel, False, user, at)
        root = None
        if message.get("thread") is not None:
            root = roots.setdefault((channel, message["thread"]), message_id)
        writer.message(message_id, channel, user, message["text"], None if root == message_id else root, at)
        posted += 1
        progress.show(posted, " messages")
    progress.end(f"{posted} messages, {len(writer.users)} users, {len(writer.channels)} channels, "
                 f"{writer.count} commands")


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file", help="FILE.jsonl or FILE.jsonl.gz")
    path = parser.parse_args(arguments).file
    with open(path, "rb") as probe:
        compressed = probe.read(2) == b"\x1f\x8b"
    with (gzip.open(path, "rb") if compressed else open(path, "rb")) as lines:
        try:
            convert(lines, path, Writer(sys.stdout, "jsonl"), Progress("jsonl"))
        except (EOFError, gzip.BadGzipFile) as problem:
            raise ImportProblem(f"{path}: the file is damaged: {problem}") from None


if __name__ == "__main__":
    run(main)
