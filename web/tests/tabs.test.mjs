// Many tabs, one database: one leads, and any of them may go at any time.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { join } from 'node:path';
import { browser, openPage, openUser, remove, scratch, Server, testPages, until } from './harness.mjs';

let folder, server, context;
before(async () => {
  folder = scratch();
  server = await Server.start({ folder, web: testPages(join(folder, 'web')) });
  context = await browser(join(folder, 'profile'));
});
after(async () => {
  await context?.close();
  await server?.stop();
  remove(folder);
});

const count = (page) => page.evaluate(async () => (await db.query('SELECT count(*) AS n FROM messages'))[0].n);

test('three tabs write and the leader is closed: all counts are exact', { timeout: 60_000 }, async () => {
  const tabs = [];
  for (let i = 0; i < 3; ++i) {
    const tab = await openPage(context, server);
    await tab.evaluate(() => open('ann'));
    tabs.push(tab);
  }
  await until(() => tabs[0].evaluate(() => db.status.synced), 'ann to be synced');
  await tabs[0].evaluate(() => db.execute('channel.create', { id: 'g', name: 'G' }).saved);
  for (const tab of tabs)
    await tab.evaluate(() => {
      globalThis.seen = 0;
      db.watch('SELECT count(*) AS n FROM messages', [], (rows) => (globalThis.seen = rows[0].n));
    });
  // Each writes without a pause, and remembers what was saved.
  for (const [i, tab] of tabs.entries())
    await tab.evaluate((i) => {
      globalThis.saved = 0;
      globalThis.failed = [];
      globalThis.writing = (async () => {
        for (let n = 0; n < 150; ++n) {
          const { saved } = db.execute('message.post', { id: `t${i}-${n}`, channel_id: 'g', body: `tab ${i}, ${n}` });
          await saved.then(() => ++globalThis.saved, (error) => globalThis.failed.push(String(error)));
        }
      })();
    }, i);
  await until(() => tabs[1].evaluate(() => saved > 30), 'the second to have written something');
  const before = await tabs[0].evaluate(() => saved);
  await tabs[0].close();
  for (const tab of tabs.slice(1)) await tab.evaluate(() => writing);
  for (const tab of tabs.slice(1)) assert.deepEqual(await tab.evaluate(() => failed), []);
  await until(async () => (await count(tabs[1])) === (await count(tabs[2])), 'both to agree');
  const total = await count(tabs[1]);
  assert.ok(total >= 300 + before && total <= 450, `${total} messages, ${before} of the first`);
  for (const tab of tabs.slice(1)) await until(() => tab.evaluate((n) => seen === n, total), 'the watch to tell of all');
  await until(() => tabs[2].evaluate(() => db.status.pending === 0), 'all to be answered');
  assert.equal(await count(tabs[2]), total);
  await Promise.all(tabs.slice(1).map((tab) => tab.close()));
});

test('a leader that crashes loses nothing that was saved, and the others go on', { timeout: 60_000 }, async () => {
  const [first, second] = [await openPage(context, server), await openPage(context, server)];
  await first.evaluate(() => open('cy'));
  await second.evaluate(() => open('cy'));
  await until(() => first.evaluate(() => db.status.synced), 'cy to be synced');
  await first.evaluate(() => db.execute('channel.add_member', { channel_id: 'g', user_id: 'cy' }).saved);
  const saved = new Set();
  await first.exposeFunction('noteSaved', (id) => void saved.add(id));
  void first
    .evaluate(async () => {
      for (let n = 0; ; ++n) {
        await db.execute('message.post', { id: `c${n}`, channel_id: 'g', body: `before the crash, ${n}` }).saved;
        void noteSaved(`c${n}`);
      }
    })
    .catch(() => {});
  await until(() => saved.size > 30, 'some to be saved');
  const crashed = new Promise((resolve) => first.on('crash', resolve));
  void first.goto('chrome://crash').catch(() => {});
  await crashed;
  await second.evaluate(() => db.execute('message.post', { id: 'after', channel_id: 'g', body: 'after the crash' }).saved);
  const there = new Set(await second.evaluate(async () => (await db.query('SELECT id FROM messages')).map(({ id }) => id)));
  assert.deepEqual([...saved, 'after'].filter((id) => !there.has(id)), []);
  await until(() => second.evaluate(() => db.status.synced), 'all to be answered');
  await second.close();
});

test('a tab goes on when the leader goes', { timeout: 60_000 }, async () => {
  const [first, second] = [await openPage(context, server), await openPage(context, server)];
  await first.evaluate(() => open('ann'));
  await second.evaluate(() => open('ann'));
  await second.evaluate(() => db.query('SELECT 1'));
  const closing = first.close();
  const waited = await second.evaluate(async () => {
    let longest = 0;
    for (const end = performance.now() + 2000; performance.now() < end; ) {
      const begun = performance.now();
      await db.query('SELECT count(*) FROM messages');
      longest = Math.max(longest, performance.now() - begun);
    }
    return longest;
  });
  await closing;
  console.log(`longest wait: ${waited.toFixed(0)} ms`);
  await second.close();
});

test('what a tab that could not take over has refused is not done by the next', { timeout: 60_000 }, async () => {
  const first = await openUser(context, server, 'dora');
  const second = await openPage(context, server);
  await second.evaluate(() => open('dora', { wasmUrl: '/nowhere.wasm' }));
  await second.evaluate(() => {
    globalThis.refused = [];
    globalThis.unsettled = 0;
    const asks = setInterval(() => {
      const { id, saved } = db.execute('user.register', { id: 'dora', name: 'Dora' });
      ++unsettled;
      saved
        .catch(() => {
          clearInterval(asks);
          refused.push(id);
        })
        .finally(() => --unsettled);
    }, 1);
  });
  await first.close();
  await until(() => second.evaluate(() => refused.length > 0), 'the second to fail');
  const third = await openUser(context, server, 'dora');
  await until(() => second.evaluate(() => db.query('SELECT 1').then(() => true, () => false)), 'the second to follow the third');
  // What the first was asked at its end is answered by the third, whether it was saved or not.
  await until(() => second.evaluate(() => unsettled === 0), 'all to be answered');
  const known = new Set(await third.evaluate(async () => (await db.commands()).map(({ id }) => id)));
  assert.deepEqual((await second.evaluate(() => refused)).filter((id) => known.has(id)), []);
  await Promise.all([second.close(), third.close()]);
});
