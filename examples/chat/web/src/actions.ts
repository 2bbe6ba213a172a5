// Everything this page does to the data: the only place that names commands.
import { newId, type Execution, type Wherry } from '@wherry/client';
import type { App, Commands } from './bundle.js';

export type Actions = ReturnType<typeof makeActions>;

/** `refused` hears of what may not be done, except of posts and edits: who typed those sees it beside his text. */
export function makeActions(db: Wherry<App>, refused: (error: Error) => void) {
  const run = <N extends keyof Commands>(name: N, params: Commands[N]): Execution => {
    const execution = db.execute(name, params);
    execution.saved.catch(refused);
    return execution;
  };
  return {
    post: (channel: string, body: string, thread?: string) =>
      db.execute('message.post', { id: newId(), channel_id: channel, body, ...(thread && { thread_id: thread }) }),
    edit: (id: string, body: string) => db.execute('message.edit', { id, body }),
    remove: (id: string) => run('message.delete', { id }),
    move: (id: string, channel: string) => run('message.move', { id, channel_id: channel }),
    react: (id: string, emoji: string) => run('message.react', { id, emoji }),
    unreact: (id: string, emoji: string) => run('message.unreact', { id, emoji }),
    vote: (id: string, by: number) => run('message.vote', { id, by }),

    createChannel(name: string, isPrivate: boolean): string {
      const id = newId();
      run('channel.create', { id, name, private: isPrivate });
      return id;
    },
    renameChannel: (id: string, name: string) => run('channel.rename', { id, name }),
    lockChannel: (id: string) => run('channel.lock', { id }),
    unlockChannel: (id: string) => run('channel.unlock', { id }),
    addMember: (channel: string, user: string) => run('channel.add_member', { channel_id: channel, user_id: user }),
    removeMember: (channel: string, user: string) => run('channel.remove_member', { channel_id: channel, user_id: user }),
    /** Nobody asked for it: nobody is told when it fails. */
    markRead: (channel: string, message: string) => db.execute('channel.mark_read', { channel_id: channel, message_id: message }),

    /** Of a channel, or of a thread by its first message. Stays on this device. */
    saveDraft: (place: string, body: string) => db.execute('draft.save', { channel_id: place, body }),
    register: (id: string, name: string) => run('user.register', { id, name }),

    /** Once more as it was; the old one goes when that is under way. */
    async retry(command: string): Promise<void> {
      const { saved } = db.retry(command);
      await saved.then(() => db.dismiss(command), refused);
    },
    dismiss: (command: string) => db.dismiss(command),
  };
}
