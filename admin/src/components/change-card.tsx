'use client';

import { useTranslations } from 'use-intl';
import { ChangeState } from '@/components/change-state';
import { useSubjectText } from '@/components/change-subject';
import { PersonName } from '@/components/person-name';
import { Card } from '@/components/ui/card';
import { Link } from '@/components/ui/link';
import { Ago } from '@/components/ui/time';
import type { Change } from '@/lib/change';
import { seen } from '@/lib/seen';

interface ChangeCardProps {
  change: Change;
  /** In place of what it is of, where that goes without saying. */
  title?: string;
  /** Beside its state. */
  mark?: React.ReactNode;
}

/** A proposed change in a list: of what, why, by whom, and what was said to it. */
export function ChangeCard({ change, title, mark }: ChangeCardProps) {
  const t = useTranslations('changes');
  const subject = useSubjectText();
  return (
    <Card className="grid gap-1.5 p-4">
      <div className="flex items-start gap-2">
        <h2 className="min-w-0 flex-1 font-semibold wrap-anywhere">
          <Link href={`/changes/${change.governance_change_id}`} className="underline-offset-2 hover:underline">
            <bdi>{title ?? subject(change)}</bdi>
          </Link>
        </h2>
        {mark}
        <ChangeState change={change} />
      </div>
      {change.reason != null && (
        <p>
          <bdi>{seen(change.reason)}</bdi>
        </p>
      )}
      <p className="text-sm text-soft">
        <PersonName id={change.proposed_by} />
        {change.agent != null && <> · {t('byAgent', { agent: change.agent })}</>} · <Ago at={change.proposed_at} />
        {change.version != null && <> · {t('version', { number: change.version })}</>}
      </p>
      {change.decided_by != null && change.decided_at != null && (
        <p className="text-sm text-soft">
          {t('decidedBy')} <PersonName id={change.decided_by} /> · <Ago at={change.decided_at} />
          {change.decision_reason != null && <q className="block">{seen(change.decision_reason)}</q>}
        </p>
      )}
    </Card>
  );
}
