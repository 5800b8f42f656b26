import {
  type CreateTaskResult2025,
  CreateTaskResult2025Schema,
  type DetailedTask2026,
  DetailedTask2026Schema,
  type Task2025,
  Task2025Schema,
  type WireSchema,
} from '@mcp-tasks/wire';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { field, oneOf, openObject, schemaOf } from '../src/schema/schema.ts';

interface Message {
  readonly id: string;
  readonly size: number | null;
  readonly note?: string | undefined;
}

interface OpenMessage extends Message, Record<string, unknown> {}

const right = { id: z.string(), size: z.int().nullable(), note: z.string().optional() };
const text = schemaOf(z.string());

// Each `@ts-expect-error` is an error of the type check when its next statement compiles.
describe('an interface and its schema', () => {
  it('[TYPE-01] [TYPE-11] are equal, field by field, both ways, or it does not compile', () => {
    const message = openObject<Message>()(right);
    expect(message.parse({ id: 'a', size: null })).toEqual({ id: 'a', size: null });
    expect(openObject<OpenMessage>()(right).parse({ id: 'a', size: 1, more: 2 })).toEqual({
      id: 'a',
      size: 1,
      more: 2,
    });

    // @ts-expect-error -- a required field is forgotten
    openObject<Message>()({ id: right.id, note: right.note });
    // @ts-expect-error -- an optional field is forgotten, which mutual assignability would not see
    openObject<Message>()({ id: right.id, size: right.size });
    // @ts-expect-error -- a field too many
    openObject<Message>()({ ...right, more: z.string() });
    // @ts-expect-error -- an optional field too many
    openObject<Message>()({ ...right, more: z.string().optional() });
    // @ts-expect-error -- a required field is optional
    openObject<Message>()({ ...right, id: z.string().optional() });
    // @ts-expect-error -- an optional field is required
    openObject<Message>()({ ...right, note: z.string() });
    // @ts-expect-error -- a field of another type
    openObject<Message>()({ ...right, id: z.number() });
    // @ts-expect-error -- a field that is never null
    openObject<Message>()({ ...right, size: z.int() });
    // @ts-expect-error -- a field that may be anything
    openObject<Message>()({ ...right, id: z.unknown() });
    // @ts-expect-error -- a field of the type `any`
    openObject<Message>()({ ...right, id: z.any() });
    // @ts-expect-error -- a nested message of another type
    openObject<{ readonly task: Message }>()({ task: field(Task2025Schema) });
    // @ts-expect-error -- an open interface, an optional field forgotten
    openObject<OpenMessage>()({ id: right.id, size: right.size });
  });

  it('[TYPE-11] of a union have the same members, both ways, or it does not compile', () => {
    const message = openObject<Message>()(right);
    const both = oneOf<Message | string>()([message, text]);
    expect([both.parse('a'), both.parse({ id: 'a', size: 1 })]).toEqual(['a', { id: 'a', size: 1 }]);

    // @ts-expect-error -- a member is forgotten
    oneOf<Message | string>()([message]);
    // @ts-expect-error -- a member too many
    oneOf<Message>()([message, text]);
  });

  it('[TYPE-01] [TYPE-11] the exported schema promises the hand-written interface, nothing wider', () => {
    const promised: [WireSchema<Task2025>, WireSchema<CreateTaskResult2025>, WireSchema<DetailedTask2026>] = [
      Task2025Schema,
      CreateTaskResult2025Schema,
      DetailedTask2026Schema,
    ];
    expect(promised).toHaveLength(3);

    // @ts-expect-error -- a schema of one message is no schema of another
    const confused: WireSchema<CreateTaskResult2025> = Task2025Schema;
    expect(confused.safeParse({ task: {} }).ok).toBe(false);
  });
});
