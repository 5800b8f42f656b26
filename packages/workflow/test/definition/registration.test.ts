import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Step, workflow, type WorkflowBuilder, type WorkflowOptions } from '../../src/index.ts';
import { workflowsOf } from '../../src/serving.ts';
import { layer, text } from '../support/layer.ts';

/** What the compiler lets nobody write, as it comes from JavaScript. */
interface Loose {
  readonly args: Readonly<Record<string, never>>;
  readonly step: (
    name: string,
    options: Readonly<Record<string, unknown>>,
  ) => Step & { readonly output: Readonly<Record<string, never>> };
}

function setUp(options: Partial<Omit<WorkflowOptions, 'arguments'>> = {}) {
  const tasks = layer();
  const plain = tasks.tool(
    'plain',
    {
      inputSchema: z.object({ text: z.string(), deep: z.object({ a: z.string() }).optional() }),
      outputSchema: z.object({ line: z.string() }),
    },
    () => text('done'),
  );
  const open = tasks.tool('open', { inputSchema: z.looseObject({}) }, () => text('done'));
  const args = z.object({ region: z.string(), count: z.coerce.number().optional() });
  const define = (build: (builder: Loose) => void) =>
    workflow(tasks, 'w', { description: 'A workflow', arguments: args, ...options }, build as never);
  const refused = (build: (builder: Loose) => void): string => {
    try {
      define(build);
    } catch (error) {
      if (error instanceof Error) return error.message;
      throw error;
    }
    return 'not refused';
  };
  return { tasks, plain, open, define, refused };
}

describe('registering a workflow', () => {
  it('[WINT-01] makes it known, with a companion tool of the same name and arguments', () => {
    const { tasks, plain, define } = setUp({ title: 'W', ttlMs: 5_000 });
    define(({ args, step }) => step('one', { tool: plain, arguments: { text: args['region'] } }));
    expect(workflowsOf(tasks).get('w')).toMatchObject({
      name: 'w',
      title: 'W',
      description: 'A workflow',
      durable: true,
    });
    expect(tasks.tools.get('w')?.options).toMatchObject({ taskSupport: 'optional', onCrash: 'rerun', ttlMs: 5_000 });
    expect(tasks.tools.get('w')?.options.inputSchema).toBe(workflowsOf(tasks).get('w')?.argumentsSchema);
  });

  it('leaves nothing behind when it is refused', () => {
    const { tasks, plain, refused } = setUp();
    refused(({ step }) => step('one', { tool: plain, arguments: { text: 'x', other: 1 } }));
    expect(workflowsOf(tasks).size).toBe(0);
    expect(tasks.tools.has('w')).toBe(false);
  });

  it('[WINT-01] refuses a tool that these tasks do not have, or that is given by name to a step of the server', () => {
    const { plain, refused } = setUp();
    const foreign = setUp().plain;
    expect(refused(({ step }) => step('one', { tool: foreign }))).toBe(
      'Workflow "w", step "one": tool "plain" is not registered in these tasks: register it there first.',
    );
    expect(refused(({ step }) => step('one', { tool: 'plain' }))).toMatch(/step "one": tool "plain" is given by name/);
    expect(refused(({ step }) => step('one', { tool: { ...plain } }))).toMatch(/not registered/);
    expect(refused(({ step }) => step('one', { tool: 7 }))).toMatch(/`tool` must be what `tasks.tool` returned/);
  });

  it('refuses another workflow, and itself, as a tool', () => {
    const { tasks, plain, define, refused } = setUp();
    define(({ step }) => step('one', { tool: plain, arguments: { text: 'x' } }));
    const companion = tasks.tools.get('w');
    expect(refused(({ step }) => step('one', { tool: companion }))).toMatch(/tool "w" is a workflow/);
    expect(refused(({ step }) => step('one', { tool: 'w', client: true }))).toMatch(/tool "w" is a workflow/);
  });

  it('[WINT-01] refuses two steps of one name, a name that would not do, and a workflow without steps', () => {
    const { plain, refused } = setUp();
    const one = { tool: plain, arguments: { text: 'x' } };
    const twice = refused(({ step }) => {
      step('one', one);
      step('one', one);
    });
    expect(twice).toBe('Workflow "w": there are two steps "one": names of steps are unique.');
    expect(refused(() => undefined)).toBe('Workflow "w": it has no steps: add one.');
    for (const name of ['', 'a/b', ' a', 'a\nb', 'x'.repeat(129)]) {
      expect(
        refused(({ step }) => step(name, one)),
        JSON.stringify(name),
      ).toMatch(/name of a step/);
    }
    const late: unknown = () => Promise.resolve();
    expect(refused(late as () => void)).toMatch(/must not be async/);
  });

  it('refuses the name of a member of every object, for itself and for a step', () => {
    const { tasks, plain, refused } = setUp();
    expect(refused(({ step }) => step('toString', { tool: plain, arguments: { text: 'x' } }))).toBe(
      'Workflow "w", step "toString": the name must not be "toString", since every object has a member of this name: choose another name.',
    );
    expect(() => workflow(tasks, '__proto__', { description: 'd' }, () => undefined)).toThrow(
      'Workflow "__proto__": the name must not be "__proto__"',
    );
  });

  it('refuses a step that is added after the workflow was defined', () => {
    const { plain, define } = setUp();
    let later: Loose['step'] | undefined;
    define(({ step }) => {
      later = step;
      step('one', { tool: plain, arguments: { text: 'x' } });
    });
    expect(() => later?.('two', { tool: plain, arguments: { text: 'x' } })).toThrow(/after the workflow was defined/);
  });

  it('refuses an argument that the tool does not have, and names those that it has', () => {
    const { plain, open, define, refused } = setUp();
    expect(refused(({ step }) => step('one', { tool: plain, arguments: { text: 'x', txt: 'y' } }))).toBe(
      'Workflow "w", step "one": argument "txt": tool "plain" has none of this name (it takes "text", "deep").',
    );
    define(({ step }) => step('one', { tool: open, arguments: { anything: 1 } }));
  });

  it('refuses a reference to an argument, field or step that is not there', () => {
    const { plain, refused } = setUp();
    expect(refused(({ args, step }) => step('one', { tool: plain, arguments: { text: args['regoin'] } }))).toBe(
      'Workflow "w", step "one": argument "text": there is no prompt argument "regoin" (the workflow has "region", "count").',
    );
    const field = refused(({ step }) => {
      const one = step('one', { tool: plain, arguments: { text: 'x' } });
      step('two', { tool: plain, arguments: { text: one.output['lien'] } });
    });
    expect(field).toBe(
      'Workflow "w", step "two": argument "text": there is no field "lien" in the output of step "one".',
    );
    const nested = refused(({ step }) => {
      const one = step('one', { tool: plain, arguments: { text: 'x' } });
      step('two', { tool: plain, arguments: { text: 'x', deep: { a: one.output['lien'] } } });
    });
    expect(nested).toMatch(/step "two": argument "deep": there is no field "lien"/);
  });

  it('refuses a reference of another workflow, also of one with the same name', () => {
    const { plain, define, refused } = setUp();
    let first: Step | undefined;
    define(({ step }) => {
      first = step('one', { tool: plain, arguments: { text: 'x' } });
    });
    const again = refused(({ step }) => step('two', { tool: plain, arguments: { text: first?.output as never } }));
    expect(again).toMatch(/step "two": argument "text" refers to workflow "w", another one of this name/);
    expect(refused(({ step }) => step('two', { tool: plain, arguments: { text: 'x' }, after: [first] }))).toMatch(
      /`after` names something that is no earlier step/,
    );
  });

  it('refuses what is no JSON as a constant, and a reference that is used as a text', () => {
    const { plain, refused } = setUp();
    for (const value of [() => 1, Symbol('x'), NaN, new Map(), 1n, new Date()]) {
      expect(refused(({ step }) => step('one', { tool: plain, arguments: { text: value } }))).toMatch(
        /argument "text" is neither a reference nor a JSON value/,
      );
    }
    const used = refused(({ args, step }) => step('one', { tool: plain, arguments: { text: `${args['region']}!` } }));
    expect(used).toMatch(/a reference was used as a text or number/);
  });

  it('refuses a step that nobody could do', () => {
    const { plain, refused } = setUp();
    expect(refused(({ step }) => step('one', { client: true }))).toMatch(/needs `tool`, `guidance` or `elicit`/);
    expect(refused(({ step }) => step('one', {}))).toMatch(/needs `tool`, `resources` or `client: true`/);
    expect(refused(({ step }) => step('one', { client: true, guidance: 'x', arguments: { a: 1 } }))).toMatch(/no tool/);
    expect(refused(({ step }) => step('one', { tool: plain, elicit: {} }))).toMatch(/`elicit` needs a message/);
    const elicit = { message: 'x', schema: z.object({ a: z.string() }) };
    expect(refused(({ step }) => step('one', { tool: plain, elicit }))).toMatch(/`elicit` is for steps with `client/);
    const nested = { message: 'x', schema: z.object({ a: z.object({}) }) };
    expect(refused(({ step }) => step('one', { client: true, elicit: nested }))).toMatch(
      /step "one": `elicit`: .*"one"/,
    );
    expect(refused(({ step }) => step('one', { tool: plain, retry: true }))).toMatch(
      /there is no option "retry" \(true\); the nearest/,
    );
    expect(refused(({ step }) => step('one', { tool: plain, timeoutMs: 0.5 }))).toMatch(/: timeoutMs must be/);
  });

  it('refuses resources that nobody reads, and URIs without a scheme', () => {
    const { refused } = setUp();
    expect(refused(({ step }) => step('one', { resources: ['file:///a'] }))).toMatch(/no `readResource`/);
    const reading = setUp({ readResource: () => 'text' });
    expect(reading.refused(({ step }) => step('one', { resources: ['{region}'] }))).toMatch(/begins with its scheme/);
    expect(reading.refused(({ step }) => step('one', { resources: ['file:///{region}'] }))).toBe('not refused');
  });

  it('[WINT-01] refuses a template with a variable that is bound to nothing, and a binding that no template names', () => {
    const { plain, refused } = setUp();
    const one = { tool: plain, arguments: { text: 'x' } };
    expect(refused(({ step }) => step('one', { ...one, guidance: 'In {regoin}' }))).toBe(
      'Workflow "w", step "one": `guidance` has {regoin}, which is neither a prompt argument nor an entry of `variables`.',
    );
    const unused = { text: 'In {region}', variables: { zone: undefined } };
    expect(refused(({ step }) => step('one', { ...one, guidance: unused }))).toMatch(/`guidance` has no \{zone\}/);
    const constant = { text: 'In {zone}', variables: { zone: 'eu' } };
    expect(refused(({ step }) => step('one', { ...one, guidance: constant }))).toMatch(/is no reference/);
    expect(refused(({ step }) => step('one', { ...one, guidance: 'In {region}' }))).toBe('not refused');
  });

  it('refuses a condition that is none', () => {
    const { plain, refused } = setUp();
    const one = { tool: plain, arguments: { text: 'x' } };
    for (const when of ['x', {}, { value: 'x', is: 1 }]) {
      expect(refused(({ step }) => step('one', { ...one, when }))).toMatch(/`when` must be a reference/);
    }
    const both = refused(({ args, step }) => step('one', { ...one, when: { value: args['region'], is: 1, isNot: 2 } }));
    expect(both).toMatch(/`when` must be/);
  });

  it('takes all prompt arguments, or a whole output, for the arguments of a step', () => {
    const tasks = layer();
    const echo = tasks.tool(
      'echo',
      { inputSchema: z.object({ region: z.string() }), outputSchema: z.object({ region: z.string() }) },
      () => text(''),
    );
    const args = z.object({ region: z.string() });
    const build = ({ args: all, step }: WorkflowBuilder<{ region: string }>) => {
      const one = step('one', { tool: echo, arguments: all });
      step('two', { tool: echo, arguments: one.output });
    };
    expect(() => workflow(tasks, 'w', { description: 'd', arguments: args }, build)).not.toThrow();
  });

  it('refuses a workflow whose options are wrong', () => {
    const tasks = layer();
    const bad = (options: object) => () => workflow(tasks, 'w', options as never, () => undefined);
    expect(bad({})).toThrow(/Workflow "w": `description`/);
    expect(bad({ description: 'd', stepTimeoutMs: 0 })).toThrow(/: stepTimeoutMs must be/);
    expect(bad({ description: 'd', arguments: z.string() })).toThrow(/`arguments` must be the schema of an object/);
  });
});
