'use client';

import { useTranslations } from 'use-intl';
import { Card } from '@/components/ui/card';
import { Link } from '@/components/ui/link';
import type { Schemas } from '@/lib/api/client';
import { cx } from '@/lib/cx';

/** Where a label of a prompt would point, and every line in which the text there is another. */
export function OfLabel({ content, report }: { content: Schemas['LabelContent']; report: Schemas['LabelReport'] }) {
  const t = useTranslations('changes.label');
  const words = useTranslations('prompts');
  const isAdded = (line: Schemas['LineView']) => line.change === 'added';
  return (
    <Card className="grid grid-cols-[minmax(0,1fr)] gap-3 p-4">
      <p>{report.from_version == null ? t('new', { label: content.label, to: content.version }) : t('moves', { label: content.label, from: report.from_version, to: content.version })}</p>
      {report.lines.length === 0 && <p className="text-sm text-soft">{words('noDifference')}</p>}
      {report.lines.length > 0 && (
        <div tabIndex={0} role="group" aria-label={t('lines')} dir="ltr" className="overflow-x-auto rounded-xl border border-line py-2 font-mono text-xs leading-relaxed">
          {report.lines.map((line, at) => (
            <p key={at} className={cx('grid grid-cols-[1rem_minmax(0,1fr)] px-2 whitespace-pre-wrap', isAdded(line) ? 'bg-good-wash text-good' : 'bg-bad-wash text-bad')}>
              <span aria-hidden>{isAdded(line) ? '+' : '−'}</span>
              <span>
                <span className="sr-only">{words(isAdded(line) ? 'kind.added' : 'kind.removed')} </span>
                <span dir="auto" className="block wrap-anywhere">
                  {line.text === '' ? '\u00a0' : line.text}
                </span>
              </span>
            </p>
          ))}
        </div>
      )}
      <div>
        <Link href={`/prompts?name=${encodeURIComponent(content.name)}&version=${content.version}`} className="text-sm text-accent underline underline-offset-2">
          {t('read', { number: content.version })}
        </Link>
      </div>
    </Card>
  );
}
