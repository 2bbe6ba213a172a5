// The client as others get it: packed by npm, installed into apps, and found by their bundlers without configuration.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { browser, remove, root, scratch, Server, until } from './harness.mjs';

const client = join(root, 'web/client');
const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];

let folder, tarball, packed;
before(() => {
  folder = scratch();
  const [made] = JSON.parse(npm(client, 'pack', '--json', '--pack-destination', folder));
  tarball = join(folder, made.filename);
  packed = made.files.map(({ path }) => `./${path}`);
});
after(() => remove(folder));

function npm(cwd, ...args) {
  return execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

/** An app of ./consumers, in a folder of its own, with the client from the tarball. */
function installed(name) {
  const app = join(folder, name);
  cpSync(join(import.meta.dirname, 'consumers', name), app, { recursive: true });
  npm(app, 'ci', '--ignore-scripts', '--prefer-offline', ...quiet);
  npm(app, 'install', '--no-save', '--no-package-lock', '--ignore-scripts', '--offline', ...quiet, tarball);
  return app;
}

/** Writes a channel in the page at `url`, and finds it again after a reload. */
async function writesAndFinds(profile, url) {
  const context = await browser(profile);
  const page = await context.newPage();
  const complaints = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  const shown = () => page.locator('li').allTextContents();
  const synced = () => until(() => page.locator('form[data-synced=true]').count(), `${url} to be synced: ${complaints}`);
  try {
    await page.goto(url);
    await synced();
    await page.locator('input').fill('General');
    await page.keyboard.press('Enter');
    await until(async () => (await shown()).includes('General'), `the channel in ${url}: ${complaints}`);
    await synced();
    await page.reload();
    await until(async () => (await shown()).includes('General'), `the channel after a reload of ${url}: ${complaints}`);
    assert.deepEqual(complaints, []);
  } finally {
    await context.close();
  }
}

/** Builds the app, lets `wherry serve --web` have the result, and uses it. */
async function worksBuilt(app) {
  npm(app, 'run', 'build');
  const server = await Server.start({ folder: app, web: join(app, 'dist') });
  try {
    await writesAndFinds(join(app, 'profile'), server.url);
  } finally {
    await server.stop();
  }
}

/** Vite's server for development, which bundles the client in its own way, on a free port. */
async function developed(app, use) {
  const options = { cwd: app, stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NO_COLOR: '1' } };
  const vite = spawn('node_modules/.bin/vite', ['--host', '127.0.0.1'], options);
  const ended = new Promise((resolve) => vite.on('exit', resolve));
  try {
    const url = await new Promise((resolve, reject) => {
      createInterface(vite.stdout).on('line', (line) => /Local: +(\S+)/.test(line) && resolve(RegExp.$1));
      vite.on('exit', (code) => reject(new Error(`vite ended with ${code}`)));
    });
    await use(new URL(url));
  } finally {
    vite.kill();
    await ended;
  }
}

test('the package holds all that it exports', () => {
  const { exports } = JSON.parse(readFileSync(join(client, 'package.json'), 'utf8'));
  const named = Object.values(exports).flatMap((one) => (typeof one === 'string' ? [one] : Object.values(one)));
  assert.deepEqual(named.filter((file) => !packed.includes(file)), []);
  assert.ok(packed.includes('./README.md') && packed.includes('./dist/LICENSE'));
});

test('an app built with webpack', async () => worksBuilt(installed('webpack')));

test('an app with Vite: built, while it is developed, and its types', async (t) => {
  const app = installed('vite');
  await t.test('built', () => worksBuilt(app));
  await t.test('developed', () =>
    developed(app, async (url) => {
      const server = await Server.start({ folder: join(app, 'developed'), origin: url.origin });
      try {
        const { token } = await (await fetch(`${server.url}/dev/token/team/ann`)).json();
        url.search = String(new URLSearchParams({ url: `ws://127.0.0.1:${server.port}/team`, token }));
        await writesAndFinds(join(app, 'profile'), String(url));
      } finally {
        await server.stop();
      }
    }),
  );
  for (const [module, resolution] of [['esnext', 'bundler'], ['node16', 'node16']])
    await t.test(`types, found as ${resolution} does`, () => {
      const options = ['--noEmit', '--strict', '--target', 'es2022', '--types', 'react'];
      const how = [...options, '--module', module, '--moduleResolution', resolution, 'types.ts'];
      execFileSync(join(client, 'node_modules/.bin/tsc'), how, { cwd: app, encoding: 'utf8', stdio: ['ignore', 'inherit', 'inherit'] });
    });
});
