import type { MadeCall } from '../sides/lane.ts';
import { overlap } from './round.ts';

/** Name the answer of a call, so that a report can count answers. */
function answerName(call: MadeCall): string {
  const { method } = call;
  switch (call.method) {
    case 'create':
      return call.answer.status === 'over-quota' ? `create over ${call.answer.limit}` : `create ${call.answer.status}`;
    case 'update':
      return `update ${call.answer.status}`;
    case 'claim': {
      const { records } = call.answer;
      if (records.some(({ head }) => head.crashCount > 0)) return 'claim of a lost run';
      return records.length > 0 ? 'claim' : 'claim of nothing';
    }
    case 'renew':
    case 'due':
    case 'get':
    case 'deleteExpired':
      return call.answer.length > 0 ? method : `${method} of nothing`;
    case 'list':
      return call.answer.hasMore ? 'list of a page' : 'list';
    case 'findJoinable':
      return call.answer === undefined ? `${method} of nothing` : method;
  }
}

/** Count the answers of calls, and those that were given while a call of another lane was under way. */
export function countAnswers(calls: readonly MadeCall[], answers: Map<string, number>): void {
  const add = (name: string) => answers.set(name, (answers.get(name) ?? 0) + 1);
  for (const call of calls) {
    add(answerName(call));
    if (call.fate !== 'told') add('answer lost');
    if (calls.some((other) => other.lane !== call.lane && overlap(other, call))) add('beside another lane');
  }
}
