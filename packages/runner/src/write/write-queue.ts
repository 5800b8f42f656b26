/**
 * Why a run never conflicts with itself: all its writes go through one queue, one at a time. Effects that arrive while
 * a write is under way are merged into the next one, and each resolves when the write that carries it is acknowledged.
 * Progress waits for the next write, or for its time. No section of the specification decides this.
 */
import type { TaskEntryKind, TaskHead } from '@mcp-tasks/store';
import { applyRecordRule, type RecordRule, type Rule, type RuleOutcome, rules, saysWait } from '@mcp-tasks/store/rules';
import { handled } from '../handler/handled.ts';
import type { EntryChange, HandlerEffects, Report } from '../handler/handler-host.ts';
import type { RunEnd } from '../handler/run-end.ts';
import { EffectBatch } from './effect-batch.ts';
import type { LeaseWriter } from './lease-writer.ts';
import { PendingReport } from './pending-report.ts';

/** How the queue reaches the store: {@link LeaseWriter}. */
export type QueueWriter = Pick<LeaseWriter, 'lease' | 'clock' | 'write' | 'announce' | 'noteForeign' | 'readToDecide'>;

/**
 * All writes of one run, one after the other: so a run never conflicts with itself, and a conflict is always foreign.
 *
 * Effects that arrive while a write is under way are merged into the next one, and each promise resolves when the write
 * that carries it is acknowledged: any number of concurrent effects costs two writes.
 */
export class WriteQueue implements HandlerEffects {
  readonly #writer: QueueWriter;
  readonly #onNews: () => void;
  readonly #report: PendingReport;
  #head: TaskHead;
  #batch: EffectBatch | undefined;
  /** The batch that a write carries now. */
  #sent: EffectBatch | undefined;
  readonly #rules: RuleWrite[] = [];
  #isWriting = false;
  #ended: RunEnd | undefined;
  /** The next rule is the last write: it waits for no report's time. */
  #isFinishing = false;
  /** Read while a write was under way. */
  #unseen: TaskHead | undefined;

  /** `onNews` is called when the head has changed. */
  constructor(head: TaskHead, writer: QueueWriter, onNews: () => void) {
    this.#head = head;
    this.#writer = writer;
    this.#onNews = onNews;
    this.#report = new PendingReport(writer.clock, () => void this.#writeAll());
  }

  /** The head after the latest write, or a later one that the run was shown. */
  get head(): TaskHead {
    return this.#head;
  }

  /** Why nothing more is written, after what is queued. */
  get ended(): RunEnd | undefined {
    return this.#ended;
  }

  /** Whether a write that failed is to be tried again: the run goes on, or this is the write that ends it. */
  get isWanted(): boolean {
    return this.#ended === undefined || this.#isFinishing;
  }

  /** Note a head that was read. While a write is under way it may be our own, so it waits for the write's answer. */
  seen(head: TaskHead): void {
    if (this.#isWriting) {
      this.#unseen = head;
      return;
    }
    const known = this.#head;
    if (head.version <= known.version) return;
    this.#head = head;
    this.#writer.noteForeign(known, head);
    this.#onNews();
  }

  /** Store entries, together with all effects that wait. */
  record(change: EntryChange): Promise<void> {
    if (this.#ended !== undefined) return handled(Promise.reject(this.#ended.error));
    const batch = (this.#batch ??= new EffectBatch());
    batch.add(change);
    void this.#writeAll();
    return batch.stored;
  }

  /** Store progress or a status message with the next effects, or by a write of its own when it is due. */
  report(report: Report): void {
    if (this.#ended !== undefined) return;
    this.#report.add(report);
    void this.#writeAll();
  }

  /** Take back what the head says of waiting for a process, with the next write or soon by one of its own. */
  takeWaitBack(): void {
    if (this.#ended !== undefined || !saysWait(this.#head)) return;
    this.#report.wantWrite();
    this.#report.arm();
  }

  /** Write by a rule, after everything that was queued before. The caller deals with a rejection. */
  apply<Value>(rule: Rule<Value>): Promise<RuleOutcome<Value>> {
    return this.#enqueue(() => this.#write(this.#head, rule));
  }

  /** Write by a rule about the whole record, read when its turn comes. */
  amend<Value>(kinds: readonly TaskEntryKind[], rule: RecordRule<Value>): Promise<RuleOutcome<Value>> {
    const read = () => this.#writer.readToDecide(this.#head, kinds);
    const write = <Written>(known: TaskHead, headRule: Rule<Written>) => this.#write(known, headRule);
    return this.#enqueue(async () => {
      const outcome = await applyRecordRule({ read, write }, rule);
      this.#observe(outcome.head);
      return outcome;
    });
  }

  /** Write what is queued, then by this rule, and nothing after it: effects that come later reject. */
  finish<Value>(rule: Rule<Value>, end: RunEnd): Promise<RuleOutcome<Value>> {
    this.#isFinishing = true;
    if (!this.#report.hasNews) this.#report.drop();
    const written = this.#enqueue(() => this.#write(this.#head, rule));
    this.#ended ??= end;
    return written;
  }

  /** Write nothing more: effects that wait, and effects that come later, reject. */
  end(end: RunEnd): void {
    const { error } = end;
    this.#ended ??= end;
    this.#report.drop();
    this.#sent?.reject(error);
    this.#batch?.reject(error);
    this.#batch = undefined;
    for (const rule of this.#rules.splice(0)) rule.reject(error);
  }

  #enqueue<Value>(write: () => Promise<RuleOutcome<Value>>): Promise<RuleOutcome<Value>> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended.error);
    const written = new Promise<RuleOutcome<Value>>((resolve, reject) => {
      this.#rules.push({ after: this.#batch, send: () => write().then(resolve, reject), reject });
    });
    void this.#writeAll();
    return written;
  }

  async #writeAll(): Promise<void> {
    if (this.#isWriting) return;
    this.#isWriting = true;
    for (;;) {
      const [rule] = this.#rules;
      const hasLastReport = this.#isFinishing && this.#report.hasNews;
      const isNext = rule?.after === undefined || rule.after !== this.#batch;
      if (rule !== undefined && isNext && !hasLastReport) {
        this.#rules.shift();
        await rule.send();
      } else if (this.#batch !== undefined || this.#isReportDue()) {
        await this.#writeBatch();
      } else break;
    }
    this.#isWriting = false;
    this.#report.arm();
    const unseen = this.#unseen;
    this.#unseen = undefined;
    if (unseen !== undefined) this.seen(unseen);
  }

  /** The last write of a run carries every report. */
  #isReportDue(): boolean {
    return this.#isFinishing ? this.#report.hasNews : this.#report.isDue;
  }

  async #writeBatch(): Promise<void> {
    const batch = this.#batch;
    const effects = { ...this.#report.take(), ...batch?.entries() };
    this.#sent = batch;
    this.#batch = undefined;
    try {
      await this.#write(this.#head, rules.effects(this.#writer.lease, effects));
      batch?.resolve();
    } catch (error) {
      batch?.reject(error);
    }
    this.#sent = undefined;
  }

  async #write<Value>(known: TaskHead, rule: Rule<Value>): Promise<RuleOutcome<Value>> {
    const outcome = await this.#writer.write(known, rule);
    // Before anybody else hears of it: this head is our own.
    this.#observe(outcome.head);
    this.#onNews();
    this.#writer.announce(known, outcome);
    return outcome;
  }

  #observe(head: TaskHead): void {
    if (head.version > this.#head.version) this.#head = head;
  }
}

interface RuleWrite {
  /** Effects that were queued before it and go first; later ones must not hold it off. */
  readonly after: EffectBatch | undefined;
  /** Never rejects. */
  send(): Promise<void>;
  reject(error: unknown): void;
}
