'use client';

import { useInfiniteQuery } from '@tanstack/react-query';
import { Workflow } from 'lucide-react';
import { Link } from '@/components/ui/link';
import { useTranslations } from 'use-intl';
import { PersonName } from '@/components/person-name';
import { RunStatus } from '@/components/run/status';
import { Page } from '@/components/shell/page';
import { Segments } from '@/components/ui/segments';
import { Empty } from '@/components/ui/empty';
import { Failed, Loading, NoMatch } from '@/components/ui/states';
import { Ago } from '@/components/ui/time';
import { WindowList } from '@/components/ui/window-list';
import { answer, api } from '@/lib/api/client';
import { useFormats } from '@/lib/format';
import { useAddress } from '@/lib/url';

const STATUSES = ['', 'running', 'waiting', 'ended'] as const;
const PAGE = 100;
const [WIDE_ROW_PX, NARROW_ROW_PX] = [45, 93];

/** What agents did, newest first. */
export function RunsView() {
  const t = useTranslations('runs');
  const s = useTranslations('runStatus');
  const formats = useFormats();
  const address = useAddress();
  const status = STATUSES.find((one) => one === address.get('status')) ?? '';
  const runs = useInfiniteQuery({
    queryKey: ['runs', status],
    queryFn: ({ pageParam }) => answer(api.GET('/api/v1/runs', { params: { query: { status: status === '' ? undefined : status, limit: PAGE, cursor: pageParam } } })),
    initialPageParam: undefined,
    getNextPageParam: (page: { next_cursor: string | null }): string | undefined => page.next_cursor ?? undefined,
  });
  const all = runs.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Page
      title={t('title')}
      bar={<Segments label={t('which')} options={STATUSES.map((value) => ({ value, label: value === '' ? t('all') : s(`status.${value}`) }))} value={status} onChange={(value) => address.set({ status: value })} />}
      scrolls
    >
      {runs.isPending && <Loading lines={8} />}
      {runs.isError && !runs.isFetchNextPageError && <Failed error={runs.error} onRetry={() => void runs.refetch()} />}
      {runs.isSuccess && all.length === 0 && (status === '' ? <Empty icon={<Workflow className="size-5" aria-hidden />} title={t('none')} hint={t('noneHint')} /> : <NoMatch onClear={() => address.set({ status: '' })} />)}
      {all.length > 0 && (
        <WindowList items={all} keyOf={(run) => run.run_id} label={t('title')} widePx={WIDE_ROW_PX} narrowPx={NARROW_ROW_PX} query={runs}>
          {(run) => (
            <Link href={`/runs/${run.run_id}`} className="grid size-full content-center gap-1 px-4 hover:bg-sunken sm:px-6 lg:grid-cols-[8rem_1fr_10rem_auto] lg:items-center lg:gap-4">
              <span className="flex min-w-0 items-center justify-between gap-2 lg:contents">
                <span className="shrink-0">
                  <RunStatus status={run.status} outcome={run.outcome} />
                </span>
                <span className="min-w-0 truncate text-sm">
                  <span className="font-medium">{run.agent}</span> <span className="text-soft">· <PersonName id={run.person_id} /> · {run.channel}</span>
                </span>
              </span>
              <span className="truncate text-sm text-soft">
                <Ago at={run.created_at} />
              </span>
              <span className="truncate text-xs text-soft lg:text-end">
                {t('steps', { count: run.steps })} · {t('tokens', { count: run.tokens })} · {formats.usd(run.cost_micros)}
              </span>
            </Link>
          )}
        </WindowList>
      )}
    </Page>
  );
}
