// A whole history comes to a browser, which then holds what a native replica holds, and is searched as one types.
// WHERRY_HISTORY names one (FILE.jsonl, FILE.jsonl.gz: see examples/chat/import/jsonl.py) to take instead of the sample.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { browser, cli, importHistory, openPage, remove, root, scratch, Server, testPages } from './harness.mjs';

const chat = join(root, 'examples/chat');
let folder, server, context;
before(async () => {
  folder = scratch();
  const web = join(folder, 'web');
  cpSync(join(chat, 'web/dist'), web, { recursive: true });
  testPages(join(web, 'test'));
  server = await Server.start({ folder, web });
  context = await browser(join(folder, 'profile'));
});
after(async () => {
  await context?.close();
  await server?.stop();
  remove(folder);
});
const SEARCH = `SELECT m.id FROM messages_fts JOIN messages AS m ON m.rowid = messages_fts.rowid
  WHERE messages_fts MATCH ? AND m.deleted_at IS NULL ORDER BY rank LIMIT 50`;

function history() {
  const given = process.env.WHERRY_HISTORY;
  const command = given ? [join(chat, 'import/jsonl.py'), given] : [join(chat, 'sample.py')];
  return execFileSync('python3', command, { maxBuffer: 1 << 30 });
}

test('a history: loaded, equal to a native replica, searched', { timeout: 300_000 }, async () => {
  const lines = join(folder, 'history.jsonl');
  writeFileSync(lines, history());
  await importHistory(server, lines);
  const page = await openPage(context, server, '/test/index.html');
  const [opened, loaded] = await page.evaluate(async () => {
    const begun = performance.now();
    await open('ann');
    const opened = performance.now() - begun;
    await new Promise((resolve) => {
      const look = () => db.status.synced && resolve();
      db.on('status', look);
      look();
    });
    return [opened, performance.now() - begun];
  });
  const messages = await page.evaluate(async () => (await db.query('SELECT count(*) AS n FROM messages'))[0].n);
  console.log(`${messages} messages: open after ${opened.toFixed(0)} ms, complete after ${loaded.toFixed(0)} ms`);

  const native = join(folder, 'native.db');
  const { token } = await (await fetch(`${server.url}/dev/token/team/ann`)).json();
  await cli('init', native, '--url', `${server.url.replace('http', 'ws')}/team`, '--token', token);
  await cli('sync', native);
  assert.equal(await page.evaluate(() => db.dump()), await cli('dump', native));

  // Each letter of a word that is there, as somebody types it.
  const [{ body }] = await page.evaluate(() => db.query('SELECT body FROM messages WHERE length(body) > 30 ORDER BY id LIMIT 1'));
  const word = body.match(/[a-z]{6,}/i)[0].toLowerCase();
  const typed = Array.from(word, (_, i) => `"${word.slice(0, i + 1)}"*`);
  const { found, times } = await page.evaluate(async ([sql, typed]) => {
    const found = [], times = [];
    for (const words of typed) {
      const begun = performance.now();
      found.push((await db.query(sql, [words])).length);
      times.push(performance.now() - begun);
    }
    return { found, times };
  }, [SEARCH, typed]);
  assert.ok(found.every((n) => n > 0), JSON.stringify(found));
  console.log(`search as one types "${word}": ${times.map((ms) => ms.toFixed(1)).join(', ')} ms`);
});

test('the chat with it: from nothing to its messages', { timeout: 120_000 }, async () => {
  const page = await context.newPage();
  const begun = performance.now();
  await page.goto(`${server.url}/?user=bob`);
  await page.locator('.message').first().waitFor();
  console.log(`the first messages are shown after ${(performance.now() - begun).toFixed(0)} ms`);
  await page.getByRole('status').getByText('Online').waitFor();
});
