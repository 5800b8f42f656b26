import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { progressView } from '../src/progress-view.ts';

class Captured extends Writable {
  readonly isTTY: boolean;
  text = '';

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

describe('progressView', () => {
  it('prints one line for each further tenth where the output is no terminal', () => {
    const output = new Captured(false);
    const view = progressView(output, 'hash');
    for (let done = 0; done <= 40; done += 1) view.update(done, 40);
    view.stop();
    const lines = output.text.split('\n').slice(0, -1);
    expect(lines).toEqual(
      [0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40].map((done) => `  hash ${String(done)} of 40 files`),
    );
  });

  it('prints one line for a directory without files', () => {
    const output = new Captured(false);
    progressView(output, 'hash').update(0, 0);
    expect(output.text).toBe('  hash 0 of 0 files\n');
  });

  it('draws a bar on a terminal and ends its line', () => {
    const output = new Captured(true);
    const view = progressView(output, 'hash');
    view.update(1, 4);
    view.update(4, 4);
    view.stop();
    expect(output.text).toContain('100% | 4 of 4 files');
    expect(output.text).toContain('█');
    expect(output.text).toContain('\n');
  });

  it('writes nothing when it is stopped before the first update', () => {
    const output = new Captured(true);
    progressView(output, 'hash').stop();
    expect(output.text).toBe('');
  });
});
