// What a browser can do to a database: keep no files, have no room, take them away, run two versions at once.
import assert from 'node:assert/strict';
import { cpSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { browser, openPage, openUser, remove, root, scratch, Server, testPages, until } from './harness.mjs';

let folder, server, context;
before(async () => {
  folder = scratch();
  const web = testPages(join(folder, 'web'));
  await nextVersion(join(web, 'next'));
  server = await Server.start({ folder, web });
  context = await browser(join(folder, 'profile'));
});
after(async () => {
  await context?.close();
  await server?.stop();
  remove(folder);
});

/** The test's page with a client that is one version ahead. */
async function nextVersion(into) {
  testPages(into);
  const source = join(root, 'web/client/src');
  const { build } = createRequire(join(root, 'web/client/package.json'))('esbuild');
  const ahead = {
    name: 'ahead',
    setup: ({ onLoad }) =>
      onLoad({ filter: /worker\/messages\.ts$/ }, ({ path }) => {
        const now = readFileSync(path, 'utf8');
        const next = now.replace(/VERSION = (\d+)/, (_, version) => `VERSION = ${Number(version) + 1}`);
        assert.notEqual(next, now);
        return { contents: next, loader: 'ts' };
      }),
  };
  const worker = join(source, 'worker/worker.ts');
  await build({ entryPoints: [worker], bundle: true, format: 'esm', outfile: join(into, 'client/worker.js'), plugins: [ahead] });
}

const post = (page, id, body = id) =>
  page.evaluate(([id, body]) => db.execute('message.post', { id, channel_id: 'g', body }).saved.then(() => 'saved', ({ code, message }) => ({ code, message })), [id, body]);
const bodies = (page) => page.evaluate(async () => (await db.query('SELECT id FROM messages ORDER BY id')).map(({ id }) => id));

test('a browser that keeps no files says so, and nothing is kept in memory instead', async () => {
  const page = await openPage(context, server);
  const failure = await page.evaluate(() => {
    const worker = () => new Worker('without_files.js', { type: 'module' });
    return open('nobody', { worker }).then(() => 'opened', ({ code, message }) => ({ code, message }));
  });
  assert.equal(failure.code, 'storage');
  assert.match(failure.message, /keeps no files for this site: Storage directory access is denied/);
  await page.close();
});

test('a full disk refuses what has no room, keeps the rest, and goes on when there is room again', async () => {
  const page = await openUser(context, server, 'full');
  await page.evaluate(() => db.execute('channel.create', { id: 'g', name: 'G' }).saved);
  assert.equal(await post(page, 'm1'), 'saved');
  const devtools = await context.newCDPSession(page);
  const { usage } = await devtools.send('Storage.getUsageAndQuota', { origin: server.url });
  await devtools.send('Storage.overrideQuotaForOrigin', { origin: server.url, quotaSize: Math.ceil(usage) + 200_000 });
  const long = 'x'.repeat(30_000);
  let refused;
  const saved = ['m1'];
  for (let n = 2; n < 100 && !refused; ++n) {
    const became = await post(page, `m${n}`, long);
    if (became === 'saved') saved.push(`m${n}`);
    else refused = became;
  }
  assert.equal(refused?.code, 'disk_full', JSON.stringify(refused));
  assert.deepEqual(await bodies(page), saved.sort());
  await devtools.send('Storage.overrideQuotaForOrigin', { origin: server.url });
  await until(async () => (await post(page, 'z')) === 'saved', 'writes to go on');
  await until(() => page.evaluate(() => db.status.synced), 'all to be answered');
  assert.deepEqual(await bodies(page), [...saved, 'z']);
  await page.close();
});

test('an older program steps aside for a newer one, and says what to do', async () => {
  const old = await openUser(context, server, 'ann');
  const older = await openUser(context, server, 'ann');
  await old.evaluate(() => {
    globalThis.errors = [];
    db.on('error', (error) => errors.push(error.code));
  });
  await old.evaluate(() => db.execute('channel.create', { id: 'a', name: 'A' }).saved);
  const next = await context.newPage();
  await next.goto(`${server.url}/next/index.html`);
  await next.waitForFunction(() => document.title === 'ready');
  await next.evaluate(() => open('ann'));
  assert.equal(await next.evaluate(async () => (await db.query('SELECT count(*) AS n FROM channels WHERE id = ?', ['a']))[0].n), 1);
  await until(() => old.evaluate(() => errors.length > 0), 'the old page to hear of it');
  assert.deepEqual(await old.evaluate(() => errors), ['version']);
  for (const page of [old, older]) {
    const answer = await page.evaluate(() => db.query('SELECT 1').then(() => 'answered', ({ code, message }) => ({ code, message })));
    assert.equal(answer.code, 'version');
    assert.match(answer.message, /Reload this page/);
  }
  await next.evaluate(() => db.execute('channel.rename', { id: 'a', name: 'B' }).saved);
  await Promise.all([old, older, next].map((page) => page.close()));
});

test('files that are taken away while a page is open: it says so, and begins anew from the server', async () => {
  const page = await openUser(context, server, 'cy');
  await page.evaluate(() => {
    globalThis.errors = [];
    db.on('error', (error) => errors.push(error));
  });
  await page.evaluate(() => db.execute('channel.create', { id: 'c', name: 'C' }).saved);
  await until(() => page.evaluate(() => db.status.synced), 'cy to be synced');
  const devtools = await context.newCDPSession(page);
  await devtools.send('Storage.clearDataForOrigin', { origin: server.url, storageTypes: 'all' });
  const [error] = await until(() => page.evaluate(() => errors.length > 0 && errors), 'the page to hear of it');
  assert.equal(error.code, 'storage');
  assert.match(error.message, /has removed this site's files/);
  const became = await page.evaluate(() => db.execute('channel.rename', { id: 'c', name: 'lost' }).saved.then(() => 'saved', ({ code }) => code));
  assert.equal(became, 'storage');
  await page.close();
  const again = await openUser(context, server, 'cy');
  assert.deepEqual(await again.evaluate(() => db.query('SELECT name FROM channels WHERE id = ?', ['c'])), [{ name: 'C' }]);
  await again.close();
});
