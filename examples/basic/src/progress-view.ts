import { Presets, SingleBar } from 'cli-progress';

/** Where the demo writes; `process.stdout` is one. */
export interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Shows how far a task is. */
export interface ProgressView {
  update(done: number, total: number): void;
  stop(): void;
}

/** A live bar on a terminal; elsewhere one line each time another tenth is done. */
export function progressView(output: Output, label: string): ProgressView {
  return output.isTTY === true ? bar(output, label) : lines(output, label);
}

function bar(output: Output, label: string): ProgressView {
  const format = `  ${label} {bar} {percentage}% | {value} of {total} files`;
  const stream = output as NodeJS.WritableStream;
  const single = new SingleBar({ format, stream, hideCursor: true, barsize: 30 }, Presets.shades_classic);
  let started = false;
  return {
    update(done, total) {
      if (!started) single.start(total, done);
      started = true;
      single.update(done);
    },
    stop() {
      if (started) single.stop();
    },
  };
}

function lines(output: Output, label: string): ProgressView {
  let shownTenths = -1;
  return {
    update(done, total) {
      const tenths = total === 0 ? 10 : Math.floor((done / total) * 10);
      if (tenths <= shownTenths) return;
      shownTenths = tenths;
      output.write(`  ${label} ${String(done)} of ${String(total)} files\n`);
    },
    stop() {
      // Every line is whole already.
    },
  };
}
