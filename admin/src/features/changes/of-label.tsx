'use client';

import { useTranslations } from 'use-intl';
import { DiffLines } from '@/components/diff-text';
import { Card } from '@/components/ui/card';
import { Link } from '@/components/ui/link';
import type { Schemas } from '@/lib/api/client';

/** Where a label of a prompt would point, and every line in which the text there is another. */
export function OfLabel({ content, report }: { content: Schemas['LabelContent']; report: Schemas['LabelReport'] }) {
  const t = useTranslations('changes.label');
  const words = useTranslations('prompts');
  return (
    <Card className="grid grid-cols-[minmax(0,1fr)] gap-3 p-4">
      <p>{report.from_version == null ? t('new', { label: content.label, to: content.version }) : t('moves', { label: content.label, from: report.from_version, to: content.version })}</p>
      {report.lines.length === 0 && <p className="text-sm text-soft">{words('noDifference')}</p>}
      {report.lines.length > 0 && (
        <DiffLines lines={report.lines.map(({ change, text }) => ({ kind: change === 'added' ? 'added' : 'removed', text }))} label={t('lines')} />
      )}
      <div>
        <Link href={`/prompts?name=${encodeURIComponent(content.name)}&version=${content.version}`} className="text-sm text-accent underline underline-offset-2">
          {t('read', { number: content.version })}
        </Link>
      </div>
    </Card>
  );
}
