#!/usr/bin/env python3
"""Known bugs, planted one at a time: the simulator must catch each within 60 seconds of CPU time.

    sim/canaries.py BUILD [--quick] [NAME...] [--markdown]

BUILD is a build folder with wherry-sim in it (build/release). A canary is one edit of one source file; only that file is
compiled, and linked before the libraries, so that the shipped code knows nothing of this. --quick plays those that are
marked so; the exit code is 1 if one is not caught. A violation of another invariant than the named ones counts, too: what
matters is that the bug does not pass.
"""
import argparse
import json
import resource
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CPU_SECONDS = 60

# A server whose syncs often fail, and which often dies afterwards; nothing else fails.
FAILING_SYNCS = ("bad-disk --set devices=2 --set device.power=0 --set device.io_error=0 --set device.sync_error=0 --set device.full=0"
                 " --set server.sync_error=0.1 --set server.io_error=0 --set server.full=0"
                 " --set server.kill=3000 --set server.power=4000 --set server.down=200")
# Short lives of a server that is often restored, and of devices that are often damaged.
OFTEN_RESTORED = ("bad-files --set restore_server=8000 --set damage_device=4000 --set damage_server=0"
                  " --set duration=60000 --set offline=5000 --set command=400")
# The test that plays the same worlds in several processes.
TWICE = ROOT / "sim/determinism_test.py"

# What checkers watch; each must have caught something. ATOMIC-VIEW breaks as CONVERGE, FOLD-ALONE as STATE=FOLD.
INVARIANTS = {
    "ACK-DURABLE", "AUDIT", "AUTHOR", "BOUNDED", "CLOCK-FREE", "COMPLETE", "CONVERGE", "CORRUPT-STOP", "DETERMINISM", "EXACTLY-ONCE",
    "FIFO", "GAPLESS-CHAIN", "IDENTITY", "LIVENESS", "NO-LEAK", "NO-REWRITE", "REBASE", "REVOKE-BOUND", "SESSION", "STATE=FOLD",
    "TENANT", "TERMINAL", "WINNERS",
}

# name, file, what is there, what is put there, where to look first (a preset, with options; or one of the above), part of the quick set
CANARIES = [
    # --- durability ---
    ("server-synchronous-normal", "src/workspace/schema.cc", 'PRAGMA synchronous = FULL', 'PRAGMA synchronous = NORMAL', "crash-heavy", True),
    ("device-synchronous-normal", "src/replica/store.cc", 'Sync::kFull ? "PRAGMA synchronous = FULL"', 'Sync::kFull ? "PRAGMA synchronous = NORMAL"', "--exhaustive execute", True),
    ("lying-fsync", "sim/disk.cc", "for (const DiskFile::Change& change : file.unsynced) DiskFile::change(file.durable, change);", "if (file.unsynced.size() % 3 != 0) for (const DiskFile::Change& change : file.unsynced) DiskFile::change(file.durable, change);", "crash-heavy", False),
    ("recovered-wal-not-made-durable", "src/workspace/workspace.cc", "  TRY(db_->harden_wal());\n  {", "  if (created) {", "crash-heavy", False),
    ("recovered-wal-synced-and-not-rewritten", "src/sqlite/database.cc", "const int written = wal->pMethods->xWrite(wal, block.data(), amount, at);", "const int written = SQLITE_OK;", FAILING_SYNCS, False),
    ("answers-before-commit", "src/workspace/group.cc", 'TRY(db_->run("COMMIT"));\n  return true;', 'TRY(db_->run(now.count % 5 == 0 ? "ROLLBACK" : "COMMIT"));\n  return true;', "busy", False),
    # --- exactly once, identity ---
    ("no-dedupe", "src/workspace/group.cc", "if (stored) return resend(waiting, *stored);", "if (stored) {\n    s.id = uuids_.make(now).text();\n    s.replica_id.reset();\n  }", "restore-clone", False),
    ("resend-gets-another-answer", "src/workspace/group.cc", "done.executed.answer = stored.answer;", "done.executed.answer = stored.answer;\n  done.executed.answer.seq = log.head();", "restore-clone", False),
    ("copy-not-noticed", "src/workspace/hello.cc", "const bool used = is_his && bytes(1) == hello.identity;", "const bool used = is_his;", "restore-clone", True),
    ("late-hello-makes-a-copy", "src/workspace/hello.cc", "std::string given = used ? bytes(2) : std::string();", "std::string given;", "bad-network --set latency=3000 --set stall=0.3 --set cut=4000", False),
    ("restore-not-noticed", "src/workspace/hello.cc", "if (memory == Memory::kForgotten && !is_over) TRY(note_restore(now));", "", "restore-clone", False),
    ("forgotten-commands-not-offered-again", "src/replica/core.cc", "TRY_ASSIGN(const int64_t count, queue.offer_again(base));", "const int64_t count = 0;", "restore-clone", False),
    ("gap-in-numbers-accepted", "src/workspace/group.cc", "if (s.replica_seq > replica->received + 1) return Done{{}, false, true};", "", "bad-network", False),
    # --- who wins ---
    ("later-arrival-wins", "src/workspace/arbitrate.cc", "return contender_.writer > other;", "return true;", "hot-key", True),
    ("existence-not-arbitrated", "src/workspace/arbitrate.cc", "TRY_ASSIGN(const bool won, wins(version.existence));\n      if (won) return {};", "return {};", "permissions", False),
    ("removal-leaves-no-tombstone", "src/workspace/arbitrate.cc", "      version->existence = contender.seq;", "      version->existence = change.after ? contender.seq : Seq{};", "permissions", False),
    ("stale-edit-survives-deletion", "src/workspace/arbitrate.cc", "if (deletes && !was_deleted) return {};", "", "hot-key", False),
    ("counters-arbitrated", "src/workspace/arbitrate.cc", " || table.columns[i].merge != Merge::kLww", "", "hot-key", False),
    ("clock-decides", "src/workspace/executor.cc", "const Millis corrected = std::min(s.received, s.client_timestamp + s.clock_offset);", "const Millis corrected = s.client_timestamp;", "bad-network", False),
    ("seen-values-not-outranked", "src/workspace/executor.cc", "seen.next(), last_stamp.next()", "last_stamp.next()", "bad-network", False),
    ("own-earlier-commands-not-outranked", "src/workspace/executor.cc", "seen.next(), last_stamp.next()", "seen.next()", "bad-network", False),
    ("parents-lock-ignored", "src/engine/restrictions.cc", "TRY_ASSIGN(std::optional<Refusal> refusal, check_one(command, table, *present));\n    if (refusal) return refusal;", "", "permissions", False),
    ("delta-not-in-the-chain", "src/workspace/log.cc", 'hasher(cat(salt, "delta", delta))', 'hasher(cat(salt, "delta"))', "busy", False),
    ("link-of-an-older-entry", "src/workspace/hello.cc", "if (link_.first != log.head() || link_.second.empty()) {", "if (link_.second.empty() || link_.first.number + 3 < log.head().number) {", "busy", False),
    ("delta-lacks-a-row", "src/workspace/executor.cc", "encoded = encode_delta(delta, p_.bundle);", "Delta logged = delta;\n    if (logged.rows.size() > 1) logged.rows.pop_back();\n    encoded = encode_delta(logged, p_.bundle);", "busy", False),
    ("image-before-is-the-one-after", "src/engine/delta.cc", "writer.value((*change.before)[i]);", "writer.value((*change.after)[i]);", "busy", False),
    ("refused-writes-stay", "src/engine/engine.cc", 'if (refused) TRY(db.run("ROLLBACK TO wherry_command"));', '', "permissions", False),
    ("refused-write-not-undone", "src/engine/engine.cc", 'if (refused) TRY(undo(execution.delta));', '', "permissions", False),
    ("parents-remembered-over-writes", "src/engine/engine.cc", 'if (!keeps_parents_) parents_.clear();', '', "permissions", False),
    ("index-not-written", "src/replica/core.cc", 'if (app_) TRY(app_->engine().run_deferred());', '', "permissions", False),
    ("late-entries-forgotten", "src/engine/deferred.cc", "TRY(following.add(id, sqlite3_last_insert_rowid(db_.handle())));", "if (sqlite3_last_insert_rowid(db_.handle()) % 3 > 0) TRY(following.add(id, sqlite3_last_insert_rowid(db_.handle())));", "permissions", False),
    ("time-of-arrival-for-its-author's", "src/workspace/executor.cc", "record.client_timestamp = s.client_timestamp;", "record.client_timestamp = s.received;", "busy", False),
    ("rejections-not-logged", "src/workspace/executor.cc", "return ++quota.count <= limits::kRejectionsPerHour;", "return ++quota.count <= 3;", "busy", False),
    ("pushed-in-another-order", "src/workspace/workspace.cc", "  for (protocol::PushedCommand& command : push.commands) {\n", "  if (push.commands.size() == 2) {  // the neighbour's come in larger numbers, and would be missed first\n    std::swap(push.commands[0], push.commands[1]);\n    std::swap(push.commands[0].replica_seq, push.commands[1].replica_seq);\n  }\n  for (protocol::PushedCommand& command : push.commands) {\n", "hot-key", False),
    # --- access ---
    ("batch-sent-to-who-lost-the-scope-in-it", "src/workspace/publish.cc", "  protocol::Scopes changes = scope_changes(session, items, too_much ? limits::kMessageBytes : bytes, born);\n  if (too_much) live.clear();", "  if (too_much) live.clear();\n  for (const ScopeId scope : live)\n    batch.segments.push_back({session.scopes[scope].handle, *body_of(scope, session.compression, items)});\n  live.clear();\n  protocol::Scopes changes = scope_changes(session, items, bytes, born);", "permissions", True),
    ("revoke-not-told", "src/workspace/publish.cc", "changes.revoked.push_back(session.scopes[scope].handle);", "", "permissions", False),
    ("grant-not-told", "src/workspace/publish.cc", "changes.granted.push_back({held.handle, (*info)->name, on_demand, is_born});", "if (is_born) changes.granted.push_back({held.handle, (*info)->name, on_demand, is_born});", "permissions", False),
    ("scope-left-out-of-the-list", "src/workspace/hello.cc", "if (!info || names_.kind(**info).on_demand != on_demand) return;", "if (!info || names_.kind(**info).on_demand != on_demand || (*info)->name == \"channel(c0)\") return;", "permissions", False),
    ("departed-row-is-scanned", "src/workspace/effects.cc", "if (!contains(effect.is, scope)) TRY(insert(scope, 1));", "if (!contains(effect.is, scope)) TRY(insert(scope, effect.is.empty() ? 1 : 0));", "permissions", False),
    ("born-scope-is-not-whole", "src/workspace/publish.cc", "!on_demand && names_.is_new(scope) && items.contains(scope)", "!on_demand && items.contains(scope)", "permissions", False),
    ("revoked-rows-stay", "src/replica/core.cc", "change.lost_access = true;\n  TRY(change.joiner.drop(scope->incarnations()));", "change.lost_access = true;", "permissions", True),
    ("words-stay-in-the-index", "src/replica/schema.cc", "VALUES('rebuild')", "VALUES('integrity-check')", "permissions", False),
    ("index-merged-and-not-rebuilt", "src/replica/schema.cc", "VALUES('rebuild')", "VALUES('optimize')", "bad-network --set membership=0.5", False),
    # --- tenants ---
    ("replica-of-another-workspace-welcomed", "src/workspace/hello.cc", "if (memory == Memory::kForeign) {", "if (false) {", "busy", True),
    ("bodies-kept-for-all-workspaces", "src/workspace/publish.cc", "std::string& body = bodies_[{scope, static_cast<int64_t>(compression)}];", "static std::map<std::tuple<ScopeId, int64_t, Seq>, std::string> all;\n  std::string& body = all[{scope, static_cast<int64_t>(compression), log.head()}];", "busy", False),
    # --- damage ---
    ("seals-not-checked", "src/sqlite/page_vfs.cc", "if (seal != 0) return seal == seal_of(page, size, offset);", "if (seal != 0) return true;", "bad-files", False),
    ("salvage-from-the-root-alone", "src/replica/salvage.cc", "if (!complete) TRY(take_pages(path, vfs, rows));", "", "bad-files", False),
    ("salvage-of-a-file-cut-short", "src/replica/salvage.cc", "if (pages <= kPagesMost) TRY(sqlite::grow_file(path, vfs, pages, kPage));", "(void)pages;", "bad-files", False),
    ("salvage-up-to-the-first-damaged-row", "src/replica/salvage.cc", "if (!found || !*found) continue;", "if (!found) break;\n      if (!*found) continue;", "bad-files", False),
    ("salvage-without-an-epoch", "src/replica/salvage.cc", "if (saved.epoch.empty()) TRY(core.queue.offer_again(Seq{}));", "", OFTEN_RESTORED, False),
    ("damage-not-noted", "src/replica/core.cc", "store_->note_damaged();", "", "bad-files --set damage_device=5000", False),
    # --- scanning and live ---
    ("scan-skips-the-rest-of-a-seq", "src/workspace/scan.cc", "const bool whole = s->integer(0) != last_seq;", "const bool whole = true;", "permissions", False),
    ("scan-without-departures", "src/workspace/scan.cc", "(gone = 0 OR seq > ?5)", "(gone = 0 OR seq < ?5)", "permissions", False),
    ("departures-not-indexed", "src/workspace/effects.cc", "if (!contains(effect.is, scope)) TRY(insert(scope, 1));", "{\n      }", "permissions", False),
    ("moved-row-does-not-travel-whole", "src/workspace/effects.cc", "if (effect.whole || !contains(effect.was, scope)) {", "if (effect.whole) {", "busy", False),
    ("scope-called-live-before-the-head", "src/workspace/publish.cc", "rows.live = chunk.at_head;", "rows.live = chunk.at_head || chunk.items.size() > 1;", "permissions", False),
    ("slow-reader-is-buffered-for", "src/workspace/publish.cc", "session.queued_bytes > options.limits.session_queue_bytes || bytes", "bytes", "bad-network", False),
    ("answer-apart-from-its-rows", "src/workspace/publish.cc", "  std::set<RowRef> seen;\n  for (const RowRef& ref : rows) {", "  std::set<RowRef> seen;\n  for (const RowRef& ref : std::vector<RowRef>()) {\n    (void)rows;", "permissions", False),
    # --- replicas ---
    ("rescan-keeps-what-is-gone", "src/replica/core.cc", "TRY(change.joiner.drop(scope->earlier));", "", "restore-clone", False),
    ("undone-without-what-builds-on-it", "src/replica/pending.cc", "      add(pending[i], place);", "      {}", "hot-key", True),
    ("reads-not-in-the-footprint", "src/replica/pending.cc", "  for (const RowRef& ref : f.rows_read)\n    if (dirty_.has_before(ref, place)) return f.checkable ? How::kChecked : How::kRun;\n", "", "permissions", False),
    ("grown-footprint-ignored", "src/replica/rebase.cc", "if (standing.meets(command.footprint, static_cast<Place>(i))) return false;", "", "permissions", False),
    ("asked-again-and-not-heard", "src/replica/rebase.cc", "if (checked.refusal || standing.meets_check", "if (standing.meets_check", "permissions", False),
    ("base-of-undone-row-kept", "src/replica/rebase.cc", "if (!is_right) TRY(images_.remove_base(app, ref));", "(void)is_right;", "hot-key", False),
    ("base-of-answered-command-kept", "src/replica/rebase.cc", "TRY(images_.replace_base(app, ref, confirmed.at(ref).row));", "{\n      }", "hot-key", False),
    ("position-ahead-of-rows", "src/replica/core.cc", "TRY(change.joiner.items(*scope, *std::move(step.items)));\n  scope->position = step.upto;", "if (step.live || step.items->size() < 3) TRY(change.joiner.items(*scope, *std::move(step.items)));\n  scope->position = step.upto;", "permissions", False),
    ("boundary-not-stored", "src/replica/core.cc", "meta.boundary = std::max(meta.boundary, step.upto);", "if (step.upto.number % 2 == 0) meta.boundary = std::max(meta.boundary, step.upto);", "busy", False),
    # --- the simulator itself ---
    ("real-clock", "src/workspace/workspace.cc", "s.base_seq = std::min(command.base_seq, log.head());\n    s.received = now;", "s.base_seq = std::min(command.base_seq, log.head());\n    s.received = now - Millis{clock() % 20000};", TWICE, False),
]


def command_of(build, source):
    for entry in json.loads((build / "compile_commands.json").read_text()):
        if entry["file"] == str(ROOT / source):
            return shlex.split(entry["command"]), entry["directory"]
    raise SystemExit(f"{source} is not built in {build}")


def link_command(build):
    lines = subprocess.run(["ninja", "-C", build, "-t", "commands", "wherry-sim"], capture_output=True, text=True, check=True).stdout
    last = lines.strip().splitlines()[-1]
    return shlex.split(last.removeprefix(": && ").removesuffix(" && :"))


def plant(build, folder, source, there, instead):
    text = (ROOT / source).read_text()
    if text.count(there) != 1:
        raise SystemExit(f"{source} has {text.count(there)} times, not once:\n{there}")
    mutated = folder / Path(source).name
    mutated.write_text(text.replace(there, instead))
    command, where = command_of(build, source)
    command = [word for word in command if word != "-Werror" and not word.endswith("ccache")]
    made = folder / "canary.o"
    command[command.index("-o") + 1] = str(made)
    command[command.index("-c") + 1] = str(mutated)
    for flag in ("-MF", "-MT"):
        if flag in command:
            command[command.index(flag) + 1] = str(folder / "canary.d")
    command.insert(1, f"-I{(ROOT / source).parent}")
    subprocess.run(command, cwd=where, check=True, stderr=subprocess.DEVNULL)
    program = folder / "wherry-sim"
    link = link_command(build)
    link[link.index("-o") + 1] = str(program)
    first = next(i for i, word in enumerate(link) if word.endswith("main.cc.o"))
    link.insert(first, str(made))
    subprocess.run(link, cwd=build, check=True)
    return program


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def play_twice(program):
    before = cpu_seconds()
    done = subprocess.run([sys.executable, TWICE, program], capture_output=True, text=True)
    return "DETERMINISM" if "and again:" in done.stdout else None, cpu_seconds() - before


def play(program, preset):
    """What was violated, and after how many seconds of CPU time; None if nothing was."""
    if preset == TWICE:
        return play_twice(program)
    used = 0
    anywhere = ["--seed", "1", "--seeds", "1000000", "--stop"]
    first = preset.split() if preset.startswith("--exhaustive") else ["--preset", *preset.split(), *anywhere]
    for options in (first, anywhere):
        before = cpu_seconds()
        limit = CPU_SECONDS // 2 if options is first else CPU_SECONDS - int(used)
        done = subprocess.run(["prlimit", f"--cpu={limit}", program, *options],
                              capture_output=True, text=True, errors="replace")
        used += cpu_seconds() - before
        for line in done.stdout.splitlines():
            if line.startswith("VIOLATION "):
                return line.removeprefix("VIOLATION ").split(":")[0], used
        if done.returncode not in (0, -9, -24, 137, 152):
            return f"ended with {done.returncode}", used
    return None, used


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--markdown", action="store_true", help="as the table of docs/TESTING.md")
    arguments = parser.parse_intermixed_args()
    build = arguments.build.resolve()
    missed = played = 0
    proven = set()
    for name, source, there, instead, preset, quick in CANARIES:
        if (arguments.names and name not in arguments.names) or (arguments.quick and not quick):
            continue
        with tempfile.TemporaryDirectory(prefix="wherry-canary-") as folder:
            caught, seconds = play(plant(build, Path(folder), source, there, instead), preset)
        played += 1
        missed += caught is None
        proven.add(caught)
        verdict = caught or "NOT CAUGHT"
        print(f"| `{name}` | {verdict} | {seconds:.1f} s |" if arguments.markdown else f"{name:45} {verdict:20} {seconds:6.1f} s", flush=True)
    print(f"{played - missed} of {played} caught", file=sys.stderr)
    unproven = INVARIANTS - proven if played == len(CANARIES) else set()
    if unproven:
        print(f"nothing was caught by {', '.join(sorted(unproven))}", file=sys.stderr)
    sys.exit(missed > 0 or played == 0 or bool(unproven))


if __name__ == "__main__":
    main()
