/** The core alone, without worker and socket: for Node, tests and benches. */
export * from './core.js';
export * from './files.js';
export { OpfsFiles } from '../worker/opfs.js';
