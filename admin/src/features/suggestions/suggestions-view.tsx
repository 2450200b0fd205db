'use client';

import { useQuery } from '@tanstack/react-query';
import { Lightbulb } from 'lucide-react';
import { useTranslations } from 'use-intl';
import { Page } from '@/components/shell/page';
import { ToolName } from '@/components/tool-name';
import { useWorkspaces } from '@/components/workspace-select';
import { Badge } from '@/components/ui/badge';
import { Card, Facts } from '@/components/ui/card';
import { Copy } from '@/components/ui/copy';
import { Select } from '@/components/ui/field';
import { Link } from '@/components/ui/link';
import { Empty } from '@/components/ui/empty';
import { Failed, Loading } from '@/components/ui/states';
import { answer, api, type Schemas } from '@/lib/api/client';
import { useFormats } from '@/lib/format';
import { useAddress } from '@/lib/url';

type Suggestion = Schemas['SuggestionView'];

const DAYS = [30, 90, 365] as const;
const LEAST = [3, 5, 10, 25, 100] as const;
const USUAL = { days: 90, least: 10 } as const;

/** Rules for what people always approved, each with what it would have changed. None is put in force from here. */
export function SuggestionsView() {
  const t = useTranslations('suggestions');
  const { get, set } = useAddress();
  const days = DAYS.find((one) => String(one) === get('days')) ?? USUAL.days;
  const least = LEAST.find((one) => String(one) === get('least')) ?? USUAL.least;
  const suggestions = useQuery({
    queryKey: ['suggestions', days, least],
    queryFn: () => answer(api.GET('/api/v1/policies/suggestions', { params: { query: { days, least } } })),
  });
  return (
    <Page
      title={t('title')}
      bar={
        <div className="grid grid-cols-2 gap-2 sm:flex">
          <Select label={t('days')} value={days} onChange={(event) => set({ days: Number(event.target.value) === USUAL.days ? '' : event.target.value })}>
            {DAYS.map((count) => (
              <option key={count} value={count}>
                {t('daysOf', { count })}
              </option>
            ))}
          </Select>
          <Select label={t('least')} value={least} onChange={(event) => set({ least: Number(event.target.value) === USUAL.least ? '' : event.target.value })}>
            {LEAST.map((count) => (
              <option key={count} value={count}>
                {t('leastOf', { count })}
              </option>
            ))}
          </Select>
        </div>
      }
    >
      {suggestions.isPending && <Loading lines={8} />}
      {suggestions.isError && <Failed error={suggestions.error} onRetry={() => void suggestions.refetch()} />}
      {suggestions.data?.unfinished === true && (
        <div className="mx-auto w-full max-w-4xl px-4 pt-4 sm:px-6">
          <p className="rounded-lg bg-wait-wash px-3 py-2 text-sm font-medium text-wait">{t('unfinished')}</p>
        </div>
      )}
      {suggestions.data?.items.length === 0 && suggestions.data.unfinished !== true && (
        <Empty icon={<Lightbulb className="size-5" aria-hidden />} title={t('none')} hint={t('noneHint')} />
      )}
      {suggestions.data !== undefined && suggestions.data.items.length > 0 && (
        <div className="mx-auto grid w-full max-w-4xl gap-3 p-4 sm:p-6">
          <p className="text-soft">{t('hint')}</p>
          <ul className="grid gap-3">
            {suggestions.data.items.map((one) => (
              <li key={`${one.id} ${one.workspace_id}`}>
                <One suggestion={one} />
              </li>
            ))}
          </ul>
        </div>
      )}
    </Page>
  );
}

function One({ suggestion: { id, tool, agent, workspace_id: place, approved, covers, rule, backtest } }: { suggestion: Suggestion }) {
  const t = useTranslations('suggestions');
  const formats = useFormats();
  const workspaces = useWorkspaces();
  return (
    <Card className="grid gap-3 p-4">
      <div className="flex flex-wrap items-center gap-2">
        <h2 className="min-w-0 flex-1 font-semibold">
          <ToolName name={tool} />
        </h2>
        <Badge tone="good">{t('approved', { count: approved })}</Badge>
      </div>
      <Facts
        facts={[
          [t('agent'), <bdi key="agent">{agent}</bdi>],
          [t('workspace'), <bdi key="workspace">{workspaces.find((one) => one.workspace_id === place)?.name ?? place}</bdi>],
          [t('covers'), t('coversOf', { covers: formats.number(covers), approved: formats.number(approved) })],
          [t('tried'), t('triedOf', { count: backtest.judged })],
        ]}
      />
      <p className="flex flex-wrap gap-2">
        <Badge tone={backtest.newly_allowed > 0 ? 'wait' : 'plain'}>{t('newlyAllowed', { count: backtest.newly_allowed })}</Badge>
        <Badge>{t('newlyHeld', { count: backtest.newly_held })}</Badge>
        <Badge>{t('newlyBlocked', { count: backtest.newly_blocked })}</Badge>
        {backtest.not_judged > 0 && <Badge>{t('notJudged', { count: backtest.not_judged })}</Badge>}
      </p>
      {backtest.decisions.length > 0 && (
        <details>
          <summary className="text-sm text-soft">{t('decisions')}</summary>
          <ul className="mt-2 grid gap-1 text-sm">
            {backtest.decisions.map((decision) => (
              <li key={decision}>
                <Link href={`/actions?tool=${encodeURIComponent(tool)}&open=${decision}`} className="font-mono text-xs break-all text-accent underline">
                  {decision}
                </Link>
              </li>
            ))}
          </ul>
        </details>
      )}
      <section aria-label={t('rule')} className="grid gap-1">
        <h3 className="flex items-center gap-1 text-sm font-semibold">
          {t('rule')} <Copy text={rule} label={t('copyRule', { id })} />
        </h3>
        <pre tabIndex={0} dir="ltr" className="max-h-80 overflow-auto rounded-lg bg-sunken p-3 font-mono text-xs whitespace-pre-wrap">
          {rule}
        </pre>
      </section>
    </Card>
  );
}
