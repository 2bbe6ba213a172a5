import { Dialog } from './Dialog.js';
import { COMMAND_KEY } from './words.js';

const SHORTCUTS: [keys: string, what: string][] = [
  [`${COMMAND_KEY} K`, 'Search, or switch the channel'],
  ['Alt ↑, Alt ↓', 'The channel above or below'],
  ['Enter', 'Send the message'],
  ['Shift Enter', 'A new line'],
  ['↑', 'In an empty box: edit your last message'],
  ['Shift Tab, then ↑ ↓', 'Walk through the messages'],
  ['R, T, E, Delete', 'On a message: react, reply in its thread, edit, delete'],
  ['M', 'On a message: all there is to do with it'],
  ['Home, End', 'On a message: the oldest, the newest'],
  ['Escape', 'Close the thread, the search, an edit'],
  [`${COMMAND_KEY} /`, 'This list'],
];

export function Shortcuts({ close }: { close: () => void }) {
  return (
    <Dialog title="Keyboard shortcuts" close={close}>
      <dl className="shortcuts">
        {SHORTCUTS.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
