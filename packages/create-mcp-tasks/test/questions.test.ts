import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { askMissing } from '../src/questions.ts';

/** Keys, each sent when the question is on the screen that it answers. */
type Keys = readonly (readonly [question: string, ...keys: string[]])[];

const ENTER = '\r';
const DOWN = '\u001B[B';
const CONTROL_C = '\u0003';

function typing(keys: Keys) {
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });
  const output = new PassThrough();
  const left = [...keys];
  let screen = '';
  output.on('data', (chunk: Buffer) => {
    screen += chunk.toString();
    const [next] = left;
    if (next === undefined || !screen.includes(next[0])) return;
    left.shift();
    screen = '';
    // A question listens once it is drawn.
    setImmediate(() => {
      for (const key of next.slice(1)) input.write(key);
    });
  });
  return { input, output };
}

const faultOf = (name: string) => (name === 'ab' ? 'It is taken.' : undefined);

describe('the questions', () => {
  it('are asked one after the other, and a choice is made with the arrows', async () => {
    const terminal = typing([
      ['What is its name?', 'r', 'a', ENTER],
      ['How do clients reach', DOWN, ENTER],
      ['Where are tasks kept?', DOWN, DOWN, ENTER],
      ['Which language?', ENTER],
    ]);
    expect(await askMissing({}, faultOf, terminal)).toEqual({
      name: 'ra',
      transport: 'http',
      store: 'postgres',
      language: 'typescript',
    });
  });

  it('are only those that have no answer yet, and the name has a default', async () => {
    const given = { transport: 'http', store: 'redis', language: 'javascript' } as const;
    expect(await askMissing(given, faultOf, typing([['What is its name?', ENTER]]))).toEqual({
      ...given,
      name: 'my-tasks',
    });
  });

  it('ask for a name again that a project cannot have', async () => {
    const given = { transport: 'http', store: 'redis', language: 'javascript' } as const;
    const keys: Keys = [
      ['What is its name?', 'a', 'b', ENTER],
      ['It is taken.', 'c', ENTER],
    ];
    expect(await askMissing(given, faultOf, typing(keys))).toEqual({ ...given, name: 'abc' });
  });

  it('end without a project when the person gives up', async () => {
    const terminal = typing([['What is its name?', CONTROL_C]]);
    await expect(askMissing({}, faultOf, terminal)).rejects.toMatchObject({
      name: 'Refusal',
      message: 'Nothing was written.',
    });
  });
});
