// Makes docs/screenshots/*.png: the chat's page with the sample history, as ann and cy see it at the same time.
// `node --experimental-websocket screenshots.mjs`. Debian's fonts-noto-color-emoji draws the reactions.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cli, remove, root, scratch, Server, sharedBrowser } from './harness.mjs';

const into = join(root, 'docs/screenshots');
const SIZE = { width: 760, height: 580 };
mkdirSync(into, { recursive: true });

const folder = scratch();
const data = join(folder, 'data');
const server = await Server.start({ folder, web: join(root, 'examples/chat/web/dist') });
const browser = await sharedBrowser();

async function signedIn(user, channel, options = {}) {
  const context = await browser.newContext({ viewport: SIZE, locale: 'en-GB', timezoneId: 'UTC', ...options });
  const page = await context.newPage();
  await page.goto(`${server.url}/?user=${user}#/${channel}`);
  await page.locator('.message').first().waitFor();
  await page.waitForTimeout(800);
  return page;
}

/** Two windows beside each other, drawn by the browser itself. */
async function sideBySide(name, left, right) {
  const shots = await Promise.all([left, right].map((page) => page.screenshot()));
  const page = await browser.newPage({ viewport: { width: SIZE.width * 2 + 60, height: SIZE.height + 40 } });
  const images = shots.map((shot) => `<img src="data:image/png;base64,${shot.toString('base64')}">`).join('');
  await page.setContent(`<style>
    body { display: flex; gap: 20px; margin: 20px; background: #cdd5db }
    img { border-radius: 8px; box-shadow: 0 4px 18px #0004 }
  </style>${images}`);
  await page.screenshot({ path: join(into, `${name}.png`) });
  await page.close();
}

async function post(page, text, box = /^Message/) {
  await page.getByRole('textbox', { name: box }).fill(text);
  await page.keyboard.press('Enter');
  await page.locator('.message', { hasText: text }).first().waitFor();
}
const settle = (page) => page.waitForTimeout(900);

try {
  await cli('workspace', 'create', 'team', '--data', data);
  const history = join(folder, 'history.jsonl');
  writeFileSync(history, execFileSync('python3', [join(root, 'examples/chat/sample.py')]));
  await cli('exec', '--data', data, '--workspace', 'team', '--as-user', 'import', '--role', 'import', '--jsonl', history);

  const ann = await signedIn('ann', 'general');
  const cy = await signedIn('cy', 'general');
  await post(ann, 'The east pier is closed until noon. Who tells the school group?');
  const question = cy.locator('.message', { hasText: 'closed until noon' });
  await question.hover();
  await cy.getByRole('button', { name: 'React' }).click();
  await cy.getByRole('menuitem', { name: 'eyes' }).click();
  await post(cy, 'I do. They will take the 12:30.');
  await cy.mouse.move(0, 0);
  await settle(ann);
  await sideBySide('chat', ann, cy);

  // cy goes offline and writes on, while ann locks the channel.
  await cy.getByRole('switch').click();
  await post(cy, 'And I booked the spare ferry for Friday.');
  await settle(cy);
  await sideBySide('offline', ann, cy);
  await ann.getByRole('button', { name: /channel details/ }).click();
  await ann.getByRole('button', { name: 'Lock the channel' }).click();
  await ann.keyboard.press('Escape');
  await settle(ann);
  await cy.getByRole('switch').click();
  await cy.getByText('was not accepted').waitFor();
  await settle(cy);
  await sideBySide('rejected', ann, cy);
  await ann.getByRole('button', { name: /channel details/ }).click();
  await ann.getByRole('button', { name: 'Unlock the channel' }).click();

  const wide = await signedIn('bob', 'harbour', { viewport: { width: 1180, height: 680 } });
  await wide
    .getByRole('link', { name: /replies/ })
    .last()
    .click();
  await settle(wide);
  await wide.screenshot({ path: join(into, 'thread.png') });

  const dark = await signedIn('dora', 'boat-plans', { colorScheme: 'dark' });
  const search = await signedIn('dora', 'boat-plans', { colorScheme: 'dark' });
  await search.keyboard.press('Control+k');
  await search.keyboard.type('propeller la');
  await search.getByRole('option').first().waitFor();
  await settle(search);
  await sideBySide('dark', dark, search);

  const phone = { viewport: { width: 360, height: 640 }, isMobile: true, hasTouch: true, deviceScaleFactor: 1 };
  const small = await signedIn('eli', 'harbour', phone);
  await small.screenshot({ path: join(into, 'phone.png') });
  await small.getByRole('button', { name: 'Channels' }).click();
  await settle(small);
  await small.screenshot({ path: join(into, 'phone-channels.png') });
} finally {
  await browser.close();
  await server.stop();
  remove(folder);
}
