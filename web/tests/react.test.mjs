// The hooks: one watch for all that ask the same, the same snapshot until it changes, StrictMode and Suspense.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { remove, root, scratch, Server, sharedBrowser, testPages, until } from './harness.mjs';

let folder, server, browser, page;
before(async () => {
  folder = scratch();
  const web = testPages(join(folder, 'web'));
  const [client, modules] = [join(root, 'web/client'), join(root, 'examples/chat/web/node_modules')];
  const { build } = createRequire(join(client, 'package.json'))('esbuild');
  await build({
    entryPoints: [join(root, 'web/tests/page/react_page.jsx')],
    bundle: true,
    format: 'esm',
    jsx: 'automatic',
    outfile: join(web, 'client/react_page.js'), // beside the worker and the core
    alias: {
      '@wherry/client': join(client, 'src/index.ts'),
      '@wherry/client/react': join(client, 'src/react.ts'),
      react: join(modules, 'react'), // one React for the hooks and the page
      'react-dom': join(modules, 'react-dom'),
    },
    define: { 'process.env.NODE_ENV': '"development"' },
  });
  writeFileSync(join(web, 'index.html'), '<!doctype html><main></main><script type="module" src="client/react_page.js"></script>');
  server = await Server.start({ folder, web });
  browser = await sharedBrowser();
  page = await (await browser.newContext()).newPage();
  page.on('pageerror', (error) => console.error(`page: ${error}`));
  await page.goto(server.url);
  await page.waitForFunction(() => document.title === 'ready');
  await page.evaluate(() => open('ann'));
  await until(() => page.evaluate(() => db.status.synced), 'ann to be synced');
  await page.evaluate(() => db.execute('channel.create', { id: 'g', name: 'G' }).saved);
});
after(async () => {
  await browser?.close();
  await server?.stop();
  remove(folder);
});

const text = (id) => page.evaluate((id) => document.getElementById(id)?.textContent, id);

test('those that ask the same share one watch and its snapshots', async () => {
  await page.evaluate(() => draw({ lists: ['one', 'two'], writer: true }));
  await until(async () => (await text('one')) === '', 'the first result');
  assert.equal(await page.evaluate(() => watching), 1);
  await page.evaluate(() => post('m1', 'Ahoy'));
  await until(async () => (await text('one')) === 'Ahoy' && (await text('two')) === 'Ahoy', 'both to show it');
  const before = await page.evaluate(() => seen.rows.size);
  await page.evaluate(() => {
    for (let n = 0; n < 5; ++n) draw({ lists: ['one', 'two'], writer: true });
  });
  assert.equal(await page.evaluate(() => seen.rows.size), before, 'drawing again makes no new rows');
  assert.equal(await page.evaluate(() => seen.commands.size), 1);
  await until(async () => (await text('pending')) === '0', 'the server to answer');
});

test('what nobody shows any more is watched no longer', { timeout: 30_000 }, async () => {
  await page.evaluate(() => draw({ lists: ['two'] }));
  assert.equal(await page.evaluate(() => watching), 1);
  await page.evaluate(() => draw({}));
  await page.evaluate(() => draw({ lists: ['three'] }));
  assert.equal(await text('three'), 'Ahoy', 'who comes back at once finds the rows');
  await page.evaluate(() => draw({}));
  await until(() => page.evaluate(() => watching === 0), 'the watch to end', 10_000);
});

test('a suspended part shows its fallback, then rows; a wrong query reaches the error boundary', async () => {
  const SQL = 'SELECT id FROM messages WHERE channel_id = ?';
  await page.evaluate((sql) => draw({ suspended: sql }), SQL);
  assert.notEqual(await text('fallback'), undefined);
  await until(async () => (await text('suspended')) === '1', 'the rows');
  await page.evaluate(() => db.execute('message.post', { id: 'm2', channel_id: 'g', body: 'Two' }).saved);
  await until(async () => (await text('suspended')) === '2', 'the change');
  await page.evaluate(() => draw({ suspended: 'SELECT nothing FROM messages WHERE channel_id = ?' }));
  await until(async () => (await text('caught')) === 'sql', 'the error');
});
