'use client';

import { useTranslations } from 'use-intl';
import { diffLines, withContext } from '@/lib/diff';
import { cx } from '@/lib/cx';
import { useFormats } from '@/lib/format';

const LOOKS = { same: '', added: 'bg-good-wash text-good', removed: 'bg-bad-wash text-bad' } as const;
const SIGNS = { same: ' ', added: '+', removed: '−' } as const;

interface DiffTextProps {
  before: string;
  after: string;
  /** What is compared. */
  label: string;
  /** Whether lines that are the same are all shown, and not only those around a difference. */
  isWhole?: boolean;
}

/** Two texts as one, with what was added and removed. Signs and words say it too, not the colour alone. */
export function DiffText({ before, after, label, isWhole = false }: DiffTextProps) {
  const t = useTranslations('prompts');
  const formats = useFormats();
  const lines = diffLines(before, after);
  const count = (kind: 'added' | 'removed') => lines.filter((line) => line.kind === kind).length;
  if (count('added') + count('removed') === 0) return <p className="text-sm text-soft">{t('noDifference')}</p>;
  return (
    <section aria-label={label} className="grid gap-2">
      <p className="text-sm text-soft">
        {label}: {t('lines', { added: count('added'), removed: formats.number(count('removed')) })}
      </p>
      <DiffLines lines={isWhole ? lines : withContext(lines)} label={label} />
    </section>
  );
}

/** A line as it is shown; its number where it has one. */
type Shown = { kind: keyof typeof LOOKS; text: string; before?: number | null; after?: number | null } | { gap: number };

/** Lines that were compared already. */
export function DiffLines({ lines, label }: { lines: readonly Shown[]; label: string }) {
  const t = useTranslations('prompts');
  return (
    <div tabIndex={0} role="group" aria-label={label} className="overflow-x-auto rounded-xl border border-line bg-surface py-2 font-mono text-xs leading-relaxed" dir="ltr">
      {lines.map((line, at) =>
        'gap' in line ? (
          <p key={at} className="bg-sunken px-4 py-1 text-soft">
            {t('gap', { count: line.gap })}
          </p>
        ) : (
          <p key={at} className={cx('grid grid-cols-[2.5rem_1rem_minmax(0,1fr)] px-2 whitespace-pre-wrap', LOOKS[line.kind])}>
            <span aria-hidden className="pe-2 text-end text-soft select-none">
              {line.after ?? line.before}
            </span>
            <span aria-hidden className="select-none">
              {SIGNS[line.kind]}
            </span>
            <span>
              {line.kind !== 'same' && <span className="sr-only">{t(`kind.${line.kind}`)} </span>}
              <span dir="auto" className="block wrap-anywhere">
                {line.text === '' ? '\u00a0' : line.text}
              </span>
            </span>
          </p>
        ),
      )}
    </div>
  );
}
