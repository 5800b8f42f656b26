import type { Clock, TaskHead, TaskLease, TaskRecord } from '@mcp-tasks/store';
import {
  applyRecordRule,
  type Effects,
  type RecordRule,
  type Rule,
  type RuleOutcome,
  rules,
} from '@mcp-tasks/store/rules';
import { handled } from '../handler/handled.ts';
import type { Report } from '../handler/handler-host.ts';
import type { RunEnd } from '../handler/run-end.ts';
import { EffectBatch } from './effect-batch.ts';
import { PendingReport } from './pending-report.ts';

/** What the queue needs of its run. */
export interface WriteQueueHost {
  readonly lease: TaskLease;
  readonly clock: Clock;
  /** One compare-and-set; rejects with what ended the run, or with what the rule refuses. */
  write<Value>(head: TaskHead, rule: Rule<Value>): Promise<RuleOutcome<Value>>;
}

/**
 * All writes of one run, one after the other: so a run never conflicts with itself, and a conflict is always foreign.
 *
 * Effects that arrive while a write is under way are merged into the next one, and each promise resolves when the write
 * that carries it is acknowledged: any number of concurrent effects costs two writes.
 */
export class WriteQueue {
  readonly #host: WriteQueueHost;
  #head: TaskHead;
  #batch: EffectBatch | undefined;
  /** The batch that a write carries now. */
  #sent: EffectBatch | undefined;
  readonly #rules: RuleWrite[] = [];
  /** Most runs report nothing: made when it is needed. */
  #madeReport: PendingReport | undefined;
  #isWriting = false;
  #end: RunEnd | undefined;
  /** The next rule is the last write: it waits for no report's time. */
  #isFinishing = false;
  /** Read while a write was under way. */
  #unseen: { readonly head: TaskHead; readonly onForeign: (known: TaskHead) => void } | undefined;

  constructor(head: TaskHead, host: WriteQueueHost) {
    this.#head = head;
    this.#host = host;
  }

  /** The head after the latest write, or a later one that the run was shown. */
  get head(): TaskHead {
    return this.#head;
  }

  /** Note a head that this run wrote, or that it knows all about. */
  observe(head: TaskHead): void {
    if (head.version > this.#head.version) this.#head = head;
  }

  /**
   * Note a head that was read: `onForeign` hears of it when somebody else wrote it. While a write is under way it may be
   * our own, so it waits for the write's answer.
   */
  seen(head: TaskHead, onForeign: (known: TaskHead) => void): void {
    if (this.#isWriting) {
      this.#unseen = { head, onForeign };
      return;
    }
    const known = this.#head;
    if (head.version <= known.version) return;
    this.#head = head;
    onForeign(known);
  }

  /** Store entries, with whatever else waits. */
  record(change: Pick<Effects, 'put' | 'delete'>): Promise<void> {
    return handled(
      new Promise((resolve, reject) => {
        if (this.#end !== undefined) {
          reject(this.#end.error);
          return;
        }
        this.#batch ??= new EffectBatch();
        this.#batch.add(change, { resolve, reject });
        this.#drive();
      }),
    );
  }

  /** Store progress or a status message with the next effects, or by a write of its own when it is due. */
  report(report: Report): void {
    if (this.#end !== undefined) return;
    this.#madeReport ??= new PendingReport(this.#host.clock, () => {
      this.#drive();
    });
    this.#madeReport.add(report);
    this.#drive();
  }

  /** Write by a rule, after everything that was queued before. Whoever calls it deals with a rejection. */
  apply<Value>(rule: Rule<Value>): Promise<RuleOutcome<Value>> {
    return this.#enqueue(() => this.#write(rule));
  }

  /** Write by a rule about the whole record, read when its turn comes. */
  amend<Value>(read: () => Promise<TaskRecord>, rule: RecordRule<Value>): Promise<RuleOutcome<Value>> {
    return this.#enqueue(async () => {
      const write = <Written>(head: TaskHead, headRule: Rule<Written>) => this.#host.write(head, headRule);
      const outcome = await applyRecordRule({ read, write }, rule);
      this.observe(outcome.head);
      return outcome;
    });
  }

  #enqueue<Value>(send: () => Promise<RuleOutcome<Value>>): Promise<RuleOutcome<Value>> {
    return new Promise((resolve, reject) => {
      if (this.#end !== undefined) {
        reject(this.#end.error);
        return;
      }
      this.#rules.push({ after: this.#batch, send: () => send().then(resolve, reject), reject });
      this.#drive();
    });
  }

  /** Write what is queued, then by this rule, and nothing after it: effects that come later reject. */
  finish<Value>(rule: Rule<Value>, end: RunEnd): Promise<RuleOutcome<Value>> {
    this.#isFinishing = true;
    const written = this.apply(rule);
    this.#end ??= end;
    return written;
  }

  /** Write nothing more: whatever waits, and whatever comes later, rejects. */
  end(end: RunEnd): void {
    const { error } = end;
    this.#end ??= end;
    this.#madeReport?.drop();
    this.#sent?.reject(error);
    this.#batch?.reject(error);
    this.#batch = undefined;
    for (const rule of this.#rules.splice(0)) rule.reject(error);
  }

  #drive(): void {
    if (this.#isWriting) return;
    this.#isWriting = true;
    void this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    for (;;) {
      const [rule] = this.#rules;
      const hasLastReport = this.#isFinishing && this.#madeReport?.isWaiting === true;
      const isNext = rule?.after === undefined || rule.after !== this.#batch;
      if (rule !== undefined && isNext && !hasLastReport) {
        this.#rules.shift();
        await rule.send();
      } else if (this.#batch !== undefined || this.#isReportDue()) {
        await this.#writeBatch();
      } else break;
    }
    this.#isWriting = false;
    this.#madeReport?.arm();
    const unseen = this.#unseen;
    this.#unseen = undefined;
    if (unseen !== undefined) this.seen(unseen.head, unseen.onForeign);
  }

  /** The last write of a run carries every report. */
  #isReportDue(): boolean {
    if (this.#madeReport === undefined) return false;
    return this.#isFinishing ? this.#madeReport.isWaiting : this.#madeReport.isDue;
  }

  async #writeBatch(): Promise<void> {
    const batch = this.#batch;
    const effects = { ...this.#madeReport?.take(), ...batch?.entries() };
    this.#sent = batch;
    this.#batch = undefined;
    try {
      await this.#write(rules.effects(this.#host.lease, effects));
      batch?.resolve();
    } catch (error) {
      batch?.reject(error);
    }
    this.#sent = undefined;
  }

  #write<Value>(rule: Rule<Value>): Promise<RuleOutcome<Value>> {
    return this.#host.write(this.#head, rule).then((outcome) => {
      this.observe(outcome.head);
      return outcome;
    });
  }
}

interface RuleWrite {
  /** Effects that were queued before it and go first; later ones must not hold it off. */
  readonly after: EffectBatch | undefined;
  /** Never rejects. */
  send(): Promise<void>;
  reject(error: unknown): void;
}
