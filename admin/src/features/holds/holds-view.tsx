'use client';

import { CircleCheckBig, ListChecks, X } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { useCallback, useState } from 'react';
import { useTranslations } from 'use-intl';
import { HoldCard } from '@/components/hold/hold-card';
import { ROLES, useRoleNames } from '@/components/role-names';
import { SavedViews } from '@/components/saved-views';
import { SearchField } from '@/components/search-field';
import { NotHere } from '@/components/shell/not-here';
import { Page } from '@/components/shell/page';
import { Button } from '@/components/ui/button';
import { ExportButton } from '@/components/ui/export-button';
import { Select } from '@/components/ui/field';
import { Segments } from '@/components/ui/segments';
import { Empty } from '@/components/ui/empty';
import { Failed, Loading, NoMatch } from '@/components/ui/states';
import { WindowList } from '@/components/ui/window-list';
import { addressOf } from '@/lib/api/address';
import { cx } from '@/lib/cx';
import { EFFECTS, isNarrow, queryOf, SHOWN, type Filter } from '@/lib/hold-filter';
import { may, useMe } from '@/lib/me';
import { useShortcuts } from '@/lib/shortcuts';
import { useAddress, useRouteId } from '@/lib/url';
import { HOLD_ROW_PX, HoldRow } from './hold-row';
import { RejectMany } from './reject-many';
import { useHolds, type Hold } from './use-holds';

/** How the address writes the filters: what is usual is not there. */
function inAddress({ show, effect, role, words }: Filter): Record<string, string> {
  return { show: show === 'held' ? '' : show, effect, role, q: words };
}

/** The queue of held actions beside the card of one; on a phone one at a time. */
export function HoldsView() {
  const t = useTranslations('hold');
  const me = useMe();
  const router = useRouter();
  const address = useAddress();
  const id = useRouteId('/holds');
  const [chosen, setChosen] = useState<readonly string[] | null>(null);
  const [isRejecting, setIsRejecting] = useState(false);
  const filter: Filter = {
    show: SHOWN.find((one) => one === address.get('show')) ?? 'held',
    effect: EFFECTS.find((one) => one === address.get('effect')) ?? '',
    role: ROLES.find((one) => one === address.get('role')) ?? '',
    words: address.get('q'),
  };
  const holds = useHolds(filter);
  const canDecide = (hold: Hold) => may(me, 'holds:decide') && hold.needs.some((set) => set.some((role) => me.roles.includes(role)));
  const shown = holds.data?.pages.flatMap((page) => page.items) ?? [];
  const isFiltered = isNarrow(filter);
  const query = new URLSearchParams(Object.entries(inAddress(filter)).filter(([, value]) => value !== '')).toString();
  const hrefOf = (hold: Hold) => `/holds/${hold.hold_id}${query === '' ? '' : `?${query}`}`;
  const step = (by: number) => {
    const at = shown.findIndex((hold) => hold.hold_id === id);
    const next = shown[at < 0 ? 0 : Math.min(Math.max(at + by, 0), shown.length - 1)];
    if (next !== undefined) router.push(hrefOf(next));
  };
  useShortcuts(!isRejecting, { j: () => step(1), k: () => step(-1) });
  // Others may decide meanwhile: what is not there any more is not chosen any more.
  const choosable = shown.filter((hold) => hold.state === 'held' && canDecide(hold));
  // Of thousands each is looked up, and none looked for among all.
  const [canBeChosen, areChosen] = [new Set(choosable.map((hold) => hold.hold_id)), new Set(chosen)];
  const picked = choosable.filter((hold) => areChosen.has(hold.hold_id));

  const list = (
    <Page
      title={t('title')}
      actions={
        <>
          <Button size="small" tone="plain" aria-pressed={chosen !== null} forbidden={may(me, 'holds:decide') ? null : t('mayNotDecide')} onClick={() => setChosen(chosen === null ? [] : null)}>
            {chosen === null ? <ListChecks className="size-4" aria-hidden /> : <X className="size-4" aria-hidden />}
            {chosen === null ? t('chooseMany') : t('chooseNone')}
          </Button>
          <Export filter={filter} count={holds.isSuccess && !holds.hasNextPage ? shown.length : null} />
        </>
      }
      bar={<Bar filter={filter} onChange={address.set} />}
      scrolls
    >
      {chosen !== null && (
        <div className="sticky top-0 z-10 flex flex-wrap items-center gap-3 border-b border-line bg-ground px-4 py-2 sm:px-6">
          <label className="flex min-h-9 items-center gap-2 text-sm">
            <input
              type="checkbox"
              checked={choosable.length > 0 && picked.length === choosable.length}
              onChange={(event) => setChosen(event.target.checked ? choosable.map((hold) => hold.hold_id) : [])}
              className="size-5 accent-accent"
            />
            {t('chooseAll')}
          </label>
          <Button size="small" tone="danger" className="ms-auto" forbidden={picked.length === 0 ? t('noneChosen') : null} onClick={() => setIsRejecting(true)}>
            {t('rejectMany', { count: picked.length })}
          </Button>
        </div>
      )}
      {holds.isPending && <Loading lines={6} />}
      {holds.isError && !holds.isFetchNextPageError && <Failed error={holds.error} onRetry={() => void holds.refetch()} />}
      {holds.isSuccess && shown.length === 0 && (isFiltered ? <NoMatch onClear={() => address.set({ show: '', effect: '', role: '', q: '' })} /> : <Nothing isAll={filter.show === 'all'} />)}
      {shown.length > 0 && (
        <WindowList items={shown} keyOf={(hold) => hold.hold_id} label={t('title')} widePx={HOLD_ROW_PX} narrowPx={HOLD_ROW_PX} query={holds}>
          {(hold) => (
            <HoldRow
              hold={hold}
              isHere={hold.hold_id === id}
              href={hrefOf(hold)}
              isChosen={chosen !== null && canBeChosen.has(hold.hold_id) ? areChosen.has(hold.hold_id) : null}
              onChoose={(isChosen) => setChosen(isChosen ? [...(chosen ?? []), hold.hold_id] : (chosen ?? []).filter((one) => one !== hold.hold_id))}
            />
          )}
        </WindowList>
      )}
      <p className="hidden px-6 py-3 text-xs text-soft lg:block">{t('keys')}</p>
      {isRejecting && <RejectMany holds={picked} onClose={() => setIsRejecting(false)} onDone={(ids) => setChosen((now) => now?.filter((one) => !ids.has(one)) ?? null)} />}
    </Page>
  );
  return (
    <div className="flex min-h-0 flex-1">
      <div className={cx('min-h-0 min-w-0 flex-1 flex-col border-line lg:flex lg:max-w-md lg:border-e', id === null ? 'flex' : 'hidden')}>{list}</div>
      <div className={cx('min-h-0 min-w-0 flex-1 flex-col lg:flex', id === null ? 'hidden' : 'flex')}>
        {id === null ? <Empty icon={<CircleCheckBig className="size-5" aria-hidden />} title={t('choose')} hint={t('chooseHint')} /> : <One key={id} id={id} query={query === '' ? '' : `?${query}`} />}
      </div>
    </div>
  );
}

/** Which are shown: by who can decide, by effect, by the role that is needed, by words; and the views that one keeps. */
function Bar({ filter, onChange }: { filter: Filter; onChange: (changes: Record<string, string>) => void }) {
  const t = useTranslations('hold');
  const effects = useTranslations('effect');
  const roles = useRoleNames();
  const search = useCallback((q: string) => onChange({ q }), [onChange]);
  return (
    <div className="grid gap-2">
      <Segments label={t('show')} options={SHOWN.map((value) => ({ value, label: t(`filter.${value}`) }))} value={filter.show} onChange={(value) => onChange({ show: value === 'held' ? '' : value })} />
      <SearchField label={t('search')} value={filter.words} onChange={search} />
      <div className="grid grid-cols-2 gap-2">
        <Select label={t('role')} isLabelHidden value={filter.role} onChange={(event) => onChange({ role: event.target.value })}>
          <option value="">{t('anyRole')}</option>
          {ROLES.map((role) => (
            <option key={role} value={role}>
              {t('needsShort', { roles: roles(role) })}
            </option>
          ))}
        </Select>
        <Select label={t('effect')} isLabelHidden value={filter.effect} onChange={(event) => onChange({ effect: event.target.value })}>
          <option value="">{t('anyEffect')}</option>
          {EFFECTS.map((effect) => (
            <option key={effect} value={effect}>
              {effects(effect)}
            </option>
          ))}
        </Select>
      </div>
      <SavedViews page="holds" now={inAddress(filter)} onApply={(filters) => onChange({ show: '', effect: '', role: '', q: '', ...filters })} />
    </div>
  );
}

/** What the list shows, as a file: all that was ever held, or less, and then how many for whoever asks, where that is known. */
function Export({ filter, count }: { filter: Filter; count: number | null }) {
  const t = useTranslations('hold');
  const isWhole = filter.show === 'all' && !isNarrow(filter);
  const label = isWhole ? t('export') : count === null ? t('exportThese') : t('exportCount', { count });
  // The number is known late, so it does not stand on the button, where it would move what is beside it.
  return <ExportButton kind="csv" label={label} text={isWhole ? undefined : t('theseAsCsv')} address={addressOf('/api/v1/holds', { query: queryOf(filter) })} name="held" />;
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

function Nothing({ isAll }: { isAll: boolean }) {
  const t = useTranslations('hold');
  return <Empty icon={<CircleCheckBig className="size-5" aria-hidden />} title={isAll ? t('noneEver') : t('none')} hint={isAll ? t('noneEverHint') : t('noneHint')} />;
}
