// What TypeScript finds in the package, whichever way it looks for modules.
import { newId, Wherry, type Outcome, type WherryError } from '@wherry/client';
import { Core } from '@wherry/client/core';
import { useQuery, type QueryState } from '@wherry/client/react';

interface App {
  commands: { 'note.write': { id: string; text: string } };
  scopes: never;
}

export async function write(text: string): Promise<Outcome> {
  const db = await Wherry.open<App>();
  // @ts-expect-error: the text is missing
  db.execute('note.write', { id: newId() });
  return db.execute('note.write', { id: newId(), text }).outcome;
}

export const useNotes = (): QueryState<{ text: string }> => useQuery<{ text: string }>('SELECT text FROM notes');
export const codeOf = (error: WherryError): string => error.code;
// @ts-expect-error: the core needs files
export const core: Promise<Core> = Core.load(new WebAssembly.Module(new Uint8Array()));
