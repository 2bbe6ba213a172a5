// One workspace: what it is, how busy, and below it its commands or its sessions.
import { ask } from './api.js';
import { Commands } from './commands.js';
import { h, show } from './dom.js';
import { bytes, count, rate } from './format.js';
import { Plot } from './plot.js';
import { Poll } from './poll.js';
import { Sessions } from './sessions.js';

const SECONDS = 300;

export function showWorkspace(main, name, report) {
  const path = ['workspaces', name];
  const facts = h('dl.facts');
  const plot = new Plot(SECONDS);
  const tabs = h('nav.tabs', { 'aria-label': 'Of this workspace' });
  const panel = h('div');
  const pauseButton = h('button', { type: 'button', 'aria-pressed': 'false', onclick: () => pause(!paused) }, 'Pause');
  main.append(
    h('section', h('div.title', h('h1', name), pauseButton), facts),
    h('section', { 'aria-label': 'Activity' }, plot.element),
    tabs,
    panel,
  );

  let paused = false,
    tab = '',
    view,
    names = [];
  const polls = [];
  const pause = (value) => {
    paused = value;
    pauseButton.setAttribute('aria-pressed', String(paused));
    show(pauseButton, paused ? 'Go on' : 'Pause');
    for (const poll of polls) poll.pause(paused);
    view?.pause(paused);
  };

  polls.push(
    new Poll(
      async (signal) => {
        const answer = await ask(path, {}, signal);
        const { workspace } = answer;
        const fact = (title, ...value) => h('div', h('dt', title), h('dd', value));
        show(
          facts,
          fact('State', { open: 'open', busy: h('b.bad', 'busy'), at_rest: 'at rest' }[workspace.state]),
          fact('Seq', count(answer.head)),
          fact('Sessions', count(workspace.sessions ?? 0)),
          fact('Commands', rate(workspace.state === 'open' ? workspace.per_second : 0)),
          fact('Waiting', count(workspace.waiting_commands ?? 0)),
          fact('File', bytes(workspace.bytes + workspace.wal_bytes)),
          fact('App', answer.bundle),
        );
        names = answer.commands;
        view?.setNames?.(names);
      },
      2000,
      report,
    ),
  );

  let since = 0;
  polls.push(
    new Poll(
      async (signal) => {
        const answer = await ask([...path, 'activity'], { seconds: SECONDS, since }, signal);
        plot.add(answer);
        since = answer.until;
      },
      1000,
      report,
    ),
  );

  return {
    go(wanted, item, params) {
      if (wanted !== tab) {
        view?.stop();
        panel.replaceChildren();
        tab = wanted === 'sessions' ? 'sessions' : 'commands';
        const link = (one, title) => h('a', { href: `#/w/${name}/${one}`, 'aria-current': one === tab ? 'page' : null }, title);
        tabs.replaceChildren(link('commands', 'Commands'), link('sessions', 'Sessions'));
        view = tab === 'sessions' ? new Sessions(panel, path, report) : new Commands(panel, path, report);
        view.setNames?.(names);
        if (paused) view.pause(true);
      }
      view.go?.(item, params);
    },
    stop() {
      for (const poll of polls) poll.stop();
      view?.stop();
      plot.stop();
    },
  };
}
