import { defineConfig } from 'vite';

const server = process.env['WHERRY'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  // The client is linked from this repository and has a React of its own beside it: there must be one only.
  resolve: { dedupe: ['react'] },
  // Its worker and its core are found beside its modules, which must stay where they are.
  optimizeDeps: { exclude: ['@wherry/client', '@wherry/client/react'], include: ['react'] },
  worker: { format: 'es' },
  build: { target: 'es2022', modulePreload: { polyfill: false } },
  server: {
    fs: { allow: ['.', '../../../web/client'] },
    proxy: { '/dev/': server, '/team': { target: server, ws: true } },
  },
});
