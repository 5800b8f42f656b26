import { describe, expect, it } from 'vitest';
import { type Answers, DEFAULTS } from '../src/answers.ts';
import { nextCommands, packageManager } from '../src/commands.ts';
import { filesOf } from '../src/project.ts';

const files = (answers: Partial<Answers>) => filesOf({ ...DEFAULTS, ...answers });

describe('the files of a project', () => {
  it('are eight in TypeScript, and seven in JavaScript', () => {
    const common = ['.gitignore', 'README.md', 'package.json'];
    const sources = ['src/client', 'src/server', 'src/tasks', 'test/tasks.test'];
    const named = (extension: string) => sources.map((file) => `${file}.${extension}`);
    expect([...files({ language: 'javascript' }).keys()].sort()).toEqual([...common, ...named('js')].sort());
    expect([...files({}).keys()].sort()).toEqual([...common, ...named('ts'), 'tsconfig.json'].sort());
  });

  it('keep the tools in a module that knows no MCP SDK', () => {
    for (const store of ['memory', 'sqlite', 'postgres', 'redis'] as const) {
      const text = files({ store }).get('src/tasks.ts');
      expect(text).not.toMatch(/@modelcontextprotocol/);
      expect(text).toMatch(/task\.step\(/);
      expect(text).toMatch(/task\.progress\(/);
    }
  });

  it('name the project where servers and users keep the tasks of several', () => {
    expect(files({ store: 'postgres', name: 'my-reports' }).get('src/tasks.ts')).toContain("schema: 'mcp_my_reports'");
    expect(files({ store: 'redis', name: 'my-reports' }).get('src/tasks.ts')).toContain("name: 'my-reports'");
    expect(files({ name: 'my-reports' }).get('README.md')).toMatch(/^# my-reports\n/);
  });

  it.each(['zod', 'typescript'])('are not made for a project with the name of a package that it needs: %s', (name) => {
    expect(() => files({ name })).toThrow(`"${name}" is a package that the project needs. Take another name.`);
  });
});

describe('the two next commands', () => {
  it.each([
    ['npm/10.8.2 node/v20.20.2 linux x64', 'npm install', 'npm run client'],
    ['pnpm/12.21.0 npm/? node/v20.20.2', 'pnpm install', 'pnpm run client'],
    ['yarn/4.9.1 npm/? node/v22.1.0', 'yarn install', 'yarn run client'],
    ['bun/1.3.0 npm/? node/v24.0.0', 'bun install', 'bun run client'],
    ['', 'npm install', 'npm run client'],
  ])('are those of the package manager that runs: %s', (userAgent, first, second) => {
    expect(nextCommands('stdio', packageManager(userAgent))).toEqual({ first, second });
  });

  it('start the server first where clients do not', () => {
    expect(nextCommands('http', packageManager(''))).toEqual({
      first: 'npm install && npm run start',
      second: 'npm run client',
      where: 'in a second terminal',
    });
  });
});
