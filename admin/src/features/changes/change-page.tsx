'use client';

import { useTranslations } from 'use-intl';
import { ChangeState } from '@/components/change-state';
import { useSubjectText } from '@/components/change-subject';
import { PersonName } from '@/components/person-name';
import { NotHere } from '@/components/shell/not-here';
import { Page } from '@/components/shell/page';
import { Card, Facts } from '@/components/ui/card';
import { Link } from '@/components/ui/link';
import { Failed, Loading } from '@/components/ui/states';
import { Ago, At } from '@/components/ui/time';
import { isMissing } from '@/lib/api/problem';
import { shownOf, type ChangeDetail } from '@/lib/change';
import { seen } from '@/lib/seen';
import { useRouteId } from '@/lib/url';
import { DecideChange } from './decide-change';
import { OfGrant } from './of-grant';
import { OfLabel } from './of-label';
import { OfRules } from './of-rules';
import { OfTools } from './of-tools';
import { useChange } from './use-change';

/** One proposal: what would be other than now, what the checks found, and deciding on it. */
export function ChangePage() {
  const t = useTranslations('changes');
  const subject = useSubjectText();
  const change = useChange(useRouteId('/changes'));
  if (isMissing(change.error)) return <NotHere />;
  return (
    <Page title={change.data === undefined ? t('one') : subject(change.data)} back="/changes">
      {change.isPending && <Loading lines={10} />}
      {change.data === undefined && change.isError && <Failed error={change.error} onRetry={() => void change.refetch()} />}
      {change.data !== undefined && (
        <div className="mx-auto grid w-full max-w-4xl grid-cols-[minmax(0,1fr)] gap-4 p-4 sm:p-6">
          <About change={change.data} />
          <Shown change={change.data} />
          <DecideChange key={change.data.content_digest} change={change.data} />
        </div>
      )}
    </Page>
  );
}

function About({ change }: { change: ChangeDetail }) {
  const t = useTranslations('changes');
  return (
    <Card className="grid gap-3 p-4">
      <div className="flex items-start gap-2">
        <p className="min-w-0 flex-1 font-semibold wrap-anywhere">
          <bdi>{change.reason == null ? t('noReason') : seen(change.reason)}</bdi>
        </p>
        <ChangeState change={change} />
      </div>
      <Facts
        facts={[
          [
            t('proposedBy'),
            <span key="by">
              <PersonName id={change.proposed_by} />
              {change.agent != null && <> · {t('byAgent', { agent: change.agent })}</>} · <Ago at={change.proposed_at} />
            </span>,
          ],
          ...(change.run_id == null ? [] : [[t('run'), <RunLink key="run" id={change.run_id} />] satisfies [string, React.ReactNode]]),
          ...(change.decided_by == null || change.decided_at == null
            ? []
            : [
                [
                  t('decidedBy'),
                  <span key="decided">
                    <PersonName id={change.decided_by} /> · <At at={change.decided_at} />
                    {change.decision_reason != null && <q className="block text-soft">{seen(change.decision_reason)}</q>}
                  </span>,
                ] satisfies [string, React.ReactNode],
              ]),
          ...(change.version == null ? [] : [[t('inForceAs'), t('version', { number: change.version })] satisfies [string, React.ReactNode]]),
          [
            t('digest'),
            <code key="digest" dir="ltr" className="font-mono text-xs break-all">
              {change.content_digest}
            </code>,
          ],
        ]}
      />
      {change.is_stale && <p className="rounded-lg bg-bad-wash px-3 py-2 text-sm text-bad">{t('staleHint')}</p>}
      {change.state === 'proposed' && !change.sound && <p className="rounded-lg bg-bad-wash px-3 py-2 text-sm text-bad">{t('unsoundHint')}</p>}
    </Card>
  );
}

function RunLink({ id }: { id: string }) {
  return (
    <Link href={`/runs/${id}`} className="font-mono text-xs break-all text-accent underline">
      {id}
    </Link>
  );
}

function Shown({ change }: { change: ChangeDetail }) {
  const t = useTranslations('changes');
  const shown = shownOf(change);
  if (shown.kind === 'tool') return <OfTools report={shown.report} />;
  if (shown.kind === 'policy') return <OfRules change={change} content={shown.content} report={shown.report} />;
  if (shown.kind === 'label') return <OfLabel content={shown.content} report={shown.report} />;
  if (shown.kind === 'grant') return <OfGrant content={shown.content} report={shown.report} />;
  return (
    <pre tabIndex={0} dir="ltr" aria-label={t('content')} className="overflow-auto rounded-xl border border-line bg-surface p-4 font-mono text-xs whitespace-pre-wrap">
      {JSON.stringify({ content: shown.content, report: shown.report }, null, 2)}
    </pre>
  );
}
