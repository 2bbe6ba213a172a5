import { useChat } from './chat.js';
import { EMOJI, nameOf, reactionsIn } from './emoji.js';
import { Icon } from './icons.js';
import { Menu } from './Menu.js';
import type { Message } from './types.js';

export function EmojiMenu({ message }: { message: Message }) {
  const { actions, me } = useChat();
  const toggle = (emoji: string) => {
    const mine = reactionsIn(message.reactions).some((one) => one.emoji === emoji && one.users.includes(me));
    if (mine) actions.unreact(message.id, emoji);
    else actions.react(message.id, emoji);
  };
  return (
    <div data-tool="react">
      <Menu label="React" columns={6} className="end emoji-menu" button={<Icon name="smile" size={18} />}>
        {(close) =>
          EMOJI.map(([name, sign]) => (
            <button
              key={name}
              type="button"
              role="menuitem"
              tabIndex={-1}
              aria-label={nameOf(name)}
              title={nameOf(name)}
              onClick={() => {
                toggle(name);
                close();
              }}
            >
              {sign}
            </button>
          ))
        }
      </Menu>
    </div>
  );
}
