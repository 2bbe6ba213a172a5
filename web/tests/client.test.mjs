import assert from 'node:assert/strict';
import { test } from 'node:test';
import { join } from 'node:path';
import { browser, openPage, openUser, served, until } from './harness.mjs';

const at = served();

test('what was written is there after a reload', async () => {
  const context = await browser(join(at.folder, 'profile'));
  const ann = await openPage(context, at.server);
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

test('a query is watched from before the tables come, unless it is given up', async () => {
  const context = await browser(join(at.folder, 'early'));
  try {
    const bob = await openPage(context, at.server);
    const told = await bob.evaluate(async () => {
      await open('bob', { online: false });
      const told = { error: '', givenUp: 0 };
      db.watch('SELECT body FROM messages', [], (rows) => (globalThis.rows = rows), ({ code }) => (told.error = code));
      db.watch('SELECT body FROM messages', [], () => ++told.givenUp)();
      const wrong = new Promise((resolve) => db.watch('SELECT nothing FROM messages', [], () => {}, ({ code }) => resolve(code)));
      await db.connect();
      return { ...told, wrong: await wrong };
    });
    await until(() => bob.evaluate(() => globalThis.rows?.length === 1), 'the rows');
    assert.deepEqual(told, { error: '', givenUp: 0, wrong: 'sql' });
  } finally {
    await context.close();
  }
});

test('a worker that cannot be loaded fails the opening, and says so', async () => {
  const context = await browser(join(at.folder, 'no-worker'));
  try {
    const page = await openPage(context, at.server);
    const error = await page.evaluate(() => {
      const worker = () => new Worker('nowhere.js', { type: 'module' });
      return open('ann', { worker }).catch(({ code, message }) => ({ code, message }));
    });
    assert.deepEqual(error, { code: 'internal', message: 'the worker failed: its script cannot be loaded' });
  } finally {
    await context.close();
  }
});

test('the status counts what is pending, also offline', async () => {
  const context = await browser(join(at.folder, 'counting'));
  const ann = await openPage(context, at.server);
  await ann.evaluate(() => open('counting'));
  await until(() => ann.evaluate(() => db.status.synced), 'it to be synced');
  await ann.evaluate(() => db.disconnect());
  await ann.evaluate(() => {
    globalThis.told = 0;
    db.on('status', ({ pending }) => (globalThis.told = pending));
    db.execute('user.register', { id: 'counting', name: 'C' });
    db.execute('user.register', { id: 'counting', name: 'Counting' });
  });
  await until(() => ann.evaluate(() => told === 2 && db.status.pending === 2), 'two to be pending');
  await ann.evaluate(() => db.connect());
  await until(() => ann.evaluate(() => told === 0), 'none to be pending');
  await context.close();
});

test('a removed database is gone; while a tab has it open it stays', async () => {
  const context = await browser(join(at.folder, 'removing'));
  const [one, other] = [await openPage(context, at.server), await openPage(context, at.server)];
  const count = (page) => page.evaluate(async () => (await db.query('SELECT count(*) AS n FROM users')).map(({ n }) => n));
  await one.evaluate(() => open('leaving'));
  await until(() => one.evaluate(() => db.status.synced), 'it to be synced');
  await one.evaluate(() => db.execute('user.register', { id: 'leaving', name: 'Leaving' }).saved);
  const busy = await other.evaluate(() => wherry.Wherry.remove('leaving').catch(({ code }) => code));
  assert.equal(busy, 'busy');
  assert.equal((await count(one)).length, 1);
  await one.evaluate(() => {
    db.close();
    return wherry.Wherry.remove('leaving');
  });
  const schema = await other.evaluate(async () => {
    await open('leaving', { online: false });
    return db.status.schemaHash;
  });
  assert.equal(schema, '');
  await other.evaluate(async () => {
    db.close();
    await wherry.Wherry.remove('leaving');
    await wherry.Wherry.remove('leaving');
  });
  await context.close();
});

test('a token that is refused is asked for again, and what was done meanwhile is sent', async () => {
  const context = await browser(join(at.folder, 'refused'));
  try {
    const page = await openPage(context, at.server);
    await page.evaluate(async () => {
      const { token } = await (await fetch('/dev/token/team/eve')).json();
      globalThis.asked = [];
      await open('eve', { token: ({ refused }) => (asked.push(refused), refused ? token : 'bad') });
    });
    await until(() => page.evaluate(() => db.status.synced), 'eve to be synced');
    assert.deepEqual(await page.evaluate(() => asked), [false, true]);
  } finally {
    await context.close();
  }
});

test('an id that is given again is executed once, and everybody hears of its outcome', async () => {
  const context = await browser(join(at.folder, 'again'));
  try {
    const page = await openUser(context, at.server, 'again');
    const outcomes = await page.evaluate(async () => {
      const id = wherry.newId();
      const register = () => db.execute('user.register', { id: 'again', name: 'A' }, { id });
      const [one, two] = [register(), register()];
      const both = await Promise.all([one.outcome, two.outcome]);
      return [...both, await register().outcome].map(({ state }) => state);
    });
    assert.deepEqual(outcomes, ['applied', 'applied', 'applied']);
    assert.equal(await page.evaluate(async () => (await db.commands()).length), 1);
  } finally {
    await context.close();
  }
});
