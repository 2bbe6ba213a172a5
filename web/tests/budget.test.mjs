// How much a browser has to fetch, after brotli at its best.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { brotliCompressSync, constants } from 'node:zlib';
import { root } from './harness.mjs';

const client = join(root, 'web/client/dist');
const page = join(root, 'examples/chat/web/dist');
const scriptsOfPage = () =>
  readdirSync(page, { recursive: true }).filter((file) => file.endsWith('.js')).map((file) => join(page, file));
const ofClient = (...files) => () => files.map((file) => join(client, file));

/** In KB of 1000 bytes. */
const budgets = [
  { what: 'the client: index, React hooks and worker', most: 12, files: ofClient('index.js', 'react.js', 'worker.js') },
  { what: 'the inspector', most: 5, files: ofClient('inspector.js') },
  { what: 'the core', most: 420, files: ofClient('core.wasm') },
  { what: "the chat's page with its worker", most: 150, files: scriptsOfPage },
];

function compressed(file) {
  return brotliCompressSync(readFileSync(file), { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
}

for (const { what, most, files } of budgets)
  test(`${what}: at most ${most} KB`, (t) => {
    const found = files();
    assert.notEqual(found.length, 0);
    const size = found.reduce((sum, file) => sum + compressed(file), 0) / 1000;
    t.diagnostic(`${size.toFixed(1)} KB`);
    assert.ok(size <= most, `${size.toFixed(1)} KB are more than ${most}`);
  });
