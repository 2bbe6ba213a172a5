// Two users, each in a browser context of his own.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { cli, openPage, openUser, remove, scratch, Server, sharedBrowser, testPages, until } from './harness.mjs';

let folder, server, browser, ann, bob;
before(async () => {
  folder = scratch();
  server = await Server.start({ folder, web: testPages(join(folder, 'web')) });
  browser = await sharedBrowser();
  [ann, bob] = await Promise.all(
    ['ann', 'bob'].map(async (user) => openUser(await browser.newContext(), server, user)),
  );
});
after(async () => {
  await browser?.close();
  await server?.stop();
  remove(folder);
});

const synced = (page) => until(() => page.evaluate(() => db.status.synced), 'it to be synced');
const query = (page, sql) => page.evaluate((sql) => db.query(sql), sql);
const sees = (page, sql, rows) =>
  until(async () => JSON.stringify(await query(page, sql)) === JSON.stringify(rows), `${sql} to be ${JSON.stringify(rows)}`);
const run = (page, name, params) =>
  page.evaluate(async ([name, params]) => {
    const { saved, outcome } = db.execute(name, params);
    await saved;
    return (await outcome).state;
  }, [name, params]);

test('what one writes the other sees, edits and reactions too', async () => {
  assert.equal(await run(ann, 'channel.create', { id: 'g', name: 'General' }), 'applied');
  assert.equal(await run(ann, 'message.post', { id: 'm1', channel_id: 'g', body: 'Hello' }), 'applied');
  await sees(bob, "SELECT body FROM messages WHERE id = 'm1'", [{ body: 'Hello' }]);
  assert.equal(await run(bob, 'channel.add_member', { channel_id: 'g', user_id: 'bob' }), 'applied');
  assert.equal(await run(ann, 'message.edit', { id: 'm1', body: 'Hello Bob' }), 'applied');
  assert.equal(await run(bob, 'message.react', { id: 'm1', emoji: 'wave' }), 'applied');
  await sees(ann, "SELECT body, reactions FROM messages WHERE id = 'm1'", [{ body: 'Hello Bob', reactions: '["wave bob"]' }]);
});

test('a rejection is told, its text is kept, and it can be retried', async () => {
  await bob.evaluate(() => db.disconnect());
  await until(() => bob.evaluate(() => !db.status.connected), 'bob to be offline');
  const kept = await bob.evaluate(async () => {
    globalThis.rejected = new Promise((resolve) => db.on('rejected', resolve));
    const { id, saved } = db.execute('message.post', { id: 'm2', channel_id: 'g', body: 'Too late' });
    await saved;
    return id;
  });
  assert.equal(await run(ann, 'channel.lock', { id: 'g' }), 'applied');
  await bob.evaluate(() => db.connect());
  const told = await bob.evaluate(() => rejected);
  assert.deepEqual([told.id, told.code], [kept, 'entity_locked']);
  await sees(bob, "SELECT count(*) AS n FROM messages WHERE id = 'm2'", [{ n: 0 }]);
  const [command] = await bob.evaluate((id) => db.commands().then((all) => all.filter((one) => one.id === id)), kept);
  assert.deepEqual([command.state, command.params.body], ['rejected', 'Too late']);
  assert.equal(await run(ann, 'channel.unlock', { id: 'g' }), 'applied');
  await sees(bob, "SELECT locked_at FROM channels WHERE id = 'g'", [{ locked_at: null }]);
  const again = await bob.evaluate(async (id) => (await db.retry(id).outcome).state, kept);
  assert.equal(again, 'applied');
  await sees(ann, "SELECT body FROM messages WHERE id = 'm2'", [{ body: 'Too late' }]);
  await bob.evaluate((id) => db.dismiss(id), kept);
});

test('who goes offline and comes back at once is in step again', async () => {
  await bob.evaluate(() => {
    globalThis.states = [];
    db.on('status', ({ connection }) => states.push(connection));
    return Promise.all([db.disconnect(), db.connect(), db.disconnect(), db.connect()]);
  });
  assert.equal(await run(ann, 'message.vote', { id: 'm1', by: 2 }), 'applied');
  await sees(bob, "SELECT votes FROM messages WHERE id = 'm1'", [{ votes: 2 }]);
  await synced(bob);
  assert.ok(!(await bob.evaluate(() => states)).includes('waiting'));
});

test('both edit the same message offline, and agree in the end', async () => {
  assert.equal(await run(bob, 'message.post', { id: 'm3', channel_id: 'g', body: 'First' }), 'applied');
  await sees(ann, "SELECT body FROM messages WHERE id = 'm3'", [{ body: 'First' }]);
  const admin = await openPage(await browser.newContext(), server);
  await admin.evaluate(() => open('eve', { token: async () => (await (await fetch('/dev/token/team/eve/admin')).json()).token }));
  await synced(admin);
  for (const page of [bob, admin]) await page.evaluate(() => db.disconnect());
  await bob.evaluate(() => db.execute('message.edit', { id: 'm3', body: "Bob's" }).saved);
  await new Promise((resolve) => setTimeout(resolve, 20));
  await admin.evaluate(() => db.execute('message.edit', { id: 'm3', body: "Eve's" }).saved);
  for (const page of [admin, bob]) await page.evaluate(() => db.connect());
  for (const page of [ann, bob, admin]) await sees(page, "SELECT body FROM messages WHERE id = 'm3'", [{ body: "Eve's" }]);
  await admin.context().close();
});

test('an invitation brings the history without a reload, a removal takes it, from the file too', async () => {
  const secret = 'Grünkohlverschwörung';
  assert.equal(await run(ann, 'channel.create', { id: 'p', name: 'Private', private: true }), 'applied');
  assert.equal(await run(ann, 'message.post', { id: 'p1', channel_id: 'p', body: secret }), 'applied');
  assert.deepEqual(await query(bob, "SELECT id FROM channels WHERE id = 'p'"), []);
  assert.equal(await run(ann, 'channel.add_member', { channel_id: 'p', user_id: 'bob' }), 'applied');
  await sees(bob, "SELECT body FROM messages WHERE channel_id = 'p'", [{ body: secret }]);
  const holds = () => bob.evaluate(async (text) => {
    const bytes = new TextDecoder('latin1').decode(await db.export());
    return bytes.includes(String.fromCharCode(...new TextEncoder().encode(text)));
  }, secret);
  assert.equal(await holds(), true);
  assert.equal(await run(ann, 'channel.remove_member', { channel_id: 'p', user_id: 'bob' }), 'applied');
  await sees(bob, "SELECT body FROM messages WHERE channel_id = 'p'", []);
  assert.equal(await holds(), false);
});

test('an exported file opens in SQLite and equals what the server holds for its user', async () => {
  await synced(bob);
  const bytes = await bob.evaluate(async () => [...(await db.export())]);
  const file = join(folder, 'bob.db');
  writeFileSync(file, Uint8Array.from(bytes));
  const bodies = execFileSync('python3', ['-c', `
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
assert db.execute('PRAGMA integrity_check').fetchone() == ('ok',)
print('|'.join(r[0] for r in db.execute('SELECT body FROM messages ORDER BY id')))`, file]);
  assert.equal(bodies.toString().trim(), "Hello Bob|Too late|Eve's");
  const dump = await cli('dump', '--data', join(folder, 'data'), '--workspace', 'team', '--as-user', 'bob');
  assert.equal(await bob.evaluate(() => db.dump()), dump);
});
