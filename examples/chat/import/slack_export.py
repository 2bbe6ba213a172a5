#!/usr/bin/env python3
"""Makes commands for the chat from a Slack workspace export, a folder or the .zip as Slack gives it.

Users keep their Slack handle as id and channels their name, so that a token for `ann` is one for @ann.
Threads, reactions, edits, bots and archived channels come along; files, and service messages such as
"has joined the channel", do not. Whoever wrote in a channel but is no member any more leaves it at the end.
"""
import argparse
import html
import json
import os
import re
import sys
import zipfile
from collections import Counter
from datetime import datetime, timezone

from commands import ImportProblem, Progress, Writer, derived_id, run

# Messages that Slack itself writes about a channel.
SERVICE = re.compile(
    r"(channel|group)_(join|leave|topic|purpose|name|archive|unarchive|convert_to_private|posting_permissions)"
    r"|(un)?pinned_item|bot_(add|remove|enable|disable)|reminder_add|reply_broadcast|sh_room_created"
    r"|channel_canvas_updated|app_conversation_join")
LINK = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}\.json")


class Folder:
    """The files of an export that lies unpacked."""

    def __init__(self, path):
        self.path = path

    def names(self):
        for folder, _, files in os.walk(self.path):
            for file in files:
                yield os.path.relpath(os.path.join(folder, file), self.path).replace(os.sep, "/")

    def read(self, name):
        with open(os.path.join(self.path, *name.split("/")), "rb") as file:
            return file.read()


class Archive:
    """The files of a zipped export, which is never unpacked."""

    def __init__(self, path):
        self.zip = zipfile.ZipFile(path)

    def names(self):
        return (name for name in self.zip.namelist() if not name.endswith("/"))

    def read(self, name):
        return self.zip.read(name)


class Export:
    """Reads JSON files of an export, also where everything lies in one more folder."""

    def __init__(self, path):
        self.path = path
        try:
            self.source = Folder(path) if os.path.isdir(path) else Archive(path)
        except zipfile.BadZipFile:
            raise ImportProblem(f"{path}: neither a folder nor a zip file") from None
        names = sorted(self.source.names())
        tops = [name for name in names if name.split("/")[-1] == "users.json" and name.count("/") <= 1]
        if not tops:
            raise ImportProblem(f"{path}: no users.json in it; is this a Slack export?")
        self.root = min(tops, key=lambda name: name.count("/"))[: -len("users.json")]
        self.files = {name[len(self.root):] for name in names if name.startswith(self.root)}

    def list(self, name):
        """The objects of a file that holds a list; none when there is no such file."""
        if name not in self.files:
            return []
        try:
            items = json.loads(self.source.read(self.root + name).decode("utf-8"))
        except json.JSONDecodeError as problem:
            raise ImportProblem(f"{name}:{problem.lineno}: not JSON: {problem.msg}") from None
        except (UnicodeDecodeError, zipfile.BadZipFile, zipfile.zlib.error) as problem:
            raise ImportProblem(f"{name}: the file is damaged: {problem}") from None
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise ImportProblem(f"{name}: expected a list of objects")
        return items

    def days(self, folder):
        return sorted(file for file in self.files if file.startswith(folder + "/") and
                      DAY.fullmatch(file[len(folder) + 1:]))


def milliseconds(ts, where):
    """Slack writes seconds and microseconds since 1970 as a text."""
    match = re.fullmatch(r"(\d{1,11})(?:\.(\d{1,6}))?", str(ts))
    if not match:
        raise ImportProblem(f"{where}: `ts` must be like 1494517568.512661, not {ts!r}")
    return int(match[1]) * 1000 + int((match[2] or "").ljust(6, "0")) // 1000


def midnight(day):
    """The first moment of a file named FOLDER/YYYY-MM-DD.json."""
    try:
        date = datetime.strptime(day[-15:-5], "%Y-%m-%d").replace(tzinfo=timezone.utc)
    except ValueError:
        raise ImportProblem(f"{day}: there is no such day") from None
    return int(date.timestamp()) * 1000


class Importer:
    def __init__(self, export, writer, progress):
        self.export = export
        self.writer = writer
        self.progress = progress
        self.handles = {}  # Slack id -> our user id
        self.channel_names = {}  # Slack id -> channel id
        self.counts = Counter()

    # --- users

    def read_users(self):
        taken = set()
        for user in self.export.list("users.json"):
            slack_id = self.need(user, "id", "users.json")
            handle = user.get("name") or slack_id
            self.handles[slack_id] = handle if handle not in taken else f"{handle}-{slack_id}"
            taken.add(self.handles[slack_id])
            profile = user.get("profile") or {}
            name = profile.get("real_name") or user.get("real_name") or profile.get("display_name") or handle
            self.writer.user(self.handles[slack_id], name, self.begin)

    def author(self, message):
        """The message's author as user id, registered; bots and strangers of shared channels included."""
        slack_id = message.get("user")
        if slack_id in self.handles:
            return self.handles[slack_id]
        profile = message.get("user_profile") or message.get("bot_profile") or {}
        if slack_id is None:
            slack_id = "bot-" + str(message.get("bot_id") or message.get("username") or "unknown")
        name = message.get("username") or profile.get("real_name") or profile.get("name") or slack_id
        return self.stranger(slack_id, name)

    def stranger(self, slack_id, name=None):
        if slack_id not in self.handles:
            self.handles[slack_id] = slack_id
            self.writer.user(slack_id, name or slack_id, self.begin)
            self.counts["users not in users.json"] += 1
        return self.handles[slack_id]

    # --- channels

    def created(self, channel):
        """When the channel was opened; 0 when the export does not say."""
        return milliseconds(channel["created"], f"channel {channel['id']}") if channel.get("created") else 0

    def read_channels(self):
        """All conversations of the export: (folder, channel id, private, description)."""
        taken = set()
        channels = []
        for file, private in (("channels.json", False), ("groups.json", True), ("mpims.json", True),
                              ("dms.json", True)):
            for channel in self.export.list(file):
                slack_id = self.need(channel, "id", file)
                folder = channel.get("name") or slack_id
                name = folder if folder not in taken else f"{folder}-{slack_id}"
                taken.add(name)
                self.channel_names[slack_id] = name
                if not self.export.days(folder) and self.export.days(slack_id):
                    folder = slack_id
                channels.append((folder, name, private, channel))
        return channels

    def import_channel(self, folder, channel_id, private, channel):
        members = [self.stranger(member) for member in channel.get("members") or []]
        created = self.created(channel)
        creator = self.stranger(channel["creator"]) if channel.get("creator") else None
        # Somebody inside must be able to rename, lock and remove.
        if members and (creator is None or private and creator not in members):
            creator = members[0]
        roots = {}
        latest = created
        opened = False

        def open_channel(author, at):
            first = min(created or at, at)
            self.writer.channel(channel_id, channel_id, private, creator or author, first)
            for member in members:
                self.writer.member(channel_id, member, first)

        for day in self.export.days(folder):
            for number, message in enumerate(self.export.list(day), 1):
                where = f"{day}: message {number}"
                if message.get("type", "message") != "message" or SERVICE.fullmatch(message.get("subtype") or ""):
                    self.counts["service messages left out"] += 1
                    continue
                at = milliseconds(self.need(message, "ts", where), where)
                latest = max(latest, at)
                author = self.author(message)
                if not opened:
                    open_channel(author, at)
                    opened = True
                self.import_message(channel_id, channel, message, author, at, roots, where)
                self.counts["messages"] += 1
                self.progress.show(f"{self.counts['messages']} messages, {day}")
        if not opened and (creator or members):
            open_channel(creator, created or self.begin)
            opened = True
        if opened:
            self.close_channel(channel_id, channel, members, max(latest, self.begin))

    def close_channel(self, channel_id, channel, members, at):
        """Membership as Slack has it, and the lock of an archived channel. Slack empties the list of an
        archived one; those who wrote there then keep their history."""
        if members:
            for former in sorted(self.writer.members[channel_id] - set(members)):
                self.writer.leave(channel_id, former, at + 1)
                self.counts["former members"] += 1
        if channel.get("is_archived"):
            self.writer.command([channel_id], "channel.lock", {"id": channel_id}, self.writer.channels[channel_id],
                                at + 2)

    # --- messages

    def import_message(self, channel_id, channel, message, author, at, roots, where):
        ts = str(message["ts"])
        message_id = derived_id(self.writer.source, "message", channel["id"], ts)
        thread_ts = message.get("thread_ts")
        root = None
        if thread_ts is not None and str(thread_ts) != ts:
            root = roots.get(str(thread_ts))
            if root is None:
                # The first reply we have takes the place of the message that is missing.
                self.counts["threads whose first message is not in the export"] += 1
                roots[str(thread_ts)] = message_id
        else:
            roots[ts] = message_id
        deleted = message.get("subtype") == "tombstone"
        text = "" if deleted else self.text(message)
        self.writer.message(message_id, channel_id, author, text, root, at)
        self.counts["files left out"] += len(message.get("files") or [])
        if deleted:
            self.writer.command([message_id], "message.delete", {"id": message_id}, author, at)
            return
        edited = message.get("edited")
        if isinstance(edited, dict) and "ts" in edited:
            self.writer.command([message_id, str(edited["ts"])], "message.edit",
                                {"id": message_id, "body": self.writer.body(text)}, author,
                                milliseconds(edited["ts"], where))
        for reaction in message.get("reactions") or []:
            emoji = str(reaction.get("name") or "unknown").replace(" ", "_")[:100]
            for reactor in map(self.stranger, reaction.get("users") or []):
                self.writer.member(channel_id, reactor, at)
                self.writer.command([message_id, emoji, reactor], "message.react",
                                    {"id": message_id, "emoji": emoji}, reactor, at)

    def text(self, message):
        """Slack's markup for people, channels and links as plain text; *bold* and the like stay as typed."""
        def readable(match):
            sign, target, label = match.groups()
            if sign == "@":
                return "@" + self.handles.get(target, label or target)
            if sign == "#":
                return "#" + (label or self.channel_names.get(target, target))
            if sign == "!":
                return label or "@" + target
            return f"{label} ({target})" if label and label != target else target
        return html.unescape(LINK.sub(readable, str(message.get("text") or "")))

    def need(self, item, field, where):
        if not isinstance(item.get(field), (str, int, float)) or item[field] == "":
            raise ImportProblem(f"{where}: `{field}` is missing")
        return item[field]

    def run(self):
        channels = self.read_channels()
        # Names are known from the first moment of the history on.
        times = [self.created(channel) for *_, channel in channels if channel.get("created")]
        times += [midnight(day) for folder, *_ in channels for day in self.export.days(folder)[:1]]
        self.begin = min(times, default=0)
        self.read_users()
        for channel in channels:
            self.import_channel(*channel)
        if self.writer.truncated:
            self.counts["messages cut to 40,000 characters"] = self.writer.truncated
        messages = self.counts.pop("messages", 0)
        extras = "".join(f", {count} {what}" for what, count in sorted(self.counts.items()) if count)
        self.progress.end(f"{messages} messages, {len(self.writer.users)} users, "
                          f"{len(self.writer.channels)} channels, {self.writer.count} commands{extras}")


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("path", help="the export: a folder, or the .zip as Slack gives it")
    export = Export(parser.parse_args(arguments).path)
    Importer(export, Writer(sys.stdout, "slack"), Progress("slack_export")).run()


if __name__ == "__main__":
    run(main)
