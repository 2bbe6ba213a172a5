// The chat's page, as its users use it: two of them, each in a browser context of his own.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { cli, importHistory, remove, root, scratch, Server, sharedBrowser, until } from './harness.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const pages = join(root, 'examples/chat/web/dist');
const LONG = 10_000;
const PHONE = { viewport: { width: 390, height: 760 }, isMobile: true, hasTouch: true };

let folder, server, browser, ann, cy, inTeam;
before(async () => {
  assert.ok(existsSync(pages), 'the page is not built: run `npm run build` in examples/chat/web');
  folder = scratch();
  server = await Server.start({ folder, web: pages });
  await importHistory(server, history());
  inTeam = ['--data', join(folder, 'data'), '--workspace', 'team'];
  browser = await sharedBrowser();
  [ann, cy] = await Promise.all([signedIn('ann'), signedIn('cy')]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
  remove(folder);
});

/** Two people, a small channel for both, a private one of ann's, and a very long one: the file that tells of them. */
function history() {
  let at = Date.UTC(2026, 0, 5);
  const lines = [];
  const add = (user, name, params) => lines.push(JSON.stringify({ name, params, user, client_timestamp: (at += 20_000) }));
  for (const [id, name] of [
    ['ann', 'Ann Fairlie'],
    ['cy', 'Cy Okafor'],
  ])
    add(id, 'user.register', { id, name });
  for (const [id, name] of [
    ['pier', 'Pier'],
    ['long', 'Long'],
    ['secret', 'Secret'],
  ]) {
    add('ann', 'channel.create', { id, name, private: id === 'secret' });
    if (id !== 'secret') add('ann', 'channel.add_member', { channel_id: id, user_id: 'cy' });
  }
  add('ann', 'message.post', { id: 's1', channel_id: 'secret', body: 'The surprise is a lighthouse' });
  for (let i = 0; i < LONG; ++i)
    add(i % 3 ? 'ann' : 'cy', 'message.post', {
      id: `l${i}`,
      channel_id: 'long',
      body: `Entry ${i}. ${'Mist over the water. '.repeat((i * 7) % 23)}`,
    });
  add('ann', 'message.post', { id: 'p1', channel_id: 'pier', body: 'The gangway is mended' });
  const file = join(folder, 'history.jsonl');
  writeFileSync(file, lines.join('\n'));
  return file;
}

async function signedIn(user, { channel = 'pier', ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1100, height: 700 }, ...options });
  const page = await context.newPage();
  page.on('console', (message) => message.type() === 'error' && console.error(`${user}: ${message.text()}`));
  page.on('pageerror', (error) => console.error(`${user}: ${error}`));
  await page.goto(`${server.url}/?user=${user}#/${channel}`);
  await page.getByRole('status').getByText('Online').waitFor();
  await page.getByRole('heading', { level: 1 }).waitFor();
  return page;
}

const list = (page, channel = 'Pier') => page.getByRole('list', { name: `Messages in ${channel}` });
const message = (page, text) => list(page).locator('.message', { hasText: text });
async function post(page, text, box = 'Message Pier') {
  await page.getByRole('textbox', { name: box }).fill(text);
  await page.keyboard.press('Enter');
}
/** What ann does to the channel Pier on the server itself. */
const asAnn = (name) => cli('exec', ...inTeam, '--as-user', 'ann', name, '{"id": "pier"}');
const go = (page, hash) => page.evaluate((hash) => void (location.hash = hash), hash);
const atEnd = (page) =>
  page.evaluate(() => {
    const box = document.querySelector('.messages');
    return box.scrollHeight - box.scrollTop - box.clientHeight < 2;
  });
async function workOffline(page, isOffline) {
  const toggle = page.getByRole('switch', { name: 'Work offline' });
  if ((await toggle.getAttribute('aria-checked')) !== String(isOffline)) await toggle.click();
  await page
    .getByRole('status')
    .getByText(isOffline ? 'Working offline' : 'Online', { exact: true })
    .waitFor();
}

test('signing in asks for a name, and remembers it', async () => {
  const page = await (await browser.newContext()).newPage();
  await page.goto(server.url);
  await page.getByRole('textbox', { name: 'Your user name' }).fill('zoe');
  await page.keyboard.press('Enter');
  await page.getByRole('textbox', { name: 'What shall others call you?' }).fill('Zoe Lark');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Zoe Lark: menu' }).click();
  await page.getByRole('menuitem', { name: 'Sign out and remove data' }).click();
  await page.getByRole('button', { name: 'Sign out and remove' }).click();
  await page.getByRole('heading', { name: 'Wherry chat' }).waitFor();
  assert.equal(await page.getByRole('heading', { name: 'On this device' }).count(), 0);
  await page.context().close();
});

test('what keeps the page from opening is said, with what to do', async () => {
  const page = await (await browser.newContext()).newPage();
  await page.context().route(/\/dev\/token\//, (route) => route.fulfill({ status: 404 }));
  await page.goto(`${server.url}/?user=yan`);
  await page.getByText('start it with --dev').waitFor();
  await page.context().unroute(/\/dev\/token\//);
  await page.getByRole('button', { name: 'Try now' }).click();
  await page.getByRole('textbox', { name: 'What shall others call you?' }).waitFor();

  await page.context().route(/core-.*\.wasm$/, (route) => route.abort());
  await page.goto(`${server.url}/?user=yun`);
  await page.getByRole('heading', { name: 'The chat cannot be opened' }).waitFor();
  await page.context().unroute(/core-.*\.wasm$/);
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('textbox', { name: 'What shall others call you?' }).waitFor();
  await page.context().close();
});

test('what one posts, edits and reacts to, the other sees', async () => {
  await post(ann, 'Fog from six on');
  await message(cy, 'Fog from six on').waitFor();
  await ann.getByRole('textbox', { name: 'Message Pier' }).press('ArrowUp');
  await ann.getByRole('textbox', { name: 'Edit the message' }).fill('Fog from seven on');
  await ann.keyboard.press('Enter');
  await message(cy, 'Fog from seven on').getByText('edited').waitFor();

  await message(cy, 'Fog from seven on').hover();
  await cy.getByRole('button', { name: 'React' }).click();
  await cy.getByRole('menuitem', { name: 'anchor' }).click();
  await message(ann, 'Fog from seven on').getByRole('button', { name: '1 anchor: Cy Okafor' }).waitFor();
  await message(cy, 'Fog from seven on').getByRole('button', { name: '1 anchor: Cy Okafor' }).click();
  await message(ann, 'Fog from seven on')
    .getByRole('button', { name: /anchor/ })
    .waitFor({ state: 'detached' });
});

test('a thread beside the channel', async () => {
  await message(cy, 'The gangway is mended').hover();
  await cy.getByRole('button', { name: 'Reply in thread' }).click();
  const thread = cy.getByRole('complementary', { name: /Thread/ });
  await post(cy, 'Thank you for that', 'Reply');
  await thread.getByRole('list', { name: 'Replies' }).getByText('Thank you for that').waitFor();
  await message(ann, 'The gangway is mended')
    .getByRole('link', { name: /1 reply/ })
    .click();
  await ann.getByRole('complementary').getByText('Thank you for that').waitFor();
  // Escape closes what is in front, and only that.
  await cy.keyboard.press('Control+k');
  const search = cy.getByRole('dialog', { name: 'Search' });
  await search.waitFor();
  await cy.keyboard.press('Escape');
  await search.waitFor({ state: 'detached' });
  assert.equal(await cy.evaluate(() => location.hash), '#/pier/p1');
  for (const page of [ann, cy]) {
    await page.keyboard.press('Escape');
    await page.getByRole('complementary').waitFor({ state: 'detached' });
  }
  assert.equal(await list(cy).getByText('Thank you for that').count(), 0);
});

test('unread messages are counted until they are looked at', async () => {
  await go(cy, '#/long');
  await post(ann, 'Low water at noon');
  await cy.getByRole('link', { name: /Pier.*1 unread/ }).click();
  await list(cy).getByText('New', { exact: true }).waitFor();
  await until(async () => (await cy.getByRole('link', { name: /Pier.*unread/ }).count()) === 0, 'Pier to be read');
});

test('search finds words offline, as they are typed', async () => {
  await workOffline(cy, true);
  await cy.keyboard.press('Control+k');
  await cy.keyboard.type('gangw');
  const found = cy.getByRole('option', { name: /Ann Fairlie/ });
  assert.equal(await found.locator('mark').textContent(), 'gangway');
  await cy.keyboard.type(' xyzzy');
  await cy.getByText('Nothing on this device has these words.').waitFor();
  await cy.keyboard.press('Escape');
  await workOffline(cy, false);
});

test('offline posts are pending, and arrive afterwards', async () => {
  await workOffline(cy, true);
  await post(cy, 'Written below deck');
  await message(cy, 'Written below deck').getByText('pending').waitFor();
  await cy.getByText('1 pending').waitFor();
  assert.equal(await message(ann, 'Written below deck').count(), 0);
  // It is still offline, and has it still, after a reload.
  await cy.reload();
  await message(cy, 'Written below deck').getByText('pending').waitFor();
  await workOffline(cy, false);
  await message(ann, 'Written below deck').waitFor();
  await message(cy, 'Written below deck').getByText('pending').waitFor({ state: 'detached' });
});

test('what the server rejects keeps its text, says why, and can be retried or dismissed', async () => {
  await workOffline(cy, true);
  await post(cy, 'Too late one');
  await post(cy, 'Too late two');
  await message(cy, 'Written below deck').hover();
  await cy.getByRole('button', { name: 'Edit' }).click();
  await cy.getByRole('textbox', { name: 'Edit the message' }).fill('Written on deck');
  await cy.keyboard.press('Enter');
  await ann.getByRole('button', { name: /channel details/ }).click();
  await ann.getByRole('button', { name: 'Lock the channel' }).click();
  await ann.getByText('Locked', { exact: true }).waitFor();
  await until(() => ann.evaluate(() => !document.querySelector('.pending-count')), 'the lock to be confirmed');
  await workOffline(cy, false);

  const rejected = (text) => message(cy, text).getByText('Your message was not accepted. The channel is locked.');
  await rejected('Too late one').waitFor();
  await rejected('Too late two').waitFor();
  await message(cy, 'Written below deck').getByText('Your edit was not accepted. The channel is locked.').waitFor();
  await message(cy, 'Written below deck').getByText('Written on deck').waitFor();
  await cy.getByRole('button', { name: '3 not accepted', exact: true }).waitFor();
  await message(cy, 'Too late two').getByRole('button', { name: 'Retry' }).click();
  await cy.getByRole('status').getByText('The channel is locked.').waitFor();

  await ann.getByRole('button', { name: 'Unlock the channel' }).click();
  await ann.keyboard.press('Escape');
  await cy.getByText('Locked', { exact: true }).waitFor({ state: 'detached' });
  await message(cy, 'Too late one').getByRole('button', { name: 'Dismiss' }).click();
  await message(cy, 'Too late one').waitFor({ state: 'detached' });
  await message(cy, 'Too late two').getByRole('button', { name: 'Retry' }).click();
  await message(ann, 'Too late two').waitFor();
  await message(cy, 'Written below deck').getByRole('button', { name: 'Retry' }).click();
  await message(ann, 'Written on deck').waitFor();
  await cy.getByRole('button', { name: /not accepted/ }).waitFor({ state: 'detached' });
  assert.equal(await message(cy, 'Too late two').count(), 1);
});

test('an edit that another has overwritten is shown beside what stands now', async () => {
  await post(cy, 'Draft of the notice');
  await message(ann, 'Draft of the notice').waitFor();
  await workOffline(cy, true);
  await cy.getByRole('textbox', { name: 'Message Pier' }).press('ArrowUp');
  await cy.getByRole('textbox', { name: 'Edit the message' }).fill('Notice as cy has it');
  await cy.keyboard.press('Enter');
  await message(cy, 'Notice as cy has it').getByText('pending').waitFor();
  const eve = await signedIn('eve&role=admin');
  await message(eve, 'Draft of the notice').hover();
  await eve.getByRole('button', { name: 'Edit' }).click();
  await eve.getByRole('textbox', { name: 'Edit the message' }).fill('Notice as eve has it');
  await eve.keyboard.press('Enter');
  await message(ann, 'Notice as eve has it').waitFor();
  await workOffline(cy, false);
  const notice = message(cy, 'Notice as eve has it');
  await notice.getByText('Somebody else changed this after your edit').waitFor();
  await notice.getByText('Notice as cy has it').waitFor();
  await notice.getByRole('button', { name: 'Retry' }).click();
  await message(eve, 'Notice as cy has it').waitFor();
  await eve.context().close();
});

test('an edit that is being typed stays when the channel is locked meanwhile', async () => {
  await post(cy, 'Moored at six');
  await cy.getByRole('textbox', { name: 'Message Pier' }).press('ArrowUp');
  const edit = cy.getByRole('textbox', { name: 'Edit the message' });
  await edit.fill('Moored at seven');
  await message(ann, 'Moored at six').waitFor();
  await asAnn('channel.lock');
  await cy.getByText('Locked', { exact: true }).waitFor();
  assert.equal(await edit.inputValue(), 'Moored at seven');
  await edit.press('Enter');
  await cy.getByRole('alert').getByText('The channel is locked.').waitFor();
  await asAnn('channel.unlock');
  await cy.getByText('Locked', { exact: true }).waitFor({ state: 'detached' });
  await edit.press('Enter');
  await message(ann, 'Moored at seven').waitFor();
});

test('a menu and what it asks stay open when the mouse or the finger leaves the message', async () => {
  const text = 'The gangway is mended';
  const asked = (page) => page.getByRole('dialog', { name: 'Delete this message?' });
  await message(ann, text).hover();
  await ann.getByRole('button', { name: 'More' }).click();
  await ann.mouse.move(0, 0);
  await ann.getByRole('menuitem', { name: 'Delete' }).click();
  await asked(ann).getByText('It cannot be brought back').click();
  await asked(ann).getByRole('button', { name: 'Cancel' }).click();
  await asked(ann).waitFor({ state: 'detached' });
  await message(ann, text).hover();
  await ann.getByRole('button', { name: 'More' }).click();
  await ann.getByRole('heading', { level: 1 }).click();
  await ann.getByRole('button', { name: 'More' }).waitFor({ state: 'detached' });

  const phone = await signedIn('ann', PHONE);
  await message(phone, text).tap();
  await phone.getByRole('button', { name: 'More' }).tap();
  await phone.getByRole('menuitem', { name: 'Delete' }).tap();
  await asked(phone).getByRole('button', { name: 'Cancel' }).tap();
  await asked(phone).waitFor({ state: 'detached' });

  // Escape closes a dialog, and not the drawer behind it.
  await phone.getByRole('button', { name: 'Channels' }).tap();
  await phone.getByRole('button', { name: 'Create a channel' }).tap();
  const creating = phone.getByRole('dialog', { name: 'Create a channel' });
  await creating.waitFor();
  await phone.keyboard.press('Escape');
  await creating.waitFor({ state: 'detached' });
  assert.ok(await phone.getByRole('navigation', { name: 'Channels' }).isVisible());
  await phone.context().close();
});

test('an invitation brings a channel with its history, a removal takes it', async () => {
  assert.equal(await cy.getByRole('link', { name: 'Secret' }).count(), 0);
  await go(ann, '#/secret');
  await ann.getByRole('button', { name: /1 member/ }).click();
  await ann.getByRole('combobox', { name: 'Invite someone' }).fill('Cy Okafor');
  await ann.getByRole('button', { name: 'Invite' }).click();
  await cy.getByRole('link', { name: /Secret.*private/ }).click();
  await list(cy, 'Secret').getByText('The surprise is a lighthouse').waitFor();
  await ann.getByRole('button', { name: 'Remove Cy Okafor' }).click();
  await cy.getByRole('heading', { name: 'This channel is not here' }).waitFor();
  assert.equal(await cy.getByText('lighthouse').count(), 0);
  await ann.keyboard.press('Escape');
  await go(ann, '#/pier');
  await go(cy, '#/pier');
});

test('ten thousand messages scroll, few of them are drawn, and nothing jumps', { timeout: 120_000 }, async () => {
  await go(ann, '#/long');
  await list(ann, 'Long')
    .getByText(`Entry ${LONG - 1}.`)
    .waitFor();
  await until(async () => (await ann.getByRole('link', { name: /Long.*unread/ }).count()) === 0, 'Long to be read');
  const walked = await ann.evaluate(async () => {
    const box = document.querySelector('.messages');
    const rows = () => [...box.querySelectorAll('[data-message]')];
    const jumps = [];
    let most = 0;
    for (let i = 0; i < 120; ++i) {
      const row = rows().find((one) => one.getBoundingClientRect().top > box.getBoundingClientRect().top + 40);
      const before = row.getBoundingClientRect().top + Math.min(400, box.scrollTop);
      box.scrollTop -= 400;
      await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 5)));
      const moved = row.getBoundingClientRect().top - before;
      if (!row.isConnected || Math.abs(moved) > 1) jumps.push([i, row.dataset.message, moved]);
      most = Math.max(most, rows().length);
    }
    return { jumps, most, first: Number(rows()[0].dataset.message.slice(1)) };
  });
  assert.deepEqual(walked.jumps, []);
  assert.ok(walked.most <= 200, `${walked.most} rows at once`);
  assert.ok(walked.first < LONG - 300, `only up to entry ${walked.first}`);

  // What others write moves nothing while one reads above, and is there when one is at the end.
  const top = () => ann.evaluate(() => document.querySelector('.messages').scrollTop);
  const stood = await top();
  await go(cy, '#/long');
  await post(cy, 'The end of the log', 'Message Long');
  await until(() => list(cy, 'Long').getByText('The end of the log').count(), 'cy to see it');
  await ann.getByRole('link', { name: /Long.*1 unread/ }).waitFor();
  assert.equal(await top(), stood);
  await ann.getByRole('button', { name: 'Newest' }).click();
  await list(ann, 'Long').getByText('The end of the log').waitFor();
  await post(cy, 'One more', 'Message Long');
  await list(ann, 'Long').getByText('One more').waitFor();
  await until(() => atEnd(ann), 'ann to be at the end still');

  // The other end, and a place in the middle.
  await ann.getByRole('textbox', { name: 'Message Long' }).press('Shift+Tab');
  await ann.keyboard.press('Home');
  await list(ann, 'Long').getByText('Entry 0.', { exact: false }).first().waitFor();
  assert.equal(await ann.evaluate(() => document.activeElement.dataset.message), 'l0');
  await ann.keyboard.press('Control+k');
  await ann.keyboard.type('entry 5432');
  await ann.getByRole('option', { name: /Entry 5432/ }).waitFor();
  await ann.keyboard.press('Enter');
  await until(() => ann.evaluate(() => document.activeElement.dataset.message === 'l5432'), 'entry 5432 to have the focus');
  await go(ann, '#/pier');
  await go(cy, '#/pier');
});

test('however many come while one reads above, few are drawn', async () => {
  await go(ann, '#/long');
  await list(ann, 'Long').getByText('One more').waitFor();
  const rows = list(ann, 'Long').locator('[data-message]');
  const top = rows.filter({ hasText: `Entry ${LONG - 20}.` });
  await top.evaluate((row) => row.scrollIntoView());
  const stood = await top.boundingBox();
  const lines = [];
  const add = (channel_id, body) =>
    lines.push(JSON.stringify({ name: 'message.post', params: { id: `b${lines.length}`, channel_id, body }, user: 'cy' }));
  for (let i = 0; i < 300; ++i) add('long', `Wave ${i}.`);
  add('pier', 'After the waves');
  const file = join(folder, 'waves.jsonl');
  writeFileSync(file, lines.join('\n'));
  await cli('exec', ...inTeam, '--as-user', 'import', '--role', 'import', '--jsonl', file);
  await ann.getByRole('link', { name: /Pier.*1 unread/ }).waitFor();
  await until(async () => (await rows.count()) === 200, 'no more than 200 rows');
  assert.deepEqual(await top.boundingBox(), stood);
  await ann.getByRole('button', { name: 'Newest' }).click();
  await list(ann, 'Long').getByText('Wave 299.').waitFor();
  assert.ok((await rows.count()) <= 200);
  await until(
    async () => (await ann.getByRole('button', { name: 'Newest' }).count()) === 0 && (await atEnd(ann)),
    'ann to be at the end',
  );
  await go(ann, '#/pier');
});

test('without a mouse: switch the channel, post, walk to a message and react', async () => {
  await ann.mouse.move(0, 0);
  await ann.keyboard.press('Control+k');
  await ann.keyboard.type('lon');
  await ann.getByRole('option', { name: 'Long', exact: true }).waitFor();
  await ann.keyboard.press('Enter');
  await ann.getByRole('heading', { level: 1, name: 'Long' }).waitFor();
  await ann.keyboard.press('Alt+ArrowDown');
  await ann.getByRole('heading', { level: 1, name: 'Pier' }).waitFor();
  await until(() => ann.evaluate(() => document.activeElement.tagName === 'TEXTAREA'), 'the box to have the focus');
  await ann.keyboard.type('Typed by hand');
  await ann.keyboard.press('Shift+Enter');
  await ann.keyboard.type('in two lines');
  await ann.keyboard.press('Enter');
  await message(cy, 'Typed by hand').waitFor();
  await ann.keyboard.press('Shift+Tab');
  assert.match(await ann.evaluate(() => document.activeElement.textContent), /Typed by hand/);
  await ann.keyboard.press('ArrowUp');
  assert.doesNotMatch(await ann.evaluate(() => document.activeElement.textContent), /Typed by hand/);
  await ann.keyboard.press('ArrowDown');
  await ann.keyboard.press('r');
  await ann.keyboard.press('ArrowRight');
  await ann.keyboard.press('Enter');
  await message(cy, 'Typed by hand').getByRole('button', { name: '1 thumbsdown: Ann Fairlie' }).waitFor();
  await ann.keyboard.press('Escape');
});

test('what is typed is there when one comes back', async () => {
  await ann.getByRole('textbox', { name: 'Message Pier' }).fill('Half a sent');
  await go(ann, '#/long');
  await ann.getByRole('textbox', { name: 'Message Long' }).waitFor();
  await go(ann, '#/pier');
  await until(async () => (await ann.getByRole('textbox', { name: 'Message Pier' }).inputValue()) === 'Half a sent', 'the draft');
  await ann.getByRole('textbox', { name: 'Message Pier' }).fill('');
});

test('axe finds nothing serious in light, dark and on a phone', { timeout: 120_000 }, async () => {
  const sound = async (page, where) => {
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
    const bad = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    const told = bad.map(
      ({ id, nodes }) =>
        `${where}: ${id}: ${nodes
          .slice(0, 3)
          .map(({ html }) => html.slice(0, 160))
          .join(' | ')}`,
    );
    assert.deepEqual(told, []);
  };
  const looks = {
    light: { colorScheme: 'light' },
    dark: { colorScheme: 'dark' },
    phone: PHONE,
  };
  for (const [look, options] of Object.entries(looks)) {
    const page = await signedIn('cy', options);
    await message(page, 'The gangway is mended').waitFor();
    await sound(page, `${look}, channel`);
    await page.keyboard.press('Control+k');
    await page.keyboard.type('fog');
    await page.getByRole('option').first().waitFor();
    await sound(page, `${look}, search`);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: /channel details/ }).click();
    await sound(page, `${look}, details`);
    await page.keyboard.press('Escape');
    // A post that is turned down, in its place.
    if (look === 'phone') await page.getByRole('button', { name: 'Channels' }).click();
    await page.getByRole('switch').click();
    if (look === 'phone') await page.keyboard.press('Escape');
    await post(page, `Turned down in ${look}`);
    await message(page, `Turned down in ${look}`).getByText('pending').waitFor();
    await sound(page, `${look}, pending`);
    await asAnn('channel.lock');
    if (look === 'phone') await page.getByRole('button', { name: 'Channels' }).click();
    await page.getByRole('switch').click();
    if (look === 'phone') await sound(page, `${look}, drawer`);
    if (look === 'phone') await page.keyboard.press('Escape');
    await message(page, `Turned down in ${look}`).getByText('not accepted').waitFor();
    await sound(page, `${look}, rejected`);
    await asAnn('channel.unlock');
    await page
      .getByRole('button', { name: /not accepted/ })
      .first()
      .click();
    await sound(page, `${look}, not accepted`);
    await page.keyboard.press('Escape');
    await message(page, 'The gangway is mended').getByRole('link', { name: /reply/ }).click();
    await page.getByRole('complementary').getByText('Thank you for that').waitFor();
    await sound(page, `${look}, thread`);
    await page.goto(server.url);
    await sound(page, `${look}, sign-in`);
    await page.context().close();
  }
});
