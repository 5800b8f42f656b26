import { serveTasks } from '@mcp-tasks/server';
import { McpServer } from '@modelcontextprotocol/server';
import { tasks } from './tasks.js';

// A plain server of the SDK: its own tools, prompts and resources live beside the tools of `tasks`.
const app = serveTasks(tasks, () => new McpServer({ name: '{{name}}', version: '1.0.0' }));

// Standard output belongs to the protocol. To log, use console.error.
await app.stdio().closed;
await app.close();
