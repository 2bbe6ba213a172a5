/** The core alone, without files, worker and socket: for Node, and for tests. */
export * from './core.js';
export * from './files.js';
