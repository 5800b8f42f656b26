import type { Answers } from './answers.ts';

/** The commands of a package manager. */
interface Manager {
  readonly install: string;
  /** Before the name of a script. */
  readonly run: string;
}

/** The two commands that show a new project at work. */
export interface NextCommands {
  readonly first: string;
  readonly second: string;
  /** Where the second is to be run, if not after the first. */
  readonly where?: string;
}

/** The package manager that runs this process, by the variable that all of them set; npm where none does. */
export function packageManager(userAgent = process.env['npm_config_user_agent'] ?? ''): Manager {
  const [found = 'npm'] = /^(pnpm|yarn|bun)(?=\/)/.exec(userAgent) ?? [];
  return { install: `${found} install`, run: `${found} run` };
}

/** The two commands after a project was made, in its folder. */
export function nextCommands(transport: Answers['transport'], { install, run }: Manager): NextCommands {
  const client = `${run} client`;
  if (transport === 'stdio') return { first: install, second: client };
  return { first: `${install} && ${run} start`, second: client, where: 'in a second terminal' };
}
