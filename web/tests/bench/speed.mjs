// Wherry's core beside @sqlite.org/sqlite-wasm in the same worker: a message per transaction, and reads by key.
// Wherry's insert is a command with all that belongs to it; SQLite's is the bare row.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { browser, openPage, remove, root, scratch, Server, testPages } from '../harness.mjs';

const count = Number(process.argv[2] ?? 1000);
const folder = scratch();
const web = testPages(join(folder, 'web'));
cpSync(join(root, 'web/tests/node_modules/@sqlite.org/sqlite-wasm/dist'), join(web, 'sqlite'), { recursive: true });
cpSync(join(root, 'web/tests/bench/speed_worker.js'), join(web, 'speed_worker.js'));
const server = await Server.start({ folder, web });
const context = await browser(join(folder, 'profile'));
try {
  const page = await openPage(context, server);
  const result = await page.evaluate(async (count) => {
    const { token } = await (await fetch('/dev/token/team/ann')).json();
    const worker = new Worker('./speed_worker.js', { type: 'module' });
    const done = new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => (data.error ? reject(new Error(data.error)) : resolve(data));
      worker.onerror = (event) => reject(new Error(event.message));
    });
    worker.postMessage({ count, url: `ws://${location.host}/team`, token });
    return done;
  }, count);
  for (const what of ['inserts', 'reads'])
    console.log(what, Object.fromEntries(['plain', 'wherry'].map((who) => [who, `${result[who][what].mean.toFixed(1)} µs`])), `${(result.plain[what].mean / result.wherry[what].mean).toFixed(2)} times as fast`);
} finally {
  await context.close();
  await server.stop();
  remove(folder);
}
