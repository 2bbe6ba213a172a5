#!/usr/bin/env python3
"""The importers on small histories made here. Run with: python3 test_import.py"""
import contextlib
import gzip
import io
import json
import os
import sys
import tempfile
import unittest
import zipfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import jsonl  # noqa: E402
import slack_export  # noqa: E402
from commands import ImportProblem  # noqa: E402


def commands_of(main, *arguments):
    """What the importer writes, parsed, and what it says on stderr."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        main(list(arguments))
    return [json.loads(line) for line in out.getvalue().splitlines()], err.getvalue()


def named(commands, name):
    return [command for command in commands if command["name"] == name]


def params(commands, name):
    return [command["params"] for command in named(commands, name)]


class InFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, name, content):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path


class Jsonl(InFolder):
    LINES = [
        {"ts": "2017-05-11T15:46:08.512661", "channel": "general", "user": "Ann", "thread": "t1", "text": "root"},
        {"ts": "2017-05-11T15:46:09.000000", "channel": "general", "user": "Bob", "thread": "t1", "text": "reply"},
        {"ts": "2017-05-11T15:46:10Z", "channel": "other", "user": "Bob", "thread": "t1", "text": ""},
        {"ts": "2017-05-11T15:46:10Z", "channel": "other", "user": "Bob", "text": "alone"},
    ]

    def text(self, lines=None):
        return "".join(json.dumps(line) + "\n" for line in lines or self.LINES).encode()

    def convert(self, content):
        return commands_of(jsonl.main, self.write("history.jsonl", content))[0]

    def test_registers_creates_and_joins_before_the_first_message(self):
        self.assertEqual([command["name"] for command in self.convert(self.text())],
                         ["user.register", "channel.create", "message.post",
                          "user.register", "channel.add_member", "message.post",
                          "channel.create", "message.post", "message.post"])

    def test_names_the_author_and_the_time(self):
        post = named(self.convert(self.text()), "message.post")[0]
        self.assertEqual((post["user"], post["client_timestamp"]), ("Ann", 1494517568512))

    def test_first_message_of_a_thread_is_its_root(self):
        posts = params(self.convert(self.text()), "message.post")
        self.assertNotIn("thread_id", posts[0])
        self.assertEqual(posts[1]["thread_id"], posts[0]["id"])
        self.assertNotIn("thread_id", posts[2])  # the same label in another channel is another thread
        self.assertNotIn("thread_id", posts[3])

    def test_empty_text_stays_a_message(self):
        self.assertEqual(params(self.convert(self.text()), "message.post")[2]["body"], "")

    def test_same_history_gives_same_ids_and_a_longer_one_keeps_them(self):
        once, again = self.convert(self.text()), self.convert(self.text())
        self.assertEqual(once, again)
        longer = self.convert(self.text(self.LINES + [dict(self.LINES[0], text="more")]))
        self.assertEqual(longer[: len(once)], once)
        ids = [command["id"] for command in longer]
        self.assertEqual(len(set(ids)), len(ids))

    def test_two_equal_messages_are_two(self):
        posts = params(self.convert(self.text([self.LINES[3], self.LINES[3]])), "message.post")
        self.assertNotEqual(posts[0]["id"], posts[1]["id"])

    def test_reads_gzip_whatever_its_name(self):
        self.assertEqual(self.convert(gzip.compress(self.text())), self.convert(self.text()))

    def test_nul_and_lone_surrogates_are_made_valid(self):
        bodies = params(self.convert(self.text([dict(self.LINES[3], text="a\0b\ud800c")])), "message.post")
        self.assertEqual(bodies[0]["body"], "ab?c")

    def test_mistakes_name_file_and_line(self):
        for bad, word in ((b"{", "not JSON"), (b"[]", "object"), (b'{"ts": 1}', "`ts`"),
                          (self.text([dict(self.LINES[3], ts="yesterday")]), "`ts`"),
                          (self.text([dict(self.LINES[3], user="")]), "`user`"),
                          (self.text([dict(self.LINES[3], thread=7)]), "`thread`")):
            with self.subTest(bad=bad), self.assertRaisesRegex(ImportProblem, f"history.jsonl:3: .*{word}"):
                self.convert(self.text(self.LINES[:1]) + b"\n" + bad)

    def test_damaged_gzip_is_named(self):
        with self.assertRaisesRegex(ImportProblem, "damaged"):
            self.convert(gzip.compress(self.text())[:-9])


class SlackExport(InFolder):
    def setUp(self):
        super().setUp()
        self.files = {
            "users.json": [{"id": "U1", "name": "ann", "profile": {"real_name": "Ann Arbor"}},
                           {"id": "U2", "name": "bob", "real_name": "Bob"}, {"id": "U3", "name": "cy"}],
            "channels.json": [{"id": "C1", "name": "general", "created": 1500000000, "creator": "U1",
                               "members": ["U1", "U3"]}],
            "groups.json": [{"id": "G1", "name": "secret", "created": 1500000001, "creator": "U2",
                             "members": ["U1"], "is_archived": True}],
            "dms.json": [{"id": "D1", "created": 1500000002, "members": ["U1", "U2"]}],
            "general/2017-07-14.json": [
                {"type": "message", "subtype": "channel_join", "user": "U1", "ts": "1500000000.000100",
                 "text": "<@U1> has joined the channel"},
                {"type": "message", "user": "U1", "ts": "1500000010.000200", "thread_ts": "1500000010.000200",
                 "text": "see <http://x.org|this> &amp; <http://y.org>, <@U2> in <#C1|general> <!here>",
                 "reactions": [{"name": "tada", "users": ["U2", "U1"], "count": 2}],
                 "edited": {"user": "U1", "ts": "1500000015.000000"}},
                {"type": "message", "subtype": "bot_message", "bot_id": "B7", "username": "Robo",
                 "ts": "1500000020.000000", "text": "beep", "files": [{}, {}]},
            ],
            "general/2017-07-15.json": [
                {"type": "message", "user": "U2", "ts": "1500090000.000000", "thread_ts": "1500000010.000200",
                 "text": "late reply"},
                {"type": "message", "user": "U2", "ts": "1500090001.000000", "thread_ts": "1400000000.000000",
                 "text": "lost root"},
                {"type": "message", "user": "U3", "ts": "1500090002.000000", "thread_ts": "1400000000.000000",
                 "text": "lost too"},
                {"type": "message", "user": "USLACKBOT", "subtype": "tombstone", "ts": "1500090003.000000",
                 "text": "This message was deleted."},
            ],
            "secret/2017-07-14.json": [{"type": "message", "user": "U2", "ts": "1500000030.000000", "text": "psst"}],
            "D1/2017-07-14.json": [{"type": "message", "user": "U2", "ts": "1500000040.000000", "text": "hi"}],
        }

    def export(self):
        for name, content in self.files.items():
            self.write("export/" + name, content)
        return os.path.join(self.folder, "export")

    def convert(self):
        return commands_of(slack_export.main, self.export())[0]

    def posts(self, channel):
        return [post for post in named(self.convert(), "message.post") if post["params"]["channel_id"] == channel]

    def test_users_keep_handle_and_name(self):
        users = params(self.convert(), "user.register")
        self.assertEqual(users[:3], [{"id": "ann", "name": "Ann Arbor"}, {"id": "bob", "name": "Bob"},
                                     {"id": "cy", "name": "cy"}])
        self.assertIn({"id": "bot-B7", "name": "Robo"}, users)

    def test_everyone_is_known_and_a_member_before_he_acts(self):
        known, members = set(), set()
        for command in self.convert():
            about, user = command["params"], command["user"]
            if command["name"] == "user.register":
                known.add(about["id"])
            elif command["name"] == "channel.create":
                members.add((about["id"], user))
            elif command["name"] == "channel.add_member":
                self.assertIn((about["channel_id"], user), members)
                members.add((about["channel_id"], about["user_id"]))
            elif command["name"] == "channel.remove_member":
                members.remove((about["channel_id"], about["user_id"]))
            elif command["name"] == "message.post":
                self.assertIn((about["channel_id"], user), members)
            self.assertIn(user, known)

    def test_service_messages_are_left_out(self):
        self.assertEqual([post["params"]["body"] for post in self.posts("general")],
                         ["see this (http://x.org) & http://y.org, @bob in #general @here", "beep", "late reply",
                          "lost root", "lost too", ""])

    def test_replies_name_their_root_across_days(self):
        posts = self.posts("general")
        self.assertEqual([post["params"].get("thread_id") for post in posts],
                         [None, None, posts[0]["params"]["id"], None, posts[3]["params"]["id"], None])

    def test_reactions_and_edits_follow_their_message(self):
        commands = self.convert()
        root = self.posts("general")[0]["params"]
        self.assertEqual([(c["user"], c["params"]["emoji"]) for c in named(commands, "message.react")],
                         [("bob", "tada"), ("ann", "tada")])
        (edit,) = named(commands, "message.edit")
        self.assertEqual((edit["params"], edit["client_timestamp"]),
                         ({"id": root["id"], "body": root["body"]}, 1500000015000))

    def test_tombstones_become_deleted_messages(self):
        self.assertEqual(params(self.convert(), "message.delete"), [{"id": self.posts("general")[5]["params"]["id"]}])

    def test_private_channels_and_direct_messages_are_private(self):
        self.assertEqual({c["id"]: c["private"] for c in params(self.convert(), "channel.create")},
                         {"general": False, "secret": True, "D1": True})

    def test_former_members_leave_and_access_is_as_in_slack(self):
        members = {}
        for command in self.convert():
            about = command["params"]
            if command["name"] == "channel.create":
                members[about["id"]] = {command["user"]}
            elif command["name"] == "channel.add_member":
                members[about["channel_id"]].add(about["user_id"])
            elif command["name"] == "channel.remove_member":
                self.assertEqual(about["user_id"], command["user"])
                members[about["channel_id"]].remove(about["user_id"])
        self.assertEqual(members, {"general": {"ann", "cy"}, "secret": {"ann"}, "D1": {"ann", "bob"}})

    def test_archived_channel_is_locked_last_by_a_member(self):
        secret = [c for c in self.convert() if "secret" in (c["params"].get("channel_id"), c["params"].get("id"))]
        self.assertEqual((secret[-1]["name"], secret[-1]["user"]), ("channel.lock", "ann"))

    def test_archived_channel_without_members_keeps_its_authors(self):
        self.files["groups.json"][0]["members"] = []
        self.assertNotIn("secret", [p["channel_id"] for p in params(self.convert(), "channel.remove_member")])

    def test_zip_gives_the_same_also_with_a_folder_around_it(self):
        folder = self.convert()
        for prefix in ("", "Acme Slack export/"):
            path = os.path.join(self.folder, "export.zip")
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, content in self.files.items():
                    archive.writestr(prefix + name, json.dumps(content))
            self.assertEqual(commands_of(slack_export.main, path)[0], folder)

    def test_a_later_export_repeats_the_same_ids(self):
        before = {command["id"] for command in self.convert()}
        self.files["general/2017-07-16.json"] = [{"type": "message", "user": "U1", "ts": "1500170000.1", "text": "new"}]
        after = self.convert()
        self.assertEqual(len({command["id"] for command in after} - before), 1)
        self.assertEqual(len({command["id"] for command in after}), len(after))

    def test_what_is_left_out_is_counted(self):
        _, said = commands_of(slack_export.main, self.export())
        for words in ("8 messages", "3 channels", "2 files left out", "1 service messages left out",
                      "1 threads whose first message is not in the export"):
            self.assertIn(words, said)

    def test_two_users_with_one_handle_stay_two(self):
        self.files["users.json"][1]["name"] = "ann"
        self.assertEqual([user["id"] for user in params(self.convert(), "user.register")][:2], ["ann", "ann-U2"])

    def test_mistakes_name_the_file_and_the_place(self):
        day = "general/2017-07-14.json"
        for content, message in ((b"[\n{]", f"{day}:2: not JSON"), (b"{}", f"{day}: expected a list"),
                                 ([{"type": "message", "user": "U1"}], f"{day}: message 1: `ts` is missing"),
                                 ([{"type": "message", "user": "U1", "ts": "noon"}], f"{day}: message 1: `ts` must"),
                                 (b"\xff", f"{day}: the file is damaged")):
            with self.subTest(content=content), self.assertRaisesRegex(ImportProblem, message):
                self.files[day] = content if not isinstance(content, bytes) else []
                path = self.export()
                if isinstance(content, bytes):
                    self.write("export/" + day, content)
                commands_of(slack_export.main, path)

    def test_what_is_no_export_is_refused(self):
        with self.assertRaisesRegex(ImportProblem, "is this a Slack export"):
            commands_of(slack_export.main, self.folder)
        with self.assertRaisesRegex(ImportProblem, "neither a folder nor a zip"):
            commands_of(slack_export.main, self.write("no.zip", b"no"))


if __name__ == "__main__":
    unittest.main()
