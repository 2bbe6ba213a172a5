// The other side of src/wasm/host.h: what the core imports.
import { FAILED, FULL, MISSING, type File, type Files } from './files.js';
import { realText } from './reals.js';

/** Files whose content lives as long as the core: locks within this core, which nobody else may open. */
const isVolatile = (name: string) => name.includes('-lock');

export interface Host {
  imports: WebAssembly.Imports;
  /** To be called once the module is there. */
  attach(memory: WebAssembly.Memory): void;
}

export function makeHost(files: Files, volatile: Files): Host {
  let memory: WebAssembly.Memory;
  let bytes = new Uint8Array(0);
  // Growing the memory leaves views of it behind without anything in them.
  const view = () => {
    if (bytes.buffer !== memory.buffer) bytes = new Uint8Array(memory.buffer);
    return bytes;
  };
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  const textAt = (at: number, length: number) => decoder.decode(view().subarray(at, at + length));

  const opened: (File | undefined)[] = [];
  const find = (name: string) => (isVolatile(name) ? volatile : files).get(name);
  const attempt = (work: () => number): number => {
    try {
      return work();
    } catch (error) {
      return error instanceof DOMException && error.name === 'QuotaExceededError' ? FULL : FAILED;
    }
  };

  const wherry = {
    file_open: (name: number, length: number, create: number) =>
      attempt(() => {
        const file = find(textAt(name, length));
        if (!file) return FAILED;
        if (!create && file.size() === 0) return MISSING;
        let number = opened.indexOf(undefined);
        if (number < 0) number = opened.length;
        opened[number] = file;
        return number;
      }),
    file_close: (number: number) => {
      opened[number] = undefined;
    },
    file_read: (number: number, to: number, amount: number, at: number) =>
      attempt(() => opened[number]!.read(view().subarray(to, to + amount), at)),
    file_write: (number: number, from: number, amount: number, at: number) =>
      attempt(() => {
        opened[number]!.write(view().subarray(from, from + amount), at);
        return 0;
      }),
    file_truncate: (number: number, size: number) =>
      attempt(() => {
        opened[number]!.truncate(size);
        return 0;
      }),
    file_sync: (number: number) =>
      attempt(() => {
        opened[number]!.flush();
        return 0;
      }),
    file_size: (number: number) => attempt(() => opened[number]!.size()),
    file_delete: (name: number, length: number) =>
      attempt(() => {
        const file = find(textAt(name, length));
        if (!file) return FAILED;
        if (file.size() === 0) return MISSING;
        file.truncate(0);
        file.flush();
        return 0;
      }),
    file_exists: (name: number, length: number) =>
      attempt(() => {
        const file = find(textAt(name, length));
        if (!file) return FAILED;
        return file.size() > 0 ? 1 : 0;
      }),
    random: (to: number, amount: number) => {
      crypto.getRandomValues(view().subarray(to, to + amount));
    },
    now: () => Date.now(),
    utc_offset: (time: number) => -60 * new Date(1000 * time).getTimezoneOffset(),
    real_text: (real: number, to: number) => encoder.encodeInto(realText(real), view().subarray(to)).written,
    real_of: (decimal: number, length: number) => Number(textAt(decimal, length)),
    log: Math.log,
    give_up: (why: number, length: number) => {
      throw new Error(`the core gives up: ${textAt(why, length)}`);
    },
  };

  return {
    imports: { wherry },
    attach: (given) => {
      memory = given;
    },
  };
}
