// What the user asked for and the server turned down, or another has overwritten: what it was, why, and what can be done.
import { useChat } from './chat.js';
import { Icon } from './icons.js';
import type { CommandData, OwnCommand } from './types.js';
import { what, why } from './words.js';

export function Failed({ command, hasText = true }: { command: OwnCommand; hasText?: boolean }) {
  const { actions, say } = useChat();
  const { body, name } = JSON.parse(command.data ?? '{}') as CommandData;
  const text = body ?? name;
  return (
    <div className={`failed ${command.state}`} role="group" aria-label={`${what(command.name)} not accepted`}>
      <p>
        <Icon name="alert" size={16} />
        <span>
          {command.state === 'superseded'
            ? `Somebody else changed this after your ${what(command.name)}, which was not taken over.`
            : `Your ${what(command.name)} was not accepted. ${why(command.code, command.message)}`}
        </span>
      </p>
      {hasText && text && <blockquote className="clipped">{text}</blockquote>}
      <div className="buttons small">
        <button onClick={() => void actions.retry(command.id)}>
          <Icon name="retry" size={14} /> Retry
        </button>
        {text !== undefined && (
          <button onClick={() => void navigator.clipboard.writeText(text).then(() => say('The text is copied.'))}>
            <Icon name="copy" size={14} /> Copy text
          </button>
        )}
        <button onClick={() => void actions.dismiss(command.id)}>
          <Icon name="close" size={14} /> Dismiss
        </button>
      </div>
    </div>
  );
}
