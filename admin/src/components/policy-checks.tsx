'use client';

import { useTranslations } from 'use-intl';
import { Badge, type BadgeTone } from '@/components/ui/badge';
import { Card } from '@/components/ui/card';
import type { Schemas } from '@/lib/api/client';

const STATUS = ['broken', 'not_broken', 'proved'] as const;
const TONES: Record<(typeof STATUS)[number], BadgeTone> = { broken: 'bad', not_broken: 'bad', proved: 'good' };

/** Cases that came out otherwise than they say. */
export function FailedCases({ cases }: { cases: Schemas['FailedCaseView'][] }) {
  const t = useTranslations('changes.checks');
  if (cases.length === 0) return null;
  return (
    <Card role="group" aria-label={t('failed', { count: cases.length })}>
      <h2 className="border-b border-line px-4 py-2 text-sm font-semibold text-bad">{t('failed', { count: cases.length })}</h2>
      <ul className="divide-y divide-line">
        {cases.map((one) => (
          <li key={`${one.file} ${one.name}`} className="grid gap-0.5 px-4 py-2 text-sm">
            <span className="font-medium wrap-anywhere">{one.name}</span>
            <code className="font-mono text-xs text-soft wrap-anywhere">{one.file}</code>
            {one.differences.map((difference) => (
              <span key={difference} dir="auto" className="wrap-anywhere">
                {difference}
              </span>
            ))}
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** What became of each safety property, what is broken first, with the call that breaks it. */
export function SafetyProperties({ properties }: { properties: Schemas['PropertyView'][] }) {
  const t = useTranslations('changes.checks');
  const rank = (status: string) => STATUS.findIndex((one) => one === status);
  const sorted = [...properties].sort((a, b) => rank(a.status) - rank(b.status));
  if (sorted.length === 0) return null;
  return (
    <Card role="group" aria-label={t('properties')}>
      <h2 className="border-b border-line px-4 py-2 text-sm font-semibold">{t('properties')}</h2>
      <ul className="divide-y divide-line">
        {sorted.map((one) => (
          <Property key={one.property} one={one} />
        ))}
      </ul>
    </Card>
  );
}

function Property({ one }: { one: Schemas['PropertyView'] }) {
  const t = useTranslations('changes.checks');
  const status = STATUS.find((known) => known === one.status);
  return (
    <li className="grid gap-1 px-4 py-2 text-sm">
      <span className="flex items-start gap-2">
        <span dir="ltr" className="min-w-0 flex-1 wrap-anywhere">
          {one.property}
        </span>
        <Badge tone={status === undefined ? 'plain' : TONES[status]}>{status === undefined ? one.status : t(`status.${status}`)}</Badge>
      </span>
      {one.by.length > 0 && <span className="text-soft wrap-anywhere">{t('by', { rules: one.by.join(', ') })}</span>}
      {one.open?.map((why) => (
        <span key={why} dir="auto" className="text-soft wrap-anywhere">
          {why}
        </span>
      ))}
      {one.case != null && (
        <pre tabIndex={0} dir="ltr" className="overflow-auto rounded-lg bg-sunken p-2 font-mono text-xs whitespace-pre-wrap">
          {one.case}
        </pre>
      )}
    </li>
  );
}
