import { describe, expect, it } from 'vitest';
import { postgresStore, type PostgresStoreOptions } from '../src/index.ts';

const URL_OF_NOBODY = 'postgres://127.0.0.1:1/x';

describe('postgresStore', () => {
  it.each<[string, PostgresStoreOptions, RegExp]>([
    ['no connection at all', {}, /connectionString, config or pool/],
    [
      'a string of another database',
      { connectionString: 'mysql://127.0.0.1/x' },
      /connectionString of postgresStore must be of the form/,
    ],
    ['a bare name', { connectionString: 'tasks' }, /connectionString of postgresStore must be of the form/],
    [
      'something that is no string',
      { connectionString: 5 as unknown as string },
      /postgresStore: connectionString must be/,
    ],
    [
      'hints of another kind',
      { connectionString: URL_OF_NOBODY, hints: 'redis://127.0.0.1' },
      /hints of postgresStore must be of the form/,
    ],
    ['a schema with a quote', { connectionString: URL_OF_NOBODY, schema: 'a"b' }, /postgresStore: schema must be/],
    ['a schema in capitals', { connectionString: URL_OF_NOBODY, schema: 'Tasks' }, /postgresStore: schema must be/],
    ['no schema', { connectionString: URL_OF_NOBODY, schema: '' }, /postgresStore: schema must be/],
    [
      'a schema that is too long',
      { connectionString: URL_OF_NOBODY, schema: 'a'.repeat(49) },
      /postgresStore: schema must be/,
    ],
  ])('refuses %s by naming the option', (_case, options, message) => {
    expect(() => postgresStore(options)).toThrow(TypeError);
    expect(() => postgresStore(options)).toThrow(message);
  });

  it('connects to nothing before it is opened, and closes without having been opened', async () => {
    const store = postgresStore({ connectionString: URL_OF_NOBODY });
    await store.close();
    await store.close();
    await expect(store.open?.()).rejects.toMatchObject({ code: 'STORE_CLOSED' });
  });
});
