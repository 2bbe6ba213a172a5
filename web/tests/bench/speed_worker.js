// In one worker, one after the other: SQLite's own build for browsers, and Wherry's core, both in OPFS.
import { Core, OpfsFiles } from './client/core.js';
import { connect } from './connect.js';
import sqlite3InitModule from './sqlite/index.mjs';

const now = () => performance.now();
const median = (all) => all.sort((a, b) => a - b)[all.length >> 1];
const body = (n) => `a message of about a hundred letters, which is number ${n} of those that this benchmark has written`;
const uuid = (n) => `018f0000-0000-7000-8000-${String(n).padStart(12, '0')}`;

/** Median and mean, in microseconds, of `count` calls. */
function timed(count, call) {
  const each = [];
  const begun = now();
  for (let n = 0; n < count; ++n) {
    const t = now();
    call(n);
    each.push(now() - t);
  }
  return { mean: ((now() - begun) / count) * 1000, median: median(each) * 1000 };
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
  });
  insert.finalize();
  select.finalize();
  db.close();
  return { inserts, reads, version: sqlite3.version.libVersion };
}

async function wherry(count, url, token) {
  const core = await Core.load(await WebAssembly.compileStreaming(fetch('./client/core.wasm')), await OpfsFiles.in('bench'));
  await core.open('replica.db', { durable: true });
  const { socket } = connect(core, url, token);
  while (!core.status().synced) await new Promise((resolve) => setTimeout(resolve, 20));
  socket.onmessage = null;
  socket.close();
  core.disconnected();
  core.execute([{ name: 'channel.create', params: '{"id":"g","name":"G"}' }]);
  const execute = (n) => [{ name: 'message.post', params: JSON.stringify({ id: uuid(n), channel_id: 'g', body: body(n) }) }];
  const inserts = timed(count, (n) => core.execute(execute(n)));
  const reads = timed(20 * count, (n) => core.query('SELECT body FROM messages WHERE id = ?', [uuid(n % count)]));
  core.close();
  return { inserts, reads };
}

onmessage = async ({ data: { count, url, token } }) => {
  try {
    postMessage({ plain: await plain(count), wherry: await wherry(count, url, token) });
  } catch (error) {
    postMessage({ error: `${error}\n${error.stack}` });
  }
};
