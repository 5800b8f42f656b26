/* eslint-disable @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-member-access -- what does not compile has no type */
// What an author sees in the editor. Nothing here runs: the compiler checks it, in `pnpm typecheck`.
import { createTasks } from '@mcp-tasks/runner';
import { z } from 'zod';
import { field, type Ref, type Refs, workflow } from '../../src/index.ts';

const tasks = createTasks();
const done = () => ({ content: [] });

const validate = tasks.tool(
  'validate',
  {
    inputSchema: z.object({ region: z.string(), tier: z.enum(['small', 'large']).default('small') }),
    outputSchema: z.object({
      region: z.string(),
      replicas: z.number(),
      note: z.string().optional(),
      zones: z.array(z.object({ name: z.string() })),
      limits: z.object({ cpu: z.number() }).nullable(),
    }),
  },
  done,
);
const estimate = tasks.tool(
  'estimate',
  {
    inputSchema: z.object({
      replicas: z.number(),
      comment: z.string().optional(),
      window: z.object({ start: z.string(), days: z.number().optional() }).optional(),
    }),
    outputSchema: z.object({ monthlyUsd: z.number() }),
  },
  done,
);
const untyped = tasks.tool('untyped', { inputSchema: z.object({}) }, done);
const bare = tasks.tool('bare', {}, done);

const options = {
  description: 'Deploy a service',
  arguments: z.object({
    region: z.string(),
    count: z.coerce.number(),
    tier: z.enum(['small', 'large']).optional(),
    isUrgent: z.stringbool(),
  }),
};

export const good = workflow(tasks, 'good', options, ({ args, step }) => {
  const region: Ref<string> = args.region;
  const count: Ref<number> = args.count;
  const config = step('config', { tool: validate, arguments: { region, tier: 'large' } });
  const output: Refs<{ replicas: number }> = config.output;
  const cost = step('cost', {
    tool: estimate,
    arguments: { replicas: output.replicas, comment: config.output.note, window: { start: args.region, days: count } },
  });
  step('by default', { tool: validate, arguments: { region: config.output.region } });
  step('nothing', { tool: bare });
  const any = step('any', { tool: untyped });
  step('of any', {
    tool: estimate,
    arguments: { replicas: field(any.output, 'what', 'ever'), comment: any.variable('comment') },
  });
  const approval = step('approval', {
    client: true,
    elicit: {
      message: { text: '{usd} USD for {region}?', variables: { usd: cost.output.monthlyUsd } },
      schema: z.object({ yes: z.boolean() }),
    },
    when: args.isUrgent,
    after: [config, any],
  });
  step('known in part', { client: true, tool: estimate, arguments: { comment: 'x' }, guidance: 'Choose the replicas' });
  step('theirs', { client: true, tool: 'their_tool', arguments: { a: cost.output.monthlyUsd, b: [1, args.region] } });
  step('if', { tool: bare, when: approval.output.yes });
  step('if equal', { tool: bare, when: { value: args.tier, is: 'large' } });
  step('read', { resources: ['file:///{region}', { uri: 'x:{n}', variables: { n: config.output.replicas } }] });
});

export const bad = workflow(tasks, 'bad', options, ({ args, step }) => {
  const config = step('config', { tool: validate, arguments: { region: args.region } });

  // An argument that the tool does not have.
  // @ts-expect-error -- unknown argument
  step('unknown argument', { tool: estimate, arguments: { replicas: 3, regoin: args.region } });
  // @ts-expect-error -- unknown argument inside of another
  step('unknown argument', { tool: estimate, arguments: { replicas: 3, window: { start: '', dys: 1 } } });
  // @ts-expect-error -- unknown argument of a client step
  step('unknown argument', { client: true, tool: estimate, arguments: { regoin: args.region } });
  // @ts-expect-error -- unknown prompt argument
  step('unknown prompt argument', { tool: validate, arguments: { region: args.regoin } });

  // An argument that the tool requires.
  // @ts-expect-error -- missing argument
  step('missing argument', { tool: estimate, arguments: {} });
  // @ts-expect-error -- missing arguments
  step('missing arguments', { tool: estimate });

  // A step that there is not, or not yet.
  // @ts-expect-error -- unknown step
  step('unknown step', { tool: estimate, arguments: { replicas: confg.output.replicas } });
  // @ts-expect-error -- forward reference
  step('forward reference', { tool: estimate, arguments: { replicas: later.output.replicas } });
  const later = step('later', { tool: validate, arguments: { region: args.region } });

  // A field that the output does not have.
  // @ts-expect-error -- unknown field
  step('unknown field', { tool: estimate, arguments: { replicas: later.output.replicaz } });
  // @ts-expect-error -- unknown field of a field
  step('unknown field', { tool: validate, arguments: { region: config.output.limits.memory } });

  // A value of another type.
  // @ts-expect-error -- wrong type of a reference
  step('wrong type', { tool: estimate, arguments: { replicas: config.output.region } });
  // @ts-expect-error -- wrong type of a constant
  step('wrong type', { tool: estimate, arguments: { replicas: 'three' } });
  // @ts-expect-error -- what may be absent for what must be there
  step('wrong type', { tool: validate, arguments: { region: args.tier } });
  // @ts-expect-error -- a field of what may be null for what must be there
  step('wrong type', { tool: estimate, arguments: { replicas: config.output.limits.cpu } });
  // @ts-expect-error -- wrong type in a client step
  step('wrong type', { client: true, tool: estimate, arguments: { replicas: args.region } });
  // @ts-expect-error -- wrong type inside of an argument
  step('wrong type', { tool: estimate, arguments: { replicas: 1, window: { start: args.count } } });

  // What belongs to the other kind of step.
  // @ts-expect-error -- the server runs registered tools only
  step('by name', { tool: 'estimate' });
  // @ts-expect-error -- resources are read by the server
  step('resources', { client: true, resources: ['file:///a'] });
  // @ts-expect-error -- a question is for the client
  step('question', { tool: bare, elicit: { message: 'x', schema: z.object({ yes: z.boolean() }) } });
});

export const none = workflow(tasks, 'none', { description: 'A workflow without arguments' }, ({ args, step }) => {
  // @ts-expect-error -- there are none
  step('unknown prompt argument', { tool: bare, when: args.region });
});
