'use client';

import { useTranslations } from 'use-intl';
import { Tried } from '@/components/tried';
import { Badge, type BadgeTone } from '@/components/ui/badge';
import { Card } from '@/components/ui/card';
import type { Schemas } from '@/lib/api/client';

const STATUS = ['broken', 'not_broken', 'proved'] as const;
const TONES: Record<(typeof STATUS)[number], BadgeTone> = { broken: 'bad', not_broken: 'wait', proved: 'good' };

/** What the checks of a proposed set of rules found, what is wrong first, and what it would change. */
export function OfRules({ report }: { report: Schemas['ProposalReport'] }) {
  const t = useTranslations('changes.checks');
  const rank = (status: string) => STATUS.findIndex((one) => one === status);
  const properties = [...report.properties].sort((a, b) => rank(a.status) - rank(b.status));
  return (
    <>
      {report.problems.map((problem) => (
        <p key={problem} dir="auto" className="rounded-lg bg-bad-wash px-3 py-2 text-sm text-bad">
          {problem}
        </p>
      ))}
      {report.failed_cases.length > 0 && (
        <Card>
          <h2 className="border-b border-line px-4 py-2 text-sm font-semibold text-bad">{t('failed', { count: report.failed_cases.length })}</h2>
          <ul className="divide-y divide-line">
            {report.failed_cases.map((one) => (
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
      )}
      <Tried result={report.changes} />
      {properties.length > 0 && (
        <Card>
          <h2 className="border-b border-line px-4 py-2 text-sm font-semibold">{t('properties')}</h2>
          <ul className="divide-y divide-line">
            {properties.map((one) => (
              <Property key={one.property} one={one} />
            ))}
          </ul>
        </Card>
      )}
      <p className="text-sm text-soft">{t('cases', { count: report.cases })}</p>
    </>
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
      {one.case != null && (
        <pre tabIndex={0} dir="ltr" className="overflow-auto rounded-lg bg-sunken p-2 font-mono text-xs whitespace-pre-wrap">
          {one.case}
        </pre>
      )}
    </li>
  );
}
