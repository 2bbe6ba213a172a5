// Files in the origin's private file system, through sync access handles: each may be open once in the whole
// browser, in a dedicated worker. Source: the File System Standard.
import { CoreError } from '../core/core.js';
import type { File, Files } from '../core/files.js';

class OpfsFile implements File {
  constructor(readonly handle: FileSystemSyncAccessHandle) {}
  read(to: Uint8Array, at: number): number {
    return this.handle.read(to as Uint8Array<ArrayBuffer>, { at });
  }
  write(from: Uint8Array, at: number): void {
    const written = this.handle.write(from as Uint8Array<ArrayBuffer>, { at });
    if (written !== from.length) throw new DOMException('the disk is full', 'QuotaExceededError');
  }
  truncate(size: number): void {
    this.handle.truncate(size);
  }
  flush(): void {
    this.handle.flush();
  }
  size(): number {
    return this.handle.getSize();
  }
}

export class OpfsFiles implements Files {
  readonly missing = new Set<string>();
  readonly #files = new Map<string, OpfsFile>();

  private constructor(readonly folder: FileSystemDirectoryHandle) {}

  /** The folder of the database `name`. Throws `storage` when the browser keeps no files here. */
  static async in(name: string): Promise<OpfsFiles> {
    try {
      return new OpfsFiles(await (await allFolders()).getDirectoryHandle(name, { create: true }));
    } catch (error) {
      throw noStorage(error);
    }
  }

  get(name: string): File | undefined {
    const file = this.#files.get(name);
    if (!file) this.missing.add(name);
    return file;
  }

  async open(names: Iterable<string>): Promise<void> {
    const wanted = [...names].filter((name) => !this.#files.has(name));
    await Promise.all(
      wanted.map(async (name) => {
        const file = await this.folder.getFileHandle(name, { create: true });
        this.#files.set(name, new OpfsFile(await accessHandle(file)));
      }),
    );
  }

  /** Whether `name` is still in the folder: whoever clears the site's data takes away files that are open, which then
      take what is written and keep nothing. */
  async has(name: string): Promise<boolean> {
    return this.folder.getFileHandle(name).then(
      () => true,
      (error: unknown) => !(error instanceof DOMException && error.name === 'NotFoundError'),
    );
  }

  close(): void {
    for (const file of this.#files.values()) file.handle.close();
    this.#files.clear();
  }
}

async function allFolders(): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  return root.getDirectoryHandle('wherry', { create: true });
}

/** Removes the database `name`, which nobody may have open. One that is not there is removed already. */
export async function removeFiles(name: string): Promise<void> {
  const all = await allFolders();
  await all.removeEntry(name, { recursive: true }).catch((error: Error) => {
    if (error.name !== 'NotFoundError') throw error;
  });
}

/** A worker that was just ended may hold the file for a moment still. */
async function accessHandle(file: FileSystemFileHandle): Promise<FileSystemSyncAccessHandle> {
  const LONGEST_MS = 5000;
  for (const begun = performance.now(); ; ) {
    try {
      return await file.createSyncAccessHandle();
    } catch (error) {
      const isHeld = error instanceof DOMException && error.name === 'NoModificationAllowedError';
      if (!isHeld) throw noStorage(error);
      if (performance.now() - begun > LONGEST_MS)
        throw new CoreError('busy', `the file ${file.name} is held by another page that does not take turns`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

function noStorage(error: unknown): CoreError {
  const why = error instanceof Error ? error.message : String(error);
  const cure = 'Wherry keeps its database in the private file system, which private windows and old browsers may lack.';
  return new CoreError('storage', `This browser keeps no files for this site: ${why} ${cure}`);
}
