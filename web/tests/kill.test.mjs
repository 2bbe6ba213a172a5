// A browser that is killed in the middle of writing has lost nothing that was said to be saved.
// WHERRY_KILL_ROUNDS sets how often it is killed (10).
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { browser, openPage, served, until } from './harness.mjs';

const rounds = Number(process.env.WHERRY_KILL_ROUNDS ?? 10);
const at = served();

/** Kills every process of the browser with this profile. */
function kill(profile) {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(`--user-data-dir=${profile}`)) process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It has gone meanwhile.
    }
  }
}

test(`${rounds} times killed: whatever was saved is there`, { timeout: 60_000 + rounds * 20_000 }, async () => {
  const profile = join(at.folder, 'profile');
  const saved = new Set();
  for (let round = 0; round <= rounds; ++round) {
    const context = await browser(profile);
    const page = await openPage(context, at.server);
    await page.exposeFunction('noteSaved', (id) => void saved.add(id));
    // Every other round without the server.
    await page.evaluate((online) => open('ann', { online }), round % 2 === 0 || round === rounds);
    if (round === 0) {
      await until(() => page.evaluate(() => db.status.synced), 'ann to be synced');
      await page.evaluate(() => db.execute('channel.create', { id: 'g', name: 'G' }).saved);
    }
    const there = new Set(await page.evaluate(async () => (await db.query('SELECT id FROM messages')).map(({ id }) => id)));
    assert.deepEqual([...saved].filter((id) => !there.has(id)), [], `lost in round ${round}`);
    if (round === rounds) {
      await until(() => page.evaluate(() => db.status.synced), 'everything to be answered');
      await context.close();
      break;
    }
    void page
      .evaluate(async (round) => {
        for (let n = 0; ; ++n) {
          const id = `r${round}-${n}`;
          await db.execute('message.post', { id, channel_id: 'g', body: `round ${round}, number ${n}` }).saved;
          void noteSaved(id);
        }
      }, round)
      .catch(() => {});
    const before = saved.size;
    await until(() => saved.size > before + 5 + Math.floor(Math.random() * 40), 'some to be saved');
    const gone = new Promise((resolve) => context.on('close', resolve));
    kill(profile);
    await gone;
  }
  console.log(`${saved.size} saved, none lost`);
});
