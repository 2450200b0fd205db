'use client';

import { useTranslations } from 'use-intl';
import { diffLines, withContext } from '@/lib/diff';
import { cx } from '@/lib/cx';
import { useFormats } from '@/lib/format';

const LOOKS = { same: '', added: 'bg-good-wash text-good', removed: 'bg-bad-wash text-bad' } as const;
const SIGNS = { same: ' ', added: '+', removed: '−' } as const;

/** Two texts as one, with what was added and removed. Signs and words say it too, not the colour alone. */
export function DiffText({ before, after, from, to }: { before: string; after: string; from: string; to: string }) {
  const t = useTranslations('prompts');
  const formats = useFormats();
  const lines = diffLines(before, after);
  const count = (kind: 'added' | 'removed') => lines.filter((line) => line.kind === kind).length;
  if (count('added') + count('removed') === 0) return <p className="text-sm text-soft">{t('noDifference')}</p>;
  return (
    <section aria-label={t('difference', { from, to })} className="grid gap-2">
      <p className="text-sm text-soft">
        {t('difference', { from, to })}: {t('lines', { added: formats.number(count('added')), removed: formats.number(count('removed')) })}
      </p>
      <div tabIndex={0} role="group" aria-label={t('difference', { from, to })} className="overflow-x-auto rounded-xl border border-line bg-surface py-2 font-mono text-xs leading-relaxed" dir="ltr">
        {withContext(lines).map((line, at) =>
          'gap' in line ? (
            <p key={at} className="bg-sunken px-4 py-1 text-soft">
              {t('gap', { count: line.gap })}
            </p>
          ) : (
            <p key={at} className={cx('grid grid-cols-[2.5rem_1rem_1fr] px-2 whitespace-pre-wrap', LOOKS[line.kind])}>
              <span aria-hidden className="pe-2 text-end text-soft select-none">
                {line.after ?? line.before}
              </span>
              <span aria-hidden className="select-none">
                {SIGNS[line.kind]}
              </span>
              <span dir="auto">
                {line.kind !== 'same' && <span className="sr-only">{t(`kind.${line.kind}`)} </span>}
                {line.text === '' ? '\u00a0' : line.text}
              </span>
            </p>
          ),
        )}
      </div>
    </section>
  );
}
