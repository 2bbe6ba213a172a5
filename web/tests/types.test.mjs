// What the compiler says of an app that uses the client with the types of its bundle.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { cli, root } from './harness.mjs';

const here = join(import.meta.dirname, 'types');

test('the types of both bundles are as they would be made now', async () => {
  await cli('generate', 'typescript', join(root, 'examples/chat'), '--check', join(root, 'examples/chat/web/src/bundle.ts'));
  await cli('generate', 'typescript', join(root, 'tests/tracker'), '--check', join(here, 'tracker.ts'));
});

test('wrong commands, parameters and scopes do not compile, right ones do', () => {
  const { status, stdout } = spawnSync(join(root, 'web/client/node_modules/.bin/tsc'), ['-p', here], { encoding: 'utf8' });
  assert.equal(status, 0, stdout);
});
