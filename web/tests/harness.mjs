// Starts the server with the chat's bundle and pages, and browsers.
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before } from 'node:test';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

export const root = resolve(import.meta.dirname, '../..');
const wherry = process.env.WHERRY ?? join(root, 'build/release/bin/wherry');

export function scratch() {
  return mkdtempSync(join(tmpdir(), 'wherry-web-'));
}

/** A folder with the test's page and the client as it is built. */
export function testPages(into) {
  mkdirSync(into, { recursive: true });
  cpSync(join(root, 'web/tests/page'), into, { recursive: true });
  cpSync(join(root, 'web/client/dist'), join(into, 'client'), { recursive: true });
  return into;
}

export class Server {
  static async start({ folder, web, origin, port = 0, dev = true, bundle = join(root, 'examples/chat') }) {
    const server = new Server();
    server.folder = folder;
    const data = join(folder, 'data');
    const args = ['serve', '--bundle', bundle, '--data', data, '--listen', `127.0.0.1:${port}`];
    if (dev) args.push('--dev');
    if (web) args.push('--web', web);
    if (origin) args.push('--origin', origin);
    server.process = spawn(wherry, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    server.log = '';
    server.process.stderr.on('data', (text) => (server.log += text));
    server.url = await new Promise((resolve, reject) => {
      createInterface(server.process.stdout).on('line', (line) => {
        if (line.startsWith('listening on ')) resolve(line.slice('listening on '.length));
      });
      server.process.on('exit', (code) => reject(new Error(`the server ended with ${code}: ${server.log}`)));
    });
    server.port = Number(new URL(server.url).port);
    return server;
  }
  async stop(signal = 'SIGTERM') {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const gone = new Promise((resolve) => this.process.on('exit', resolve));
    this.process.kill(signal);
    await gone;
  }
}

/** Runs the command line; its output. */
export function cli(...args) {
  return new Promise((resolve, reject) => {
    const child = spawn(wherry, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '', err = '';
    child.stdout.setEncoding('utf8');
    child.stderr.setEncoding('utf8');
    child.stdout.on('data', (text) => (out += text));
    child.stderr.on('data', (text) => (err += text));
    child.on('close', (code) => (code === 0 ? resolve(out) : reject(new Error(`wherry ${args[0]}: ${code}\n${err}`))));
  });
}

const launch = {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
};

/** A browser with a profile of its own: its files stay in `profile`. */
export function browser(profile, options = {}) {
  return chromium.launchPersistentContext(profile, { ...launch, ...options });
}

/** Several users, each in a context of his own. */
export function sharedBrowser() {
  return chromium.launch(launch);
}

/** A page of the test's, with the client in it. What it complains of is shown. */
export async function openPage(context, server, path = '/') {
  const page = await context.newPage();
  page.on('console', (message) => message.type() === 'error' && console.error(`page: ${message.text()}`));
  page.on('pageerror', (error) => console.error(`page: ${error}`));
  await page.goto(server.url + path);
  await page.waitForFunction(() => document.title === 'ready');
  return page;
}

/** The same, with the database of a user open and in step. */
export async function openUser(context, server, user) {
  const page = await openPage(context, server);
  await page.evaluate((user) => open(user), user);
  await until(() => page.evaluate(() => db.status.synced), `${user} to be synced`);
  return page;
}

export async function until(condition, what, ms = 15_000) {
  const end = Date.now() + ms;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** For a file of tests: a server with the test's pages, from before the first of them until after the last. */
export function served() {
  const at = {};
  before(async () => {
    at.folder = scratch();
    at.server = await Server.start({ folder: at.folder, web: testPages(join(at.folder, 'web')) });
  });
  after(async () => {
    await at.server?.stop();
    remove(at.folder);
  });
  return at;
}

export function remove(folder) {
  rmSync(folder, { recursive: true, force: true });
}

/** Makes a workspace with a history of lines as `wherry exec --jsonl` takes them. */
export async function importHistory(server, lines, workspace = 'team') {
  const data = join(server.folder, 'data');
  await cli('workspace', 'create', workspace, '--data', data);
  const as = ['--data', data, '--workspace', workspace, '--as-user', 'import', '--role', 'import'];
  await cli('exec', ...as, '--jsonl', lines);
}
