'use client';

import { UserPlus, UserRound } from 'lucide-react';
import { useTranslations } from 'use-intl';
import { useRoleNames } from '@/components/role-names';
import { Page } from '@/components/shell/page';
import { useWorkspaces } from '@/components/workspace-select';
import { AddButton } from '@/components/ui/add-button';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { More } from '@/components/ui/more';
import { ON_DEMAND } from '@/components/ui/rest';
import { Segments } from '@/components/ui/segments';
import { Empty } from '@/components/ui/empty';
import { Failed, Loading, NoMatch } from '@/components/ui/states';
import { WindowList } from '@/components/ui/window-list';
import { SearchField } from '@/components/search-field';
import { answer, api, type Schemas } from '@/lib/api/client';
import { useFormats } from '@/lib/format';
import { rolesOf } from '@/lib/grants';
import { useList } from '@/lib/list';
import { may, useMe } from '@/lib/me';
import { useAddress } from '@/lib/url';
import { ArrivalBadge } from './arrival';
import { InviteDialog } from './invite';
import { PersonDialog } from './person-dialog';
import { Workspaces } from './workspaces';
import { useCallback } from 'react';

const SHOWN = ['people', 'workspaces'] as const;
const PAGE = 200;
const [WIDE_ROW_PX, NARROW_ROW_PX] = [49, 93];

export function PeopleView() {
  const t = useTranslations('people');
  const w = useTranslations('workspaces');
  const me = useMe();
  const { get, set } = useAddress();
  const shown = SHOWN.find((one) => one === get('show')) ?? 'people';
  const search = useCallback((q: string) => set({ q }), [set]);
  const action =
    shown === 'people' ? (
      <Button size="small" forbidden={may(me, 'people:manage') ? null : t('mayNotManage')} onClick={() => set({ new: '1' })}>
        <UserPlus className="size-4" aria-hidden />
        {t('invite')}
      </Button>
    ) : (
      <AddButton label={w('add')} forbidden={may(me, 'workspaces:manage') ? null : w('mayNotManage')} onClick={() => set({ new: '1' })} />
    );
  return (
    <Page
      title={t('title')}
      actions={action}
      bar={
        <div className="flex flex-wrap gap-2">
          <Segments label={t('show')} options={SHOWN.map((value) => ({ value, label: t(`shown.${value}`) }))} value={shown} onChange={(value) => set({ show: value === 'people' ? '' : value, new: '', open: '' })} />
          {shown === 'people' && (
            <div className="min-w-40 flex-1 sm:max-w-xs">
              <SearchField label={t('search')} value={get('q')} onChange={search} />
            </div>
          )}
        </div>
      }
      scrolls
    >
      {shown === 'people' ? (
        <People words={get('q').toLocaleLowerCase()} openId={get('open')} onOpen={(open) => set({ open })} onClear={() => set({ q: '' })} />
      ) : (
        <Workspaces label={t('shown.workspaces')} isNew={get('new') !== ''} onClose={() => set({ new: '' })} />
      )}
      {shown === 'people' && get('new') !== '' && <InviteDialog onClose={() => set({ new: '' })} />}
    </Page>
  );
}

function People({ words, openId, onOpen, onClear }: { words: string; openId: string; onOpen: (id: string) => void; onClear: () => void }) {
  const t = useTranslations('people');
  const { query, items } = useList(['people', 'list'], (cursor) => answer(api.GET('/api/v1/people', { params: { query: { limit: PAGE, cursor } } })));
  const found = items.filter((person) => `${person.display_name} ${person.email}`.toLocaleLowerCase().includes(words));
  const open = items.find((person) => person.person_id === openId);
  return (
    <>
      {query.isPending && <Loading lines={6} />}
      {query.isError && (words !== '' || !query.isFetchNextPageError) && <Failed error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && items.length === 0 && <Empty icon={<UserRound className="size-5" aria-hidden />} title={t('none')} hint={t('noneHint')} />}
      {items.length > 0 && found.length === 0 && !query.hasNextPage && <NoMatch onClear={onClear} />}
      {found.length > 0 && (
        <WindowList items={found} keyOf={(person) => person.person_id} label={t('title')} widePx={WIDE_ROW_PX} narrowPx={NARROW_ROW_PX} query={words === '' ? query : ON_DEMAND} isCut={query.hasNextPage}>
          {(person) => <Row person={person} onOpen={onOpen} />}
        </WindowList>
      )}
      {words !== '' && <More query={query} />}
      {open !== undefined && <PersonDialog person={open} onClose={() => onOpen('')} />}
    </>
  );
}

function Row({ person, onOpen }: { person: Schemas['PersonView']; onOpen: (id: string) => void }) {
  const t = useTranslations('people');
  const me = useMe();
  const names = useRoleNames();
  const formats = useFormats();
  const workspaces = useWorkspaces();
  const { roles, workspaces: places } = rolesOf(person.roles);
  const where = places === null ? t('place.everywhere') : formats.list(places.map((id) => workspaces.find((one) => one.workspace_id === id)?.name ?? `…${id.slice(-6)}`));
  return (
    <div className="size-full">
      <button
        type="button"
        aria-haspopup="dialog"
        onClick={() => onOpen(person.person_id)}
        className="grid size-full content-center gap-x-4 gap-y-0.5 px-4 text-start hover:bg-sunken sm:px-6 lg:grid-cols-[16rem_1fr_1fr_auto] lg:items-center"
      >
        <span className="flex min-w-0 items-center gap-2 font-medium">
          <bdi className="truncate">{person.display_name}</bdi>
          {person.person_id === me.person_id && <Badge tone="accent">{t('you')}</Badge>}
          {person.disabled_at != null && <Badge tone="bad">{t('disabled')}</Badge>}
          <ArrivalBadge person={person} />
        </span>
        <span className="truncate text-sm text-soft">
          <bdi>{person.email}</bdi>
        </span>
        <span className="flex gap-2 text-sm lg:contents">
          <span className="truncate">{roles.length === 0 ? t('noRole') : formats.list(roles.map(names))}</span>
          <span className="truncate text-soft">{where}</span>
        </span>
      </button>
    </div>
  );
}
