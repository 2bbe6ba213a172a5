// Wherry in a browser beside @sqlite.org/sqlite-wasm: a message per durable transaction, reads by key; then what a page
// waits for execute(), and for the first load of many rows.
//   node --experimental-websocket bench/speed.mjs [TRANSACTIONS [ROWS]]     (1000, 100000)
// In the worker, Wherry's insert is a command with all that belongs to it; SQLite's is the bare row.
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { browser, importHistory, openPage, remove, root, scratch, Server, testPages, until } from '../harness.mjs';

const [count = 1000, rows = 100_000] = process.argv.slice(2).map(Number);
const WORDS = 'the ferry pier timetable fuel rope tide ticket school propeller horn looked ready talk board works late friday noon'.split(' ');

function history(rows) {
  const line = (name, params) => JSON.stringify({ name, params, user: 'ann' });
  const body = (n) => Array.from({ length: 17 }, (_, i) => WORDS[(n * 7 + i * i + (n >> i)) % WORDS.length]).join(' ');
  const posts = Array.from({ length: rows }, (_, n) => line('message.post', { id: `m${n}`, channel_id: 'g', body: body(n) }));
  return [line('channel.create', { id: 'g', name: 'G' }), ...posts].join('\n');
}

const at = (sorted, part) => sorted[Math.floor(part * (sorted.length - 1))];
const shown = (sorted) => `p50 ${at(sorted, 0.5).toFixed(0)} µs, p99 ${at(sorted, 0.99).toFixed(0)} µs`;

const folder = scratch();
const web = testPages(join(folder, 'web'));
cpSync(join(root, 'web/tests/node_modules/@sqlite.org/sqlite-wasm/dist'), join(web, 'sqlite'), { recursive: true });
cpSync(join(root, 'web/tests/bench/speed_worker.js'), join(web, 'speed_worker.js'));
const server = await Server.start({ folder, web });
const context = await browser(join(folder, 'profile'));
try {
  const page = await openPage(context, server);
  const { floor, plain, wherry } = await page.evaluate(async (count) => {
    const { token } = await (await fetch('/dev/token/team/ann')).json();
    const worker = new Worker('./speed_worker.js', { type: 'module' });
    const done = new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => (data.error ? reject(new Error(data.error)) : resolve(data));
      worker.onerror = (event) => reject(new Error(event.message));
    });
    worker.postMessage({ count, url: `ws://${location.host}/team`, token });
    return done.finally(() => worker.terminate());
  }, count);
  console.log(`8 KiB and a flush   ${shown(floor.inserts)}`);
  for (const what of ['inserts', 'reads']) {
    const ratio = at(plain[what], 0.5) / at(wherry[what], 0.5);
    console.log(`${what.padEnd(19)} Wherry ${shown(wherry[what])}; SQLite ${shown(plain[what])}; ${ratio.toFixed(2)} times as fast`);
  }

  await page.evaluate(() => open('ann'));
  await until(() => page.evaluate(() => db.status.synced), 'ann to be synced');
  await page.evaluate(() => db.execute('channel.create', { id: 'p', name: 'P' }).saved);
  for (const where of ['offline', 'online']) {
    if (where === 'offline') await page.evaluate(() => db.disconnect());
    else await page.evaluate(() => db.connect());
    const waits = await page.evaluate(async ([count, where]) => {
      const waits = [];
      for (let n = 0; n < count; ++n) {
        const begun = performance.now();
        await db.execute('message.post', { id: `${where}${n}`, channel_id: 'p', body: 'what somebody has typed' }).saved;
        waits.push((performance.now() - begun) * 1000);
      }
      return waits.sort((a, b) => a - b);
    }, [count, where]);
    console.log(`execute, ${where.padEnd(10)} ${shown(waits)}, in a page`);
    await until(() => page.evaluate(() => db.status.pending === 0 || db.status.connection === 'stopped'), 'all to be answered', 60_000);
  }

  await page.close();
  writeFileSync(join(folder, 'history.jsonl'), history(rows));
  await importHistory(server, join(folder, 'history.jsonl'), 'big');
  const fresh = await openPage(context, server);
  const ms = await fresh.evaluate(async () => {
    const begun = performance.now();
    await open('cy', { workspace: 'big' });
    await new Promise((resolve) => {
      const look = () => db.status.synced && resolve();
      db.on('status', look);
      look();
    });
    return performance.now() - begun;
  });
  const loaded = await fresh.evaluate(async () => (await db.query('SELECT count(*) AS n FROM messages'))[0].n);
  console.log(`first load          ${loaded} messages in ${ms.toFixed(0)} ms`);
} finally {
  await context.close();
  await server.stop();
  remove(folder);
}
