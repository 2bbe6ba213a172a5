import { memo, useMemo } from 'react';
import { useChat } from './chat.js';
import { nameOf as emojiName, reactionsIn, signOf } from './emoji.js';
import { Icon } from './icons.js';
import type { Message } from './types.js';
import { plural } from './words.js';

export const Reactions = memo(function Reactions({ message, canChange }: { message: Message; canChange: boolean }) {
  const { me, nameOf, actions } = useChat();
  const reactions = useMemo(() => reactionsIn(message.reactions), [message.reactions]);
  if (reactions.length === 0 && message.votes === 0) return null;
  return (
    <ul className="plain reactions" aria-label="Reactions">
      {reactions.map(({ emoji, users }) => {
        const isMine = users.includes(me);
        const who = `${emojiName(emoji)}: ${users.map(nameOf).join(', ')}`;
        return (
          <li key={emoji}>
            <button
              className="reaction"
              aria-pressed={isMine}
              disabled={!canChange}
              title={who}
              aria-label={`${users.length} ${who}`}
              onClick={() => void (isMine ? actions.unreact(message.id, emoji) : actions.react(message.id, emoji))}
            >
              <span aria-hidden="true">{signOf(emoji)}</span> {users.length}
            </button>
          </li>
        );
      })}
      {message.votes !== 0 && (
        <li>
          <button
            className="reaction"
            disabled={!canChange}
            aria-label={`${plural(message.votes, 'vote')}, vote up`}
            title="Vote up"
            onClick={() => void actions.vote(message.id, 1)}
          >
            <Icon name={message.votes > 0 ? 'up' : 'down'} size={14} /> {Math.abs(message.votes)}
          </button>
        </li>
      )}
    </ul>
  );
});
