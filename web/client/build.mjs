// Makes dist/: the modules, their types, and the core. `node build.mjs CORE.wasm`
import { execFileSync } from 'node:child_process';
import { copyFileSync, rmSync } from 'node:fs';
import { build } from 'esbuild';

const core = process.argv[2] ?? '../../build/wasm/bin/core.wasm';
rmSync('dist', { recursive: true, force: true });
const common = { bundle: true, format: 'esm', target: 'es2022', outdir: 'dist', minify: true, sourcemap: true };
await build({
  ...common,
  entryPoints: ['src/index.ts'],
  // Found by bundlers as they find it here: beside this module.
  external: ['./worker.js', './core.wasm'],
});
await build({ ...common, entryPoints: { worker: 'src/worker/worker.ts', core: 'src/core/index.ts' } });
await build({ ...common, entryPoints: ['src/inspector.ts'] });
await build({ ...common, entryPoints: ['src/react.ts'], external: ['react', './index.js'] });
execFileSync('node_modules/.bin/tsc', { stdio: 'inherit' });
copyFileSync(core, 'dist/core.wasm');
copyFileSync('../../LICENSE', 'dist/LICENSE');
