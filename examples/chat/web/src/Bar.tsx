// The bar at the top: search, the connection, what was turned down, the user's menu.
import { useStatus, useWherry } from '@wherry/client/react';
import { useState } from 'react';
import type { Wherry } from '@wherry/client';
import { Avatar } from './Avatar.js';
import { useChannels, useChat, useCommands } from './chat.js';
import { ConnectionState } from './ConnectionState.js';
import { Dialog } from './Dialog.js';
import { Icon } from './icons.js';
import { Menu, MenuItem } from './Menu.js';
import { COMMAND_KEY, plural } from './words.js';
import type { Overlay, WorkspaceProps } from './Workspace.js';

export function Bar({ identity, leave, open }: WorkspaceProps & { open: (overlay: Overlay) => void }) {
  const db = useWherry();
  const { nameOf, me } = useChat();
  const [isRenaming, setRenaming] = useState(false);
  const [isRemoving, setRemoving] = useState(false);
  const hasUnread = useChannels().some(({ mine, unread }) => mine && unread > 0);
  const failed = useCommands().all.filter(({ state }) => state !== 'pending').length;
  return (
    <header className="bar">
      <button className="icon-button only-small" aria-label="Channels" aria-controls="channels" onClick={() => open('drawer')}>
        <Icon name="menu" />
        {hasUnread && <span className="unread-dot" title="Unread messages" />}
      </button>
      <span className="workspace-name">{identity.workspace}</span>
      <button
        className="search-button"
        aria-label="Search or switch channel"
        aria-keyshortcuts="Control+K"
        onClick={() => open('search')}
      >
        <Icon name="search" size={18} />
        <span className="not-small">Search or switch channel</span>
        <kbd className="not-small" data-keys={`${COMMAND_KEY} K`} aria-hidden="true" />
      </button>
      {failed > 0 && (
        <button className="failed-button" aria-label={`${failed} not accepted`} onClick={() => open('attention')}>
          <Icon name="alert" size={18} />
          {failed} <span className="not-small">not accepted</span>
        </button>
      )}
      <ConnectionState />
      <Menu label={`${nameOf(me)}: menu`} className="end" button={<Avatar id={me} name={nameOf(me)} />}>
        {(close) => {
          const then = (action: () => void) => () => {
            close();
            action();
          };
          return (
            <>
              <p className="menu-title">
                {nameOf(me)} <span className="quiet">{identity.role ? `${me}, ${identity.role}` : me}</span>
              </p>
              <MenuItem chosen={then(() => setRenaming(true))}>Change your name…</MenuItem>
              <MenuItem chosen={then(() => open('shortcuts'))}>Keyboard shortcuts</MenuItem>
              <MenuItem chosen={then(() => void inspect(db))}>This device's database</MenuItem>
              <a role="menuitem" tabIndex={-1} className="menu-item" href={`/inspector/#/w/${encodeURIComponent(identity.workspace)}`} target="_blank">
                The server's inspector
              </a>
              <hr />
              <MenuItem chosen={then(() => void leave('keep data'))}>Sign out</MenuItem>
              <MenuItem danger chosen={then(() => setRemoving(true))}>
                Sign out and remove data…
              </MenuItem>
            </>
          );
        }}
      </Menu>
      {isRenaming && <Rename close={() => setRenaming(false)} />}
      {isRemoving && <RemoveData close={() => setRemoving(false)} remove={() => void leave('remove data')} />}
    </header>
  );
}

/** Fetched when somebody wants to look. */
async function inspect(db: Wherry): Promise<void> {
  const { openInspector } = await import('@wherry/client/inspector');
  openInspector(db);
}

function Rename({ close }: { close: () => void }) {
  const { me, nameOf, actions } = useChat();
  const [name, setName] = useState(nameOf(me));
  return (
    <Dialog title="Your name" close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          actions.register(me, name.trim());
          close();
        }}
      >
        <label>
          What others call you
          <input
            data-first
            value={name}
            onChange={(event) => setName(event.target.value)}
            required
            maxLength={200}
            autoComplete="name"
          />
        </label>
        <div className="buttons">
          <button className="primary" disabled={name.trim() === ''}>
            Save
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function RemoveData({ close, remove }: { close: () => void; remove: () => void }) {
  const { pending } = useStatus();
  return (
    <Dialog title="Remove the data of this device?" close={close}>
      <p>The messages stay on the server and come back when you sign in again.</p>
      {pending > 0 && (
        <p className="warning">
          <Icon name="alert" /> {plural(pending, 'change')} not sent yet will be lost.
        </p>
      )}
      <div className="buttons">
        <button className="danger" onClick={remove}>
          Sign out and remove
        </button>
        <button onClick={close}>Cancel</button>
      </div>
    </Dialog>
  );
}
