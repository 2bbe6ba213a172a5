#!/usr/bin/env python3
"""Writes a small made-up history of a team that runs ferries: the same one on every run.

The lines are for `wherry exec --jsonl` of a replica whose token has the role import. `ann` opens the
channels; `boat-plans` is private to ann, bob and dora.
"""
import os
import random
import sys
from datetime import datetime, timezone

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "import"))
from commands import Writer, derived_id, run  # noqa: E402

USERS = {"ann": "Ann Fairlie", "bob": "Bob Marsh", "cy": "Cy Okafor", "dora": "Dora Lind", "eli": "Eli Tam",
         "fay": "Fay Quist"}
CHANNELS = {  # id -> (name, private, members)
    "general": ("General", False, ["ann", "bob", "cy", "dora", "eli", "fay"]),
    "harbour": ("Harbour", False, ["ann", "bob", "cy", "eli"]),
    "lunch": ("Lunch", False, ["bob", "cy", "dora", "fay"]),
    "boat-plans": ("Boat plans", True, ["ann", "bob", "dora"]),
}
START = datetime(2026, 3, 2, 8, 0, tzinfo=timezone.utc)
MESSAGES = 300

THINGS = ["the morning ferry", "the east pier", "the new timetable", "the fuel invoice", "the mooring rope",
          "the tide forecast", "the ticket printer", "the school group", "the spare propeller", "the fog horn"]
OPENINGS = ["Has anyone looked at {}?", "{} is ready.", "We should talk about {} this week.",
            "I put a note about {} on the board.", "Good news: {} works again.", "{} is late, sorry.",
            "Who takes care of {} on Friday?", "Reminder: {} needs a check before noon."]
REPLIES = ["On it.", "I can do that after lunch.", "Done, have a look.", "Not before Thursday, I fear.", "Thanks!",
           "Let us ask the harbour office.", "Same here.", "I would rather wait for the weather.", "Agreed.",
           "That was me, I will put it back."]
EMOJI = ["thumbsup", "anchor", "tada", "eyes", "sailboat"]


def sentence(chance):
    text = chance.choice(OPENINGS).format(chance.choice(THINGS))
    return text[0].upper() + text[1:]


def write(out):
    chance = random.Random("wherry")
    writer = Writer(out, "sample")
    at = int(START.timestamp()) * 1000
    for user, name in USERS.items():
        writer.user(user, name, at)
    for channel, (name, private, members) in CHANNELS.items():
        writer.channel(channel, name, private, members[0], at)
        for member in members:
            writer.member(channel, member, at)
    roots = {channel: [] for channel in CHANNELS}
    for number in range(MESSAGES):
        at += chance.randrange(5_000, 3_600_000)
        channel = chance.choices(list(CHANNELS), weights=[5, 3, 2, 2])[0]
        members = CHANNELS[channel][2]
        author = chance.choice(members)
        root = chance.choice(roots[channel][-4:]) if roots[channel] and chance.random() < 0.45 else None
        body = chance.choice(REPLIES) if root else sentence(chance)
        message = derived_id(writer.source, "message", number)
        writer.message(message, channel, author, body, root, at)
        if root is None:
            roots[channel].append(message)
        if chance.random() < 0.08:
            writer.command([message], "message.edit", {"id": message, "body": body + " (And sorry for the typo.)"},
                           author, at + 60_000)
        for reader in members:
            if reader != author and chance.random() < 0.07:
                emoji = chance.choice(EMOJI)
                writer.command([message, emoji, reader], "message.react", {"id": message, "emoji": emoji}, reader,
                               at + 90_000)
            if root is None and chance.random() < 0.03:
                writer.command([message, reader], "message.vote", {"id": message, "by": 1}, reader, at + 120_000)


if __name__ == "__main__":
    run(lambda arguments: write(sys.stdout))
