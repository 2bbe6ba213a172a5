import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { join } from 'node:path';
import { browser, openPage, remove, scratch, Server, testPages, until } from './harness.mjs';

let folder, server;
before(async () => {
  folder = scratch();
  server = await Server.start({ folder, web: testPages(join(folder, 'web')) });
});
after(async () => {
  await server?.stop();
  remove(folder);
});

test('what was written is there after a reload', async () => {
  const context = await browser(join(folder, 'profile'));
  const ann = await openPage(context, server);
  await ann.evaluate(() => open('ann'));
  await until(() => ann.evaluate(() => db.status.synced), 'ann to be synced');
  const outcomes = await ann.evaluate(async () => {
    const all = [
      db.execute('user.register', { id: 'ann', name: 'Ann' }),
      db.execute('channel.create', { id: 'general', name: 'General' }),
      db.execute('message.post', { id: 'hello', channel_id: 'general', body: 'Hello' }),
    ];
    return Promise.all(all.map(async ({ outcome }) => (await outcome).state));
  });
  assert.deepEqual(outcomes, ['applied', 'applied', 'applied']);
  await ann.reload();
  await ann.waitForFunction(() => document.title === 'ready');
  const rows = await ann.evaluate(async () => {
    await open('ann', { online: false });
    return db.query('SELECT body FROM messages WHERE id = ?', ['hello']);
  });
  assert.deepEqual(rows, [{ body: 'Hello' }]);
  await context.close();
});
