import assert from 'node:assert/strict';
import { parseArgs } from 'node:util';
import { isSlowedDown, isTurnedAway, letterOf, listedIds, looksMissing, startLetter } from './checks.ts';
import { createIssuer } from './issuer.ts';
import { serveLetters } from './server.ts';
import { connectUser } from './user.ts';

const HELP = `Two users of one server, neither of whom can see the other's tasks.

usage: pnpm --filter @mcp-tasks/example-http-auth start [--same-owner] [--help]

  --same-owner  make both users own the same tasks, to see the checks fail
  --help        print this

Ends with 0 when all is as it should be, with 1 when not.`;

async function check(name: string, run: () => Promise<void>): Promise<void> {
  await run();
  console.log(`ok  ${name}`);
}

async function main(sameOwner: boolean): Promise<void> {
  const issuer = await createIssuer('https://issuer.example');
  const server = await serveLetters(issuer, { sameOwner });
  const { url } = server;
  const alice = await connectUser(url, await issuer.tokenFor('alice', url));
  const bob = await connectUser(url, await issuer.tokenFor('bob', url));
  try {
    await check('no token: 401', () => isTurnedAway(url, undefined));
    const expired = await issuer.tokenFor('alice', url, { lifetimeSeconds: -1 });
    await check('an expired token: 401', () => isTurnedAway(url, expired));
    const elsewhere = await issuer.tokenFor('alice', url, { audience: 'https://elsewhere.example' });
    await check('a token for another server: 401', () => isTurnedAway(url, elsewhere));

    const ofAlice = await startLetter(alice, 'Grace');
    const ofBob = await startLetter(bob, 'Ada');
    const { taskId } = ofAlice.handle;
    await check("bob cannot read, fetch or cancel alice's task", () => looksMissing(bob, taskId));
    await check("bob's list shows bob's task alone", async () => {
      assert.deepEqual(await listedIds(bob), [ofBob.handle.taskId]);
    });
    await check("alice's list shows alice's task alone", async () => {
      assert.deepEqual(await listedIds(alice), [taskId]);
    });
    await check('a user who asks too fast is told to wait', async () => {
      await isSlowedDown(url, await issuer.tokenFor('carol', url));
    });
    await check('both get their letters', async () => {
      assert.match(await letterOf(ofAlice), /^Dear Grace, from .*alice/);
      assert.match(await letterOf(ofBob), /^Dear Ada, from .*bob/);
    });
  } finally {
    await alice.close();
    await bob.close();
    await server.close();
  }
}

const { values } = parseArgs({ options: { 'same-owner': { type: 'boolean' }, help: { type: 'boolean' } } });
if (values.help === true) console.log(HELP);
else {
  await main(values['same-owner'] === true).catch((error: unknown) => {
    console.error(error instanceof Error ? `failed: ${error.message}` : error);
    process.exitCode = 1;
  });
}
