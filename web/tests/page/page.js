// What tests drive: the client, as `wherry` in the page, and a way to open a database as somebody.
import * as client from './client/index.js';
import { openInspector } from './client/inspector.js';

globalThis.wherry = client;
globalThis.open = async (user, options = {}) => {
  const url = `ws://${location.host}/${options.workspace ?? 'team'}`;
  const token = async () => {
    const answer = await fetch(`/dev/token/${options.workspace ?? 'team'}/${user}`);
    return (await answer.json()).token;
  };
  return (globalThis.db = await client.Wherry.open({ url, token, name: user, ...options }));
};
globalThis.openPanel = () => void openInspector(db, { closed: () => (globalThis.panelClosed = true) });
document.title = 'ready';
