// Asks a newcomer what others shall call him.
import { useStatus } from '@wherry/client/react';
import type { FormEvent } from 'react';
import { useChat } from './chat.js';

export function YourName() {
  const { me, users, actions } = useChat();
  const { synced } = useStatus();
  if (!synced || users.some(({ id }) => id === me)) return null;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get('name')).trim();
    if (name) actions.register(me, name);
  };
  return (
    <form className="your-name" onSubmit={submit}>
      <label>
        What shall others call you?
        <input name="name" required maxLength={200} defaultValue={me.charAt(0).toUpperCase() + me.slice(1)} autoComplete="name" />
      </label>
      <button className="primary">Save</button>
    </form>
  );
}
