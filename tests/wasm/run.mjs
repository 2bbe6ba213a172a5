// Runs a test program that is WebAssembly: run.mjs PROGRAM [ARGUMENT…]. It ends as the program does.
//
// The program sees the source tree, and a folder of its own as /tmp, which goes when it ends. In both it
// opens files as C does; SQLite's come through the imports of src/wasm/host.h and are the same files.
import { createHash, randomFillSync } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import v8 from 'node:v8';
import { WASI } from 'node:wasi';

import { realText } from '../../web/client/src/core/reals.js';

// Node's WASI allocates, and so collects garbage, in calls for which V8 has promised that none is collected.
v8.setFlagsFromString('--no-turbo-fast-api-calls');

const MISSING = -1;
const FULL = -2;
const FAILED = -3;

const source = fileURLToPath(new URL('../..', import.meta.url));
// In memory where the system offers it: a sync would be for nothing, and none is made.
const folder = fs.mkdtempSync(path.join(fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir(), 'wherry-wasm-'));

let memory;
const view = (at, length) => new Uint8Array(memory.buffer, at, length);

const decoder = new TextDecoder();
const outside = (name, length) => {
  const inside = decoder.decode(view(name, length));
  return inside.startsWith('/tmp/') ? path.join(folder, inside.slice('/tmp'.length)) : inside;
};

const attempt = (work) => {
  try {
    return work();
  } catch (error) {
    return error.code === 'ENOENT' ? MISSING : error.code === 'ENOSPC' ? FULL : FAILED;
  }
};
const done = (work) => attempt(() => (work(), 0));

const wherry = {
  file_open: (name, length, create) =>
    attempt(() => fs.openSync(outside(name, length), fs.constants.O_RDWR | (create ? fs.constants.O_CREAT : 0))),
  file_close: (file) => fs.closeSync(file),
  file_read: (file, to, amount, at) => attempt(() => fs.readSync(file, view(to, amount), 0, amount, at)),
  file_write: (file, from, amount, at) =>
    attempt(() => (fs.writeSync(file, view(from, amount), 0, amount, at) === amount ? 0 : FULL)),
  file_truncate: (file, size) => done(() => fs.ftruncateSync(file, size)),
  file_sync: () => 0,
  file_size: (file) => attempt(() => fs.fstatSync(file).size),
  file_delete: (name, length) => done(() => fs.unlinkSync(outside(name, length))),
  file_exists: (name, length) => Number(fs.existsSync(outside(name, length))),
  random: (to, amount) => void randomFillSync(view(to, amount)),
  now: () => Date.now(),
  utc_offset: (time) => -60 * new Date(1000 * time).getTimezoneOffset(),
  real_text: (real, to) => new TextEncoder().encodeInto(realText(real), view(to, 25)).written,
  real_of: (decimal, length) => Number(decoder.decode(view(decimal, length))),
  log: Math.log,
  give_up: (why, length) => {
    throw new Error(`the core gives up: ${decoder.decode(view(why, length))}`);
  },
};

const wherry_test = {
  sha256: (bytes, length, digest) =>
    void view(digest, 32).set(createHash('sha256').update(view(bytes, length)).digest()),
};

const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => /^(RC|GTEST|WHERRY)_/.test(name)));
const wasi = new WASI({
  version: 'preview1',
  args: process.argv.slice(2),
  env,
  preopens: { '/tmp': folder, [source]: source },
  returnOnExit: true,
});

try {
  const module = await WebAssembly.compile(fs.readFileSync(process.argv[2]));
  const instance = await WebAssembly.instantiate(module, { wasi_snapshot_preview1: wasi.wasiImport, wherry, wherry_test });
  memory = instance.exports.memory;
  process.exitCode = wasi.start(instance);
} catch (error) {
  // A trap: abort(), a failed check of the library, the end of the stack.
  console.error(error);
  process.exitCode = 1;
} finally {
  fs.rmSync(folder, { recursive: true });
}
