'use client';

import { useInfiniteQuery } from '@tanstack/react-query';
import { CircleCheckBig } from 'lucide-react';
import { Link } from '@/components/ui/link';
import { useRouter } from 'next/navigation';
import { useTranslations } from 'use-intl';
import { EffectBadge } from '@/components/effect-badge';
import { HoldCard } from '@/components/hold/hold-card';
import { HoldState } from '@/components/hold/state';
import { useNeedsText } from '@/components/needs';
import { NotHere } from '@/components/shell/not-here';
import { Page } from '@/components/shell/page';
import { ToolName } from '@/components/tool-name';
import { More } from '@/components/ui/more';
import { Segments } from '@/components/ui/segments';
import { Empty, Failed, Loading, NoMatch } from '@/components/ui/states';
import { Ago } from '@/components/ui/time';
import { answer, api, type Schemas } from '@/lib/api/client';
import { cx } from '@/lib/cx';
import { may, useMe } from '@/lib/me';
import { useShortcuts } from '@/lib/shortcuts';
import { useAddress, useRouteId } from '@/lib/url';

type Hold = Schemas['HoldView'];

const STATES = ['held', 'mine', 'all'] as const;
type Filter = (typeof STATES)[number];

const PAGE = 50;
const LOOK_EVERY_MS = 10_000;

function useHolds(filter: Filter) {
  const state = filter === 'all' ? undefined : 'held';
  return useInfiniteQuery({
    queryKey: ['holds', 'list', state ?? 'all'],
    queryFn: ({ pageParam }) => answer(api.GET('/api/v1/holds', { params: { query: { state, limit: PAGE, cursor: pageParam } } })),
    initialPageParam: undefined,
    getNextPageParam: (page: { next_cursor: string | null }): string | undefined => page.next_cursor ?? undefined,
    refetchInterval: LOOK_EVERY_MS,
  });
}

/** What lapses first comes first; what is over comes newest first. */
function inOrder(holds: Hold[]): Hold[] {
  const [waiting, over] = [holds.filter((hold) => hold.state === 'held'), holds.filter((hold) => hold.state !== 'held')];
  return [...waiting.sort((a, b) => a.expires_at.localeCompare(b.expires_at)), ...over.sort((a, b) => b.held_at.localeCompare(a.held_at))];
}

/** The queue of held actions beside the card of one; on a phone one at a time. */
export function HoldsView() {
  const t = useTranslations('hold');
  const me = useMe();
  const router = useRouter();
  const address = useAddress();
  const id = useRouteId('/holds');
  const filter = STATES.find((one) => one === address.get('show')) ?? 'held';
  const holds = useHolds(filter);
  const canDecide = (hold: Hold) => may(me, 'holds:decide') && hold.needs.some((set) => set.some((role) => me.roles.includes(role)));
  const all = holds.data?.pages.flatMap((page) => page.items) ?? [];
  const shown = inOrder(filter === 'mine' ? all.filter(canDecide) : all);
  const query = filter === 'held' ? '' : `?show=${filter}`;
  const step = (by: number) => {
    const at = shown.findIndex((hold) => hold.hold_id === id);
    const next = shown[at < 0 ? 0 : Math.min(Math.max(at + by, 0), shown.length - 1)];
    if (next !== undefined) router.push(`/holds/${next.hold_id}${query}`);
  };
  useShortcuts(true, { j: () => step(1), k: () => step(-1) });

  const list = (
    <Page
      title={t('title')}
      bar={<Segments label={t('show')} options={STATES.map((value) => ({ value, label: t(`filter.${value}`) }))} value={filter} onChange={(value) => address.set({ show: value === 'held' ? '' : value })} />}
    >
      {holds.isPending && <Loading lines={6} />}
      {holds.isError && <Failed error={holds.error} onRetry={() => void holds.refetch()} />}
      {holds.isSuccess && shown.length === 0 && (all.length > 0 ? <NoMatch onClear={() => address.set({ show: '' })} /> : <Nothing filter={filter} />)}
      <ul className="divide-y divide-line">
        {shown.map((hold) => (
          <Row key={hold.hold_id} hold={hold} isHere={hold.hold_id === id} href={`/holds/${hold.hold_id}${query}`} />
        ))}
      </ul>
      <More query={holds} />
      <p className="hidden px-6 py-3 text-xs text-soft lg:block">{t('keys')}</p>
    </Page>
  );
  return (
    <div className="flex min-h-0 flex-1">
      <div className={cx('min-h-0 min-w-0 flex-1 flex-col border-line lg:flex lg:max-w-md lg:border-e', id === null ? 'flex' : 'hidden')}>{list}</div>
      <div className={cx('min-h-0 min-w-0 flex-1 flex-col lg:flex', id === null ? 'hidden' : 'flex')}>
        {id === null ? <Empty icon={<CircleCheckBig className="size-5" aria-hidden />} title={t('choose')} hint={t('chooseHint')} /> : <One key={id} id={id} query={query} />}
      </div>
    </div>
  );
}

function One({ id, query }: { id: string; query: string }) {
  const t = useTranslations('hold');
  if (!id.startsWith('hold_')) return <NotHere />;
  return (
    <Page title={t('one')} back={`/holds${query}`}>
      <div className="mx-auto w-full max-w-2xl p-3 sm:p-6">
        <HoldCard id={id} />
      </div>
    </Page>
  );
}

function Nothing({ filter }: { filter: Filter }) {
  const t = useTranslations('hold');
  return <Empty icon={<CircleCheckBig className="size-5" aria-hidden />} title={filter === 'all' ? t('noneEver') : t('none')} hint={filter === 'all' ? t('noneEverHint') : t('noneHint')} />;
}

function Row({ hold, isHere, href }: { hold: Hold; isHere: boolean; href: string }) {
  const t = useTranslations('hold');
  const needs = useNeedsText();
  return (
    <li>
      <Link href={href} aria-current={isHere ? 'page' : undefined} className={cx('grid gap-1 px-4 py-3 sm:px-6', isHere ? 'bg-accent-wash' : 'hover:bg-sunken')}>
        <span className="flex items-center gap-2">
          <span className="min-w-0 flex-1 truncate font-medium">
            <ToolName name={hold.tool} />
          </span>
          <EffectBadge effect={hold.effect} />
          {hold.state !== 'held' && <HoldState state={hold.state} />}
        </span>
        <span className="line-clamp-2 text-sm text-soft">
          <bdi>{hold.reason}</bdi>
        </span>
        <span className="flex flex-wrap gap-x-3 text-xs text-soft">
          <span>{t('needsShort', { roles: needs(hold.needs) })}</span>
          <span>
            {hold.state === 'held' ? t('expires') : t('held')} <Ago at={hold.state === 'held' ? hold.expires_at : hold.held_at} />
          </span>
        </span>
      </Link>
    </li>
  );
}
