import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { checkOptions, option, type OptionTableOf } from '../src/index.ts';

const table = {
  drainMs: option.integer(0),
  taskSupport: option.choice('forbidden', 'optional', 'required'),
  onCrash: option.choice('fail', 'rerun'),
  onEvent: option.callback,
  store: option.methods('a store', 'get', 'update'),
  limits: option.fields({ maxTtlMs: option.integer(1, 100) }),
  password: option.flag,
  hints: option.either(option.text, option.integer(1, 9)),
};
const check =
  (options: unknown, passesOn = false) =>
  () => {
    checkOptions('serve', options, table, { passesOn });
  };

describe('options', () => {
  it('are taken when they are known and of the right type, and undefined stands for each default', () => {
    const store = { get: () => 1, update: () => 2 };
    const fits = { drainMs: 0, taskSupport: 'optional', store, limits: { maxTtlMs: 100 }, onEvent: () => 1, hints: 3 };
    expect(check(fits)).not.toThrow();
    expect(check(Object.fromEntries(Object.keys(table).map((name) => [name, undefined])))).not.toThrow();
    expect(check(undefined)).not.toThrow();
  });

  it.each([
    [{ stores: 1 }, 'serve: there is no option "stores" (1); the nearest is "store".'],
    [{ tasksupport: 'x' }, 'serve: there is no option "tasksupport" ("x"); the nearest is "taskSupport".'],
    [{ limits: { maxTtl: 5 } }, 'serve: there is no option "limits.maxTtl" (5); the nearest is "maxTtlMs".'],
    [{ __proto__: null, toString: 5 }, 'serve: there is no option "toString" (5); the nearest is "onCrash".'],
    [{ onCrash: 'retry' }, 'serve: onCrash must be "fail" or "rerun", not "retry"; the nearest is "rerun".'],
    [{ store: 'a.db' }, 'serve: store must be a store, not "a.db".'],
    [{ onEvent: null }, 'serve: onEvent must be a function, not null.'],
    [{ drainMs: '5' }, 'serve: drainMs must be a whole number from 0, not "5".'],
    [{ limits: [] }, 'serve: limits must be an object, not an array.'],
    [{ hints: true }, 'serve: hints must be a string or a whole number from 1 to 9, not true.'],
    [[], 'serve: the options must be an object, not an array.'],
    ['a', 'serve: the options must be an object, not "a".'],
  ])('are refused with their name, value and the nearest name: %j', (options, message) => {
    expect(check(options)).toThrow(new TypeError(message));
  });

  it('are refused by a RangeError where only the number is wrong', () => {
    expect(check({ drainMs: -1 })).toThrow(new RangeError('serve: drainMs must be a whole number from 0, not -1.'));
    expect(check({ limits: { maxTtlMs: 101 } })).toThrow(
      /limits\.maxTtlMs must be a whole number from 1 to 100, not 101/,
    );
    expect(check({ hints: 10 })).toThrow(RangeError);
  });

  it('may be in a list, and are named with their place there', () => {
    const lists = {
      ways: option.listOf(option.choice('get', 'cancel')),
      skips: option.listOf(option.fields({ id: option.text })),
    };
    const of = (options: object) => () => {
      checkOptions('serve', options, lists);
    };
    expect(of({ ways: ['get', 'cancel'], skips: [{ id: 'a' }] })).not.toThrow();
    expect(of({ ways: 'get' })).toThrow(new TypeError('serve: ways must be an array, not "get".'));
    expect(of({ ways: ['get', 'cancl'] })).toThrow(
      new TypeError('serve: ways[1] must be "get" or "cancel", not "cancl"; the nearest is "cancel".'),
    );
    expect(of({ skips: [{ ids: 1 }] })).toThrow(
      new TypeError('serve: there is no option "skips[0].ids" (1); the nearest is "id".'),
    );
  });

  it('that go on to another library may be unknown, unless one of ours is misspelled', () => {
    expect(check({ keepAlive: 1, ssl: {}, o: 2 }, true)).not.toThrow();
    for (const misspelled of ['DRAINMS', 'drainM', 'drain_Ms', 'drianMs', 'storess']) {
      expect(check({ [misspelled]: 1 }, true), misspelled).toThrow(/there is no option/);
    }
    expect(check({ drainMs: 'x' }, true)).toThrow(TypeError);
  });

  it('show no secret, and no long value, in a message', () => {
    expect(check({ password: 'hunter2' })).toThrow(/not a string\.$/);
    expect(check({ pasword: 'hunter2', apiToken: 'hunter2' })).toThrow(/"pasword"/);
    expect(check({ api_token: 'hunter2' })).toThrow(/\(a string\)/);
    expect(check({ store: 'postgres://me:hunter2@host/db' })).toThrow(/"postgres:\/\/\*\*\*@host\/db"/);
    expect(check({ store: 'x'.repeat(10_000) })).toThrow(/^.{1,200}$/);
  });

  it('are refused or taken by nothing but these two errors, whatever they are', () => {
    fc.assert(
      fc.property(fc.anything(), fc.boolean(), (options, passesOn) => {
        try {
          check(options, passesOn)();
        } catch (error) {
          if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
          expect(error.message).toMatch(/^serve: .*\.$/s);
        }
      }),
    );
  });

  it('have a table that leaves none out, by its type', () => {
    expectTypeOf<OptionTableOf<{ a?: 1; b: 2 }>>().toEqualTypeOf<{
      readonly a: (typeof option)['any'];
      readonly b: (typeof option)['any'];
    }>();
  });
});
