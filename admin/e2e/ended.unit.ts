import { readFileSync } from 'node:fs';
import { expect, test } from '@playwright/test';
import { LIMITS } from '../src/lib/no-room';
import { NOT_TOLD } from '../src/lib/not-told';
import { END_REASONS, endReasonOf } from '../src/lib/run/ended';
import { fold, NEW_RUN } from '../src/lib/run/fold';

/** The codes that the interface names in the description of a field `reason` which has this one among them. */
function codesWith(one: string): string[] {
  const found: string[] = [];
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      const description = key === 'reason' ? String(Object.entries(inner ?? {}).find(([name]) => name === 'description')?.[1] ?? '') : '';
      const list = (/: ([\s\S]*?)[.;]/.exec(description.replace(/^[^:]*;[^:]*/, '')) ?? [])[1]?.split(/,\s+/) ?? [];
      if (list.includes(one)) found.push(...list);
      walk(inner);
    }
  };
  walk(JSON.parse(readFileSync('../api/openapi.json', 'utf8')));
  return found;
}

test('every code that the server may say has words here, and no other', () => {
  expect([...new Set(codesWith('model_cut_off'))].sort()).toEqual([...END_REASONS, ...LIMITS].sort());
  expect([...new Set(codesWith('mail_tls'))].sort()).toEqual([...NOT_TOLD].sort());
});

test('an end keeps its code, and one that is not known here is none', () => {
  const ended = (reason: string | null) => fold(NEW_RUN, { event: 'run.ended', data: { outcome: 'failed', reason, message: 'm' } }, 1).ended;
  expect(ended('mode_changed')).toEqual({ outcome: 'failed', reason: 'mode_changed', message: 'm' });
  expect(endReasonOf(ended('of_another_version')?.reason ?? null)).toBeNull();
  // Journals from before there were codes say none.
  expect(fold(NEW_RUN, { event: 'run.ended', data: { outcome: 'failed', message: 'm' } }, 1).ended?.reason).toBeNull();
});
