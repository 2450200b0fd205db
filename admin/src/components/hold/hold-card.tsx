'use client';

import { useQuery } from '@tanstack/react-query';
import { ShieldQuestion } from 'lucide-react';
import { useState } from 'react';
import { Link } from '@/components/ui/link';
import { useTranslations } from 'use-intl';
import { Arguments } from '@/components/arguments';
import { EffectBadge } from '@/components/effect-badge';
import { useNeedsText } from '@/components/needs';
import { PersonName } from '@/components/person-name';
import { useRoleNames } from '@/components/role-names';
import { Rules } from '@/components/rules';
import { ToolName } from '@/components/tool-name';
import { Card, Facts } from '@/components/ui/card';
import { Failed, Loading } from '@/components/ui/states';
import { Ago, At } from '@/components/ui/time';
import { answer, api } from '@/lib/api/client';
import { useFormats } from '@/lib/format';
import { seen } from '@/lib/seen';
import { AllowSuch } from './allow-such';
import { AskedToo } from './asked-too';
import { Decide } from './decide';
import { EditedInto } from './edited-into';
import { LastSimilar } from './last-similar';
import { Preview } from './preview';
import { HoldState } from './state';
import { rolesOf, useHold, type Hold } from './use-hold';

interface HoldCardProps {
  id: string;
  isInline?: boolean;
  onDeciding?: React.ComponentProps<typeof Decide>['onDeciding'];
}

/** A held action with everything one needs to decide on it. `inline` stands in a conversation and leaves out what is read there. */
export function HoldCard({ id, isInline = false, onDeciding }: HoldCardProps) {
  const hold = useHold(id);
  if (hold.isPending) return <Loading lines={5} />;
  if (hold.data === undefined) return <Failed error={hold.error} onRetry={() => void hold.refetch()} />;
  return <Loaded key={hold.data.hold_id} hold={hold.data} isInline={isInline} onDeciding={onDeciding} />;
}

/** What it shows is what is decided on: whoever edits an action puts another one in its place, and this one is over. */
function Loaded({ hold, isInline, onDeciding }: { hold: Hold; isInline: boolean; onDeciding: HoldCardProps['onDeciding'] }) {
  const t = useTranslations('hold');
  const isWaiting = hold.state === 'held';
  // What became of it is news for whoever looks at it meanwhile, and for nobody who finds it so.
  const [wasWaiting] = useState(isWaiting);
  const over = isWaiting ? null : t(`after.${after(hold.state)}`);
  return (
    <Card className={isInline ? 'border-wait' : undefined} role="group" aria-label={t('card', { tool: hold.tool })}>
      <div className="grid gap-4 p-4">
        <div className="grid gap-1.5">
          <div className="flex flex-wrap items-center gap-2">
            <ShieldQuestion className="size-4 shrink-0 text-wait" aria-hidden />
            <p className="min-w-0 flex-1 font-semibold">
              <ToolName name={hold.tool} />
            </p>
            <EffectBadge effect={hold.effect} />
            <HoldState state={hold.state} />
          </div>
          <p>
            <bdi>{seen(hold.reason)}</bdi>
          </p>
        </div>
        {hold.edited_into != null && <EditedInto before={hold} id={hold.edited_into} isNews={wasWaiting} />}
        <Arguments value={hold.arguments} provenance={hold.provenance} roles={rolesOf(hold)} />
        {/* Before the buttons: on a phone nobody scrolls past them to find out what they approve. */}
        <Preview hold={hold} />
        <LastSimilar hold={hold} />
        <Waits hold={hold} isWaiting={isWaiting} />
        {hold.edited_by != null && (
          <p className="text-sm text-soft">
            {t('editedBy')} <PersonName id={hold.edited_by} />
          </p>
        )}
        {hold.serves_run_id != null && (
          <p className="text-sm text-soft">
            {t('serves')}{' '}
            <Link href={`/runs/${hold.serves_run_id}`} className="font-mono text-xs break-all text-accent underline">
              {hold.serves_run_id}
            </Link>
          </p>
        )}
        <AskedToo hold={hold} />
        <Said hold={hold} />
        {over !== null && hold.edited_into == null && (
          <p role="status" className="text-sm text-soft">
            {over}
          </p>
        )}
        <Decide shown={hold} over={over} hasShortcuts={!isInline} onDeciding={onDeciding} />
        {isInline ? (
          <Link href={`/holds/${hold.hold_id}`} className="text-sm text-accent underline underline-offset-2">
            {t('openCard')}
          </Link>
        ) : (
          <>
            <AllowSuch hold={hold} />
            <Details hold={hold} />
          </>
        )}
      </div>
    </Card>
  );
}

const AFTER = ['approved', 'rejected', 'expired', 'cancelled', 'edited', 'revised', 'claimed', 'done', 'failed'] as const;

function after(state: string): (typeof AFTER)[number] | 'unknown' {
  return AFTER.find((one) => one === state) ?? 'unknown';
}

function Waits({ hold, isWaiting }: { hold: Hold; isWaiting: boolean }) {
  const t = useTranslations('hold');
  const needs = useNeedsText();
  return (
    <Facts
      facts={[
        [t('needs'), hold.people > 1 ? t('needsPeople', { roles: needs(hold.needs), count: hold.people }) : needs(hold.needs)],
        [t('for'), <PersonName key="for" id={hold.person_id} />],
        [isWaiting ? t('expires') : t('held'), <Ago key="time" at={isWaiting ? hold.expires_at : hold.held_at} />],
      ]}
    />
  );
}

/** What people said so far. */
function Said({ hold }: { hold: Hold }) {
  const t = useTranslations('hold');
  const roles = useRoleNames();
  const formats = useFormats();
  if (hold.said.length === 0) return null;
  return (
    <ul className="grid gap-1 text-sm">
      {hold.said.map((one) => (
        <li key={`${one.person_id} ${one.at}`}>
          <span className={one.approves ? 'font-medium text-good' : 'font-medium text-bad'}>{one.approves ? t('saidYes') : t('saidNo')}</span> <PersonName id={one.person_id} />{' '}
          <span className="text-soft">
            ({formats.list(one.roles.map(roles))}) · <Ago at={one.at} />
          </span>
          {one.reason != null && one.reason !== '' && <q className="block text-soft">{seen(one.reason)}</q>}
        </li>
      ))}
    </ul>
  );
}

/** What the run of an action cost until now, for whoever may see the run; it has its line before it is known. */
function useCost(runId: string): string | null {
  const formats = useFormats();
  const run = useQuery({ queryKey: ['runs', 'one', runId], queryFn: () => answer(api.GET('/api/v1/runs/{id}', { params: { path: { id: runId } } })), retry: false });
  if (run.isPending) return '…';
  return run.data === undefined ? null : formats.usd(run.data.cost_micros);
}

function Details({ hold }: { hold: Hold }) {
  const t = useTranslations('hold');
  const cost = useCost(hold.run_id);
  return (
    <>
      {cost !== null && <Facts facts={[[t('cost'), cost]]} />}
      <section className="grid gap-2">
        <h2 className="text-sm font-semibold">{t('rules')}</h2>
        <Rules ids={hold.rules} />
      </section>
      <details className="text-sm">
        <summary className="text-soft">{t('exact')}</summary>
        <div className="mt-2 grid gap-3">
          <Facts
            facts={[
              [t('agent'), hold.agent],
              [
                t('run'),
                <Link key="run" href={`/runs/${hold.run_id}`} className="font-mono text-xs break-all text-accent underline">
                  {hold.run_id}
                </Link>,
              ],
              [t('held'), <At key="held" at={hold.held_at} />],
              [t('expires'), <At key="expires" at={hold.expires_at} />],
              [
                t('envelope'),
                <code key="envelope" className="font-mono text-xs break-all">
                  {hold.envelope_id}
                </code>,
              ],
            ]}
          />
          <pre tabIndex={0} dir="ltr" className="max-h-80 overflow-auto rounded-lg bg-sunken p-3 font-mono text-xs">
            {seen(JSON.stringify(hold.envelope, null, 2))}
          </pre>
        </div>
      </details>
    </>
  );
}
