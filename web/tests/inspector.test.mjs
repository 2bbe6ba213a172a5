// The inspector of the server, and the panel in an app's page.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { cli, openPage, openUser, remove, root, scratch, Server, sharedBrowser, testPages, until } from './harness.mjs';

const axe = readFileSync(join(root, 'web/tests/node_modules/axe-core/axe.min.js'), 'utf8');

let folder, server, browser, ann, bob, look;
before(async () => {
  folder = scratch();
  server = await Server.start({ folder, web: testPages(join(folder, 'web')) });
  browser = await sharedBrowser();
  [ann, bob] = await Promise.all(
    ['ann', 'bob'].map(async (user) => openUser(await browser.newContext(), server, user)),
  );
  look = await inspect('#/');
});
after(async () => {
  await browser?.close();
  await server?.stop();
  remove(folder);
});

const run = (page, name, params) =>
  page.evaluate(
    async ([name, params]) => {
      const { saved, outcome } = db.execute(name, params);
      await saved;
      return (await outcome).state;
    },
    [name, params],
  );

/** A page of the inspector, in a context of its own. Whatever it complains of fails the test. */
async function inspect(hash, options = {}, at = server) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.complaints = [];
  page.on('console', (message) => message.type() === 'error' && page.complaints.push(message.text()));
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  await page.goto(`${at.url}/inspector/${hash}`);
  return page;
}

/** Nothing that axe calls serious. */
async function accessible(page, what, part = 'html') {
  const found = await page.evaluate(
    async ([source, part]) => {
      if (!globalThis.axe) (0, eval)(source);
      const { violations } = await globalThis.axe.run(part, { resultTypes: ['violations'] });
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
    },
    [axe, part],
  );
  assert.deepEqual(found, [], what);
}

test('the list shows each workspace, and its name leads to it', async () => {
  await look.getByRole('link', { name: 'team' }).waitFor();
  const row = look.getByRole('row', { name: /team/ });
  assert.match(await row.innerText(), /open/);
  await look.getByRole('link', { name: 'team' }).click();
  await look.getByRole('heading', { level: 1, name: 'team' }).waitFor();
  assert.equal(await look.title(), 'team · Wherry inspector');
});

test('commands appear as they come, newest first', async () => {
  await look.locator('tr[data-seq="1"]', { hasText: 'wherry.create' }).waitFor();
  assert.equal(await run(ann, 'channel.create', { id: 'g', name: 'General' }), 'applied');
  assert.equal(await run(ann, 'channel.create', { id: 'p', name: 'Private', private: true }), 'applied');
  assert.equal(await run(ann, 'message.post', { id: 'm1', channel_id: 'g', body: 'Ahoy 100%' }), 'applied');
  assert.equal(await run(ann, 'message.post', { id: 'm2', channel_id: 'p', body: 'Secret' }), 'applied');
  const first = look.locator('.commands tbody tr').first();
  await until(async () => (await first.innerText()).includes('Secret'), 'the last command to be the first');
  assert.match(await first.innerText(), /ann\s+message\.post\s+applied/);
});

test('filters leave what matches, and are in the address', async () => {
  const shown = () => look.locator('.commands tbody tr').evaluateAll((rows) => rows.map((row) => Number(row.dataset.seq)));
  const seqs = (...expected) =>
    until(async () => JSON.stringify(await shown()) === JSON.stringify(expected), `the commands ${expected}`);
  await look.getByLabel('Command', { exact: true }).fill('message.post');
  await seqs(5, 4);
  await look.getByLabel('Text in data').fill('AHOY 100%');
  await seqs(4);
  assert.match(look.url(), /name=message\.post&text=AHOY/);
  await look.reload();
  await seqs(4);
  await look.getByLabel('Text in data').fill('no%41where');
  await look.getByText('None matches').waitFor();
  await look.reload();
  await until(async () => (await look.getByLabel('Text in data').inputValue()) === 'no%41where', 'the filter as it was');
  await look.getByLabel('Text in data').fill('');
  await look.getByLabel('Command', { exact: true }).fill('');
  await look.getByLabel('User').fill('system');
  await seqs(1);
  await look.getByLabel('User').fill('');
  await look.getByLabel('Entity').fill('m2');
  await seqs(5);
  await look.getByLabel('Entity').fill('');
});

test('a command shows its data, what it changed, and who has got it', async () => {
  assert.equal(await run(ann, 'message.edit', { id: 'm1', body: 'Hello' }), 'applied');
  await look.locator('tr[data-seq="6"]').getByRole('link').click();
  const details = look.getByRole('complementary', { name: 'The command' });
  await details.getByText('Who gets it', { exact: true }).first().waitFor();
  const text = await details.innerText();
  assert.match(text, /Command 6[^]*Applied[^]*message\.edit[^]*ann[^]*channel\(g\)/);
  assert.equal(await details.locator('del', { hasText: 'Ahoy 100%' }).count(), 1);
  assert.equal(await details.locator('ins', { hasText: 'Hello' }).count(), 1);
  assert.match(await details.locator('pre').innerText(), /"body": "Hello"/);
  const got = details.locator('.who');
  await until(async () => /bob[^]*sent/.test(await got.innerText()), 'bob to have got it');
  await look.goto(`${server.url}/inspector/#/w/team/commands/5`);
  await details.getByText('Connected, and hold none of its scopes: bob').waitFor();
  assert.doesNotMatch(await got.innerText(), /bob/);
});

test('a command that was rejected says why', async () => {
  assert.equal(await run(bob, 'channel.add_member', { channel_id: 'g', user_id: 'bob' }), 'applied');
  await bob.evaluate(() => db.disconnect());
  await bob.evaluate(() => db.execute('message.post', { id: 'm3', channel_id: 'g', body: 'Too late' }).saved);
  assert.equal(await run(ann, 'channel.lock', { id: 'g' }), 'applied');
  await bob.evaluate(() => db.connect());
  await look.goto(`${server.url}/inspector/#/w/team/commands?outcome=rejected`);
  const row = look.locator('.commands tbody tr', { hasText: 'Too late' });
  await row.waitFor();
  assert.match(await row.innerText(), /rejected\s*entity_locked/);
  await row.getByRole('link').click();
  const verdict = look.locator('.verdict');
  await verdict.waitFor();
  assert.match(await verdict.innerText(), /Rejected entity_locked[^]*is locked/);
  assert.match(await look.locator('.details').innerText(), /not the 1 command since/);
  await look.keyboard.press('Escape');
  await look.locator('.details').waitFor({ state: 'hidden' });
  assert.equal(await run(ann, 'channel.unlock', { id: 'g' }), 'applied');
});

test('sessions show their scopes; who has none and who lags is marked', async () => {
  await look.goto(`${server.url}/inspector/#/w/team/sessions`);
  const sessionOf = (user) => look.getByRole('row', { name: new RegExp(`^${user}`) });
  await sessionOf('ann').waitFor();
  await until(async () => /4 live[^]*channel\(g\)/.test(await sessionOf('ann').innerText()), "ann's scopes");
  assert.doesNotMatch(await sessionOf('bob').innerText(), /channel\(p\)|no scope/);
  const other = await openPage(await browser.newContext(), server);
  await other.evaluate(() => open('dan', { workspace: 'empty' }));
  const empty = await inspect('#/w/empty/sessions');
  await empty.getByText('no scope').waitFor();
  assert.match(await empty.getByRole('row', { name: /^dan/ }).innerText(), /workspace[^]*user\(dan\)/);
  await empty.context().close();
  await other.context().close();
  await look.route('**/team/sessions?*', async (route) => {
    const answer = await (await route.fetch()).json();
    const bob = answer.sessions.find(({ user }) => user === 'bob');
    const scope = bob.scopes.find(({ name }) => name === 'channel(g)');
    Object.assign(bob, { lag: 7, position: answer.head - 7, scanning: 1, live: bob.live - 1, credits: 0 });
    Object.assign(scope, { state: 'scanning', lag: 7, position: bob.position });
    await route.fulfill({ json: answer });
  });
  await until(
    async () => /lags[^]*7 behind[^]*channel\(g\) scanning, 7 behind/.test(await sessionOf('bob').innerText()),
    'bob to be marked',
  );
  await look.getByText('1 to look at').waitFor();
  assert.doesNotMatch(await sessionOf('ann').innerText(), /lags/);
  await look.unroute('**/team/sessions?*');
});

test('the plot is drawn, and says in words what it shows', async () => {
  await look.goto(`${server.url}/inspector/#/w/team`);
  const plot = look.getByRole('img', { name: /Commands per second/ });
  await until(async () => ((await plot.locator('.bars-applied').getAttribute('d')) ?? '').length > 0, 'bars');
  await until(async () => /\d+ commands?, of them 1 rejected/.test(await plot.locator('desc').textContent()), 'the words');
  assert.notEqual(await plot.locator('.p99').getAttribute('d'), '');
});

test('it can be used with a screen reader, in the dark, on a phone, and breaks no rule of its policy', async () => {
  for (const [colorScheme, width] of [
    ['light', 1280],
    ['dark', 390],
  ])
    for (const hash of ['#/', '#/w/team', '#/w/team/commands/6', '#/w/team/sessions']) {
      const page = await inspect(hash, { colorScheme, viewport: { width, height: 800 }, bypassCSP: true });
      await page.locator('table').first().waitFor();
      await page.waitForTimeout(300);
      await accessible(page, `${hash}, ${colorScheme}`);
      await page.context().close();
    }
  assert.deepEqual(look.complaints, []);
});

test('without --dev it is for tokens with the role admin', async () => {
  const data = join(folder, 'guarded');
  await cli('workspace', 'create', 'team', '--data', join(data, 'data'));
  await cli('workspace', 'create', 'other', '--data', join(data, 'data'));
  const guarded = await Server.start({ folder: data, dev: false });
  const token = async (...roles) =>
    (
      await cli(
        'token',
        '--data',
        join(data, 'data'),
        '--workspace',
        'team',
        '--user',
        'ann',
        ...roles.flatMap((role) => ['--role', role]),
      )
    )
      .trim()
      .split('\n')
      .at(-1);
  try {
    const page = await inspect('#/w/team', {}, guarded);
    const field = page.getByLabel('Token');
    await field.waitFor();
    assert.equal((await fetch(`${guarded.url}/inspector/api/workspaces/team/commands`)).status, 401);
    const { error } = await (await fetch(`${guarded.url}/inspector/api/workspaces`)).json();
    assert.equal(error.code, 'unauthorized');
    await field.fill(await token());
    await page.getByRole('button', { name: 'Look' }).click();
    await page.getByRole('alert').filter({ hasText: 'role `admin`' }).waitFor();
    await field.fill(await token('admin'));
    await page.getByRole('button', { name: 'Look' }).click();
    await page.getByText('The log is empty').waitFor();
    await page.goto(`${guarded.url}/inspector/#/`);
    await page.getByText('1 workspace', { exact: false }).waitFor();
    assert.equal(await page.getByRole('link', { name: 'other' }).count(), 0);
    await page.getByRole('button', { name: 'Forget the token' }).click();
    await field.waitFor();
    await page.context().close();
  } finally {
    await guarded.stop();
  }
});

test('the panel shows what is pending, and lets it be retried and dismissed', async () => {
  await bob.evaluate(() => openPanel());
  const panel = bob.getByRole('dialog', { name: 'Wherry inspector' });
  await panel.getByText('online').waitFor();
  await until(async () => /channel\(g\)[^]*live/.test(await panel.innerText()), 'the scopes');
  await panel.getByRole('button', { name: 'Go offline' }).click();
  await panel.getByRole('button', { name: 'Connect' }).waitFor();
  await panel.getByRole('tab', { name: 'Commands' }).click();
  await bob.evaluate(() => db.execute('message.post', { id: 'm4', channel_id: 'g', body: 'Offline' }).saved);
  const command = (text) => panel.getByRole('listitem').filter({ hasText: text });
  await command('m4').getByText('pending').waitFor();
  await command('m3').getByText('entity_locked').waitFor();
  await command('m3').getByText('Parameters').click();
  await command('m3').getByText('Too late').waitFor();
  await accessible(bob, 'the commands', 'wherry-inspector');
  await panel.getByRole('tab', { name: 'Status' }).click();
  await panel.getByRole('button', { name: 'Connect' }).click();
  await panel.getByText('online').waitFor();
  await panel.getByRole('tab', { name: 'Commands' }).click();
  await command('m3').getByRole('button', { name: 'Retry' }).click();
  await until(
    () => bob.evaluate(async () => (await db.query("SELECT 1 FROM messages WHERE id = 'm3'")).length === 1),
    'the message',
  );
  await panel.getByRole('tab', { name: 'Events' }).click();
  await until(async () => /applied[^]*status/.test(await panel.innerText()), 'the events');
});

test('the panel shows tables, and runs queries that only read', async () => {
  const panel = bob.getByRole('dialog', { name: 'Wherry inspector' });
  await panel.getByRole('tab', { name: 'Tables' }).click();
  await panel.getByLabel('Table', { exact: true }).selectOption({ label: 'messages' });
  await panel.getByText(/Rows 1 to \d of \d/).waitFor();
  assert.match(await panel.getByRole('region', { name: 'Rows of messages' }).innerText(), /Hello/);
  await panel.locator('summary', { hasText: 'Schema' }).click();
  await panel.getByText('CREATE TABLE messages').waitFor();
  await panel.getByRole('tab', { name: 'SQL' }).click();
  const query = panel.getByLabel(/A query/);
  await query.fill("SELECT body FROM messages WHERE id = 'm1';");
  await query.press('Control+Enter');
  await panel.getByText(/1 row in [\d.]+ ms/).waitFor();
  assert.match(await panel.getByRole('region', { name: 'Result' }).innerText(), /body\s+Hello/);
  await query.fill('WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n) SELECT i FROM n');
  await panel.getByRole('button', { name: 'Run' }).click();
  await panel.getByText('The first 200 rows').waitFor();
  for (const wrong of ['SELECT nothing', 'DELETE FROM messages']) {
    await query.fill(wrong);
    await panel.getByRole('button', { name: 'Run' }).click();
    await panel.getByRole('alert').waitFor();
    await query.fill('VALUES(1)');
    await panel.getByRole('button', { name: 'Run' }).click();
    await panel.getByText('1 row in').waitFor();
  }
  await accessible(bob, 'the query', 'wherry-inspector');
});

test('the panel is used by keyboard, and goes', async () => {
  const panel = bob.getByRole('dialog', { name: 'Wherry inspector' });
  await panel.getByRole('tab', { name: 'SQL' }).click();
  await bob.keyboard.press('ArrowRight');
  assert.equal(await panel.getByRole('tab', { name: 'Events' }).getAttribute('aria-selected'), 'true');
  await bob.keyboard.press('ArrowRight');
  assert.equal(await panel.getByRole('tab', { name: 'Status' }).evaluate((tab) => tab.getRootNode().activeElement === tab), true);
  await bob.keyboard.press('Escape');
  await panel.waitFor({ state: 'detached' });
  assert.equal(await bob.evaluate(() => panelClosed), true);
});
