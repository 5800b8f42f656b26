import { describe, expect, it } from 'vitest';
import {
  declaresTasksExtension,
  inputCapabilities,
  requireInputCapabilities,
} from '../../src/request/client-capabilities.ts';

const ELICIT = { method: 'elicitation/create' };
const SAMPLE = { method: 'sampling/createMessage' };

describe('what a client declares', () => {
  it('counts as the extension only in its own place', () => {
    expect(declaresTasksExtension({ extensions: { 'io.modelcontextprotocol/tasks': {} } })).toBe(true);
    expect(declaresTasksExtension({ tasks: { requests: { tools: { call: {} } } } })).toBe(false);
    expect(declaresTasksExtension({ extensions: { 'io.modelcontextprotocol/tasks': true } })).toBe(false);
    expect(declaresTasksExtension(undefined)).toBe(false);
  });

  it.each([
    [{ elicitation: {} }, true, false],
    [{ elicitation: { form: {} } }, true, false],
    [{ elicitation: { url: {} } }, false, false],
    [{ elicitation: { url: {}, form: {} }, sampling: {} }, true, true],
    [{ sampling: {} }, false, true],
    [{}, false, false],
  ])('%o can answer forms: %s, sampling: %s', (capabilities, elicitation, sampling) => {
    expect(inputCapabilities(capabilities)).toMatchObject({ elicitation, sampling });
  });

  it('is unknown when nothing was declared at all', () => {
    expect(inputCapabilities(undefined)).toBeUndefined();
  });

  it('refuses to show what the client cannot answer, naming what is missing', () => {
    const refused = (methods: { method: string }[], capabilities: unknown) => {
      try {
        requireInputCapabilities(methods, capabilities);
        return undefined;
      } catch (error) {
        return (error as { details: unknown }).details;
      }
    };
    expect(refused([ELICIT, SAMPLE], { elicitation: {}, sampling: {} })).toBeUndefined();
    expect(refused([ELICIT, SAMPLE], { elicitation: {} })).toEqual({ requiredCapabilities: { sampling: {} } });
    expect(refused([ELICIT], { sampling: {} })).toEqual({ requiredCapabilities: { elicitation: { form: {} } } });
    expect(refused([SAMPLE], undefined)).toEqual({ requiredCapabilities: { sampling: {} } });
  });
});
