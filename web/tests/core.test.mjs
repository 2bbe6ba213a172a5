// The core as WebAssembly, in Node and in memory, against the real server.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Core, CoreError, MemoryFiles } from '../client/dist/core.js';
import { cli, remove, root, scratch, Server, until } from './harness.mjs';
import { connect } from './page/connect.js';

const module = await WebAssembly.compile(readFileSync(join(root, 'web/client/dist/core.wasm')));
let folder, server;
before(async () => {
  folder = scratch();
  server = await Server.start({ folder });
  await cli('workspace', 'create', 'team', '--data', join(folder, 'data'));
});
after(async () => {
  await server?.stop();
  remove(folder);
});

/** A replica of the user's, connected. */
async function replica(user) {
  const { token } = await (await fetch(`${server.url}/dev/token/team/${user}`)).json();
  const core = await Core.load(module, new MemoryFiles());
  assert.equal(await core.open('replica.db', { durable: true }), null);
  const { socket, flush } = connect(core, `ws://127.0.0.1:${server.port}/team`, token);
  const device = { core, socket, flush, synced: () => until(() => core.status().synced, `${user} to be synced`) };
  await device.synced();
  return device;
}

const command = (name, params) => ({ name, params: JSON.stringify(params) });

test('a replica in WebAssembly agrees with the server and with another', async () => {
  const ann = await replica('ann');
  const bob = await replica('bob');
  ann.core.execute([command('channel.create', { id: 'g', name: 'G' })]);
  for (let i = 0; i < 300; ++i)
    ann.core.execute([command('message.post', { id: `m${i}`, channel_id: 'g', body: `Grüße, number ${i} ✨` })]);
  ann.flush();
  await ann.synced();
  await until(() => bob.core.query('SELECT count(*) FROM messages').rows[0][0] === 300, 'bob to see all of it');
  for (const { core } of [ann, bob]) {
    const found = core.query("SELECT count(*) FROM messages_fts WHERE messages_fts MATCH 'number'");
    assert.deepEqual(found, { columns: ['count(*)'], rows: [[300]] });
  }
  const confirmed = await cli('dump', '--data', join(folder, 'data'), '--workspace', 'team', '--as-user', 'ann');
  assert.equal(ann.core.dump(), confirmed);
  for (const device of [ann, bob]) {
    device.socket.close();
    device.core.close();
  }
});

test("SQL's local time is that of the device", async () => {
  const { core, socket } = await replica('ann');
  const zone = process.env.TZ;
  const localOf = (name, time) => {
    process.env.TZ = name;
    return core.query("SELECT datetime(?, 'localtime')", [time]).rows[0][0];
  };
  assert.equal(localOf('Asia/Kolkata', '2026-01-01 20:00:00'), '2026-01-02 01:30:00');
  assert.equal(localOf('America/New_York', '2026-07-01 02:00:00'), '2026-06-30 22:00:00');
  assert.equal(localOf('America/New_York', '2026-01-01 02:00:00'), '2025-12-31 21:00:00');
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
  socket.close();
  core.close();
});

test('values of every kind come and go as they are', async () => {
  const { core, socket } = await replica('ann');
  const values = [null, 0, -1, 2 ** 40, 2n ** 62n, -(2n ** 63n), 0.1, 1e300, '', 'ä\u{1F600}\0z', 'x'.repeat(70_000), new Uint8Array([0, 255]), new Uint8Array(300)];
  const { rows } = core.query(`SELECT ${values.map(() => '?').join(', ')}`, values);
  assert.deepEqual(rows, [values]);
  socket.close();
  core.close();
});

test('what cannot be done is said with a code', async () => {
  const { core, socket } = await replica('ann');
  const code = (work) => {
    try {
      work();
    } catch (error) {
      assert.ok(error instanceof CoreError);
      return error.code;
    }
  };
  assert.equal(code(() => core.query('DELETE FROM messages')), 'sql');
  assert.equal(code(() => core.dismiss('01a21eaa-baa5-76f3-b00a-a106bc244704')), 'not_found');
  const [refused] = core.execute([command('message.edit', { id: 'nothing', body: 'x' })]);
  assert.equal(refused.refusal.code, 'entity_missing');
  socket.close();
  core.close();
  assert.equal(code(() => core.query('SELECT 1')), 'unavailable');
});
