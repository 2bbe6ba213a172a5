"""What both importers share: commands as JSON lines, with ids that are the same on every run.

A command's id is derived from what it is about, so importing a history again, or a longer export of it,
adds only what is new.
"""
import json
import sys
import time
import uuid

NAMESPACE = uuid.UUID("6f5b1d1e-7d0c-5c1f-9d1b-0a4f3c2e8b76")
BODY_MOST = 40000  # code points, as message.post has it
NAME_MOST = 200


class ImportProblem(Exception):
    """The input cannot be imported; the text says where and why."""


def derived_id(*parts):
    """A UUID that depends on the parts alone."""
    return str(uuid.uuid5(NAMESPACE, json.dumps(parts, ensure_ascii=True)))


class Writer:
    """Writes command lines; knows who is registered and who is a member, and sees to both in time."""

    def __init__(self, out, source):
        self.out = out
        self.source = source  # keeps the ids of different histories apart
        self.count = 0
        self.latest = 0
        self.truncated = 0
        self.users = set()
        self.channels = {}  # channel id -> creator
        self.members = {}  # channel id -> set of user ids

    def command(self, key, name, params, user, at):
        line = {"id": derived_id(self.source, name, *key), "name": name, "params": params, "user": user,
                "client_timestamp": at}
        self.out.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
        self.count += 1
        self.latest = max(self.latest, at)

    def user(self, user_id, name, at):
        if user_id not in self.users:
            self.users.add(user_id)
            name = name[:NAME_MOST] or user_id
            self.command([user_id, name], "user.register", {"id": user_id, "name": name}, user_id, at)

    def channel(self, channel_id, name, private, creator, at):
        if channel_id not in self.channels:
            self.channels[channel_id] = creator
            self.members[channel_id] = {creator}
            self.command([channel_id], "channel.create",
                         {"id": channel_id, "name": name[:NAME_MOST], "private": private}, creator, at)

    def member(self, channel_id, user_id, at):
        if user_id not in self.members[channel_id]:
            self.members[channel_id].add(user_id)
            self.command([channel_id, user_id], "channel.add_member",
                         {"channel_id": channel_id, "user_id": user_id}, self.channels[channel_id], at)

    def leave(self, channel_id, user_id, at):
        self.members[channel_id].discard(user_id)
        self.command([channel_id, user_id], "channel.remove_member",
                     {"channel_id": channel_id, "user_id": user_id}, user_id, at)

    def message(self, message_id, channel_id, user_id, body, thread_id, at):
        self.member(channel_id, user_id, at)
        params = {"id": message_id, "channel_id": channel_id, "body": self.body(body)}
        if thread_id is not None:
            params["thread_id"] = thread_id
        self.command([message_id], "message.post", params, user_id, at)

    def body(self, text):
        """The text as message.post takes it: valid Unicode without NUL, not too long."""
        text = text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
        if len(text) > BODY_MOST:
            self.truncated += 1
            text = text[:BODY_MOST]
        return text


class Progress:
    """One line on stderr that moves, or a line now and then where stderr is no terminal."""

    def __init__(self, what, err=None):
        self.what = what
        self.err = err if err is not None else sys.stderr
        self.moving = self.err.isatty()
        self.next = time.monotonic() + (0.2 if self.moving else 10)

    def show(self, done, of=""):
        if time.monotonic() >= self.next:
            self.err.write(f"\r{self.what}: {done}{of}" if self.moving else f"{self.what}: {done}{of}\n")
            self.err.flush()
            self.next = time.monotonic() + (0.2 if self.moving else 10)

    def end(self, summary):
        self.err.write(("\r\033[K" if self.moving else "") + f"{self.what}: {summary}\n")


def run(main):
    """Ends with 1 and a plain sentence when the input is bad, quietly when the reader of the output left."""
    try:
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(encoding="utf-8")
        main(sys.argv[1:])
        sys.stdout.flush()
    except ImportProblem as problem:
        print(f"error: {problem}", file=sys.stderr)
        sys.exit(1)
    except OSError as problem:
        if isinstance(problem, BrokenPipeError):
            sys.stderr.close()
        else:
            print(f"error: {problem}", file=sys.stderr)
        sys.exit(1)
