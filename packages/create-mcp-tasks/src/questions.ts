import type { Readable, Writable } from 'node:stream';
import { isCancel, select, text } from '@clack/prompts';
import { type Answers, type Choice, DEFAULTS, LANGUAGES, STORES, TRANSPORTS } from './answers.ts';
import { Refusal } from './refusal.ts';

/** The terminal. */
interface Terminal {
  readonly input?: Readable;
  readonly output?: Writable;
}

/** Tells why a project cannot have a name, in a sentence. */
type FaultOf = (name: string) => string | undefined;

/**
 * Ask for every answer that is missing.
 *
 * @throws {Refusal} the person gave up.
 */
export async function askMissing(given: Partial<Answers>, faultOf: FaultOf, terminal: Terminal = {}): Promise<Answers> {
  const { name, transport, store, language } = given;
  const choose = async <Key extends string>(message: string, choices: Readonly<Record<Key, Choice>>) => {
    const options = Object.entries<Choice>(choices).map(([value, choice]) => ({ value, ...choice }));
    return answered(await select<string>({ message, options, ...terminal })) as Key;
  };
  return {
    name: name ?? (await askName(faultOf, terminal)),
    transport: transport ?? (await choose('How do clients reach the server?', TRANSPORTS)),
    store: store ?? (await choose('Where are tasks kept?', STORES)),
    language: language ?? (await choose('Which language?', LANGUAGES)),
  };
}

async function askName(faultOf: FaultOf, terminal: Terminal): Promise<string> {
  return answered(
    await text({
      message: 'What is its name?',
      placeholder: DEFAULTS.name,
      defaultValue: DEFAULTS.name,
      validate: (value) => faultOf(value === undefined || value === '' ? DEFAULTS.name : value),
      ...terminal,
    }),
  );
}

function answered(answer: string | symbol): string {
  if (isCancel(answer)) throw new Refusal('Nothing was written.');
  return String(answer);
}
