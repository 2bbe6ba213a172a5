// In one worker, one after the other: what a flush costs, SQLite's own build for browsers, and Wherry's core, all in OPFS.
import { Core, OpfsFiles } from './client/core.js';
import { connect } from './connect.js';
import sqlite3InitModule from './sqlite/index.mjs';

const now = () => performance.now();
const body = (n) => `a message of about a hundred letters, which is number ${n} of those that this benchmark has written`;
const uuid = (n) => `018f0000-0000-7000-8000-${String(n).padStart(12, '0')}`;

/** Microseconds of each of `count` calls, in ascending order. Clocks of browsers are coarse: quick calls are timed by
    so many at once. */
function timed(count, call, atOnce = 1) {
  const each = [];
  for (let n = 0; n < count; n += atOnce) {
    const begun = now();
    for (let i = 0; i < atOnce; ++i) call(n + i);
    each.push(((now() - begun) * 1000) / atOnce);
  }
  return each.sort((a, b) => a - b);
}

/** What no durable transaction can be quicker than here: 8 KiB at the end of a file, and a flush. */
async function floor(count) {
  const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('floor', { create: true });
  const file = await (await folder.getFileHandle('file', { create: true })).createSyncAccessHandle();
  const page = new Uint8Array(8192);
  const writes = timed(count, (n) => {
    file.write(page, { at: 8192 * n });
    file.flush();
  });
  file.close();
  return writes;
}

async function plain(count) {
  const sqlite3 = await sqlite3InitModule({ print() {}, printErr() {} });
  const pool = await sqlite3.installOpfsSAHPoolVfs({ clearOnInit: true });
  const db = new pool.OpfsSAHPoolDb('/bench.db');
  db.exec(`CREATE TABLE messages(id TEXT NOT NULL PRIMARY KEY, channel_id TEXT NOT NULL, author_id TEXT NOT NULL, thread_id TEXT,
    body TEXT NOT NULL, sent_at INTEGER NOT NULL, edited_at INTEGER, deleted_at INTEGER, reactions TEXT NOT NULL DEFAULT '[]',
    votes INTEGER NOT NULL DEFAULT 0); CREATE INDEX messages_by_channel ON messages(channel_id, sent_at)`);
  const insert = db.prepare('INSERT INTO messages(id, channel_id, author_id, body, sent_at) VALUES(?, ?, ?, ?, ?)');
  const inserts = timed(count, (n) => insert.bind([uuid(n), 'g', 'ann', body(n), n]).stepReset());
  const select = db.prepare('SELECT body FROM messages WHERE id = ?');
  const reads = timed(20 * count, (n) => {
    select.bind([uuid(n % count)]).step();
    select.get(0);
    select.reset();
  }, 100);
  insert.finalize();
  select.finalize();
  db.close();
  return { inserts, reads };
}

async function wherry(count, url, token) {
  const core = await Core.load(await WebAssembly.compileStreaming(fetch('./client/core.wasm')), await OpfsFiles.in('bench'));
  await core.open('replica.db', { durable: true });
  const { socket } = connect(core, url, token);
  while (!core.status().synced) await new Promise((resolve) => setTimeout(resolve, 20));
  socket.onmessage = null;
  socket.close();
  core.disconnected();
  core.execute([{ name: 'channel.create', params: '{"id":"h","name":"H"}' }]);
  const execute = (n) => [{ name: 'message.post', params: JSON.stringify({ id: uuid(n), channel_id: 'h', body: body(n) }) }];
  const inserts = timed(count, (n) => core.execute(execute(n)));
  const reads = timed(20 * count, (n) => core.query('SELECT body FROM messages WHERE id = ?', [uuid(n % count)]), 100);
  core.close();
  return { inserts, reads };
}

onmessage = async ({ data: { count, url, token } }) => {
  try {
    postMessage({ floor: { inserts: await floor(count) }, plain: await plain(count), wherry: await wherry(count, url, token) });
  } catch (error) {
    postMessage({ error: `${error}\n${error.stack}` });
  }
};
