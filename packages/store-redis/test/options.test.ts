import { describe, expect, it } from 'vitest';
import { redisStore, type RedisStoreOptions } from '../src/index.ts';

const URL_OF_NOBODY = 'redis://127.0.0.1:1';

describe('redisStore', () => {
  it.each<[string, RedisStoreOptions, RegExp]>([
    ['no connection at all', {}, /url, config or client/],
    ['a URL of another database', { url: 'postgres://127.0.0.1/x' }, /url of redisStore must be of the form/],
    ['a bare host', { url: '127.0.0.1' }, /url of redisStore must be of the form/],
    ['a port that does not exist', { url: 'redis://127.0.0.1:99999' }, /url of redisStore must be of the form/],
    ['something that is no string', { url: 5 as unknown as string }, /redisStore: url must be a string, not 5/],
    ['a name with a brace', { url: URL_OF_NOBODY, name: 'a{b' }, /redisStore: name must be/],
    ['no name', { url: URL_OF_NOBODY, name: '' }, /redisStore: name must be/],
    ['a name that is too long', { url: URL_OF_NOBODY, name: 'a'.repeat(65) }, /redisStore: name must be/],
  ])('refuses %s by naming the option', (_case, options, message) => {
    expect(() => redisStore(options)).toThrow(TypeError);
    expect(() => redisStore(options)).toThrow(message);
  });

  it('connects to nothing before it is opened, and closes without having been opened', async () => {
    const store = redisStore({ url: URL_OF_NOBODY });
    await store.close();
    await store.close();
    await expect(store.open?.()).rejects.toMatchObject({ code: 'STORE_CLOSED' });
  });
});
