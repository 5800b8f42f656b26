import type { Elicited, Tasks } from '@mcp-tasks/runner';
import { z } from 'zod';
import { text } from './text.ts';

const nameForm = z.object({ name: z.string() });
const textBlock = z.object({ type: z.literal('text'), text: z.string() });

/** Tools that ask the person or the model behind the client. They start again after a crash and find the answers stored. */
export function registerAskingTools(tasks: Tasks): void {
  tasks.tool(
    'confirm_delete',
    {
      description: 'Ask before deleting a file (nothing is deleted)',
      inputSchema: z.object({ filename: z.string() }),
      taskSupport: 'required',
      onCrash: 'rerun',
    },
    async ({ filename }, task) => {
      const message = `Delete ${filename}?`;
      const answer = await task.elicit('confirm', { message, schema: z.object({ confirm: z.boolean() }) });
      const confirmed = answer.action === 'accept' && answer.content.confirm;
      return text(`${confirmed ? 'deleted' : 'kept'} ${filename}`);
    },
  );

  tasks.tool(
    'multi_input',
    { description: 'Ask two questions at the same time', taskSupport: 'required', onCrash: 'rerun' },
    async (_args, task) => {
      const [name, other] = await Promise.all([
        task.elicit('name', { message: 'What is your name?', schema: nameForm }),
        task.elicit('other', { message: 'Who is with you?', schema: nameForm }),
      ]);
      return text(`${nameIn(name)} and ${nameIn(other)}`);
    },
  );

  tasks.tool(
    'test_tool_with_task',
    {
      description: 'Ask for a name before the work begins, then greet',
      taskSupport: 'required',
      onCrash: 'rerun',
      ask: { user_name: { message: 'What is your name?', schema: nameForm } },
    },
    (_args, task) => text(`Hello, ${nameIn(task.answers.user_name)}!`),
  );

  tasks.tool(
    'sample_joke',
    {
      description: "Ask the client's model for a joke",
      inputSchema: z.object({ topic: z.string().default('tasks') }),
      taskSupport: 'required',
      onCrash: 'rerun',
    },
    async ({ topic }, task) => {
      const sampled = await task.sample('joke', {
        messages: [{ role: 'user', content: { type: 'text', text: `Tell me a joke about ${topic}.` } }],
        maxTokens: 200,
      });
      const joke = z.array(textBlock).safeParse([sampled.content].flat());
      return joke.success
        ? text(joke.data.map((block) => block.text).join('\n'))
        : task.fail('The model answered something else than text.');
    },
  );
}

/** The name in an answered form; a person who declined stays unnamed. */
function nameIn(answer: Elicited<{ name: string }>): string {
  return answer.action === 'accept' ? answer.content.name : 'nobody';
}
