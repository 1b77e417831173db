// The progress line appears only on a terminal.

import { expect, it } from 'vitest';
import { createProgress, lineOf } from './progress.ts';

function terminal(isTTY: boolean): {
  isTTY: boolean;
  written: string;
  write(text: string): boolean;
} {
  return {
    isTTY,
    written: '',
    write(text) {
      this.written += text;
      return true;
    },
  };
}

it('shows how far the work is, and removes itself', () => {
  const output = terminal(true);
  const progress = createProgress('working', true, output);
  progress.show(1, 2);
  expect(output.written).toContain('working [############------------]  50 %');
  progress.clear();
  expect(output.written.endsWith('\r\u001B[K')).toBe(true);
});

it('is silent where nobody watches', () => {
  for (const [isTTY, wanted] of [
    [false, true],
    [true, false],
  ] as const) {
    const output = terminal(isTTY);
    const progress = createProgress('working', wanted, output);
    progress.show(1, 2);
    progress.clear();
    expect(output.written).toBe('');
  }
});

it('is whole at the end and empty at the beginning', () => {
  expect(lineOf('x', 1)).toBe(`x [${'#'.repeat(24)}] 100 %`);
  expect(lineOf('x', 0)).toBe(`x [${'-'.repeat(24)}]   0 %`);
});
