'use client';

import { FileText, Upload } from 'lucide-react';
import { useCallback, useState } from 'react';
import { useTranslations } from 'use-intl';
import { PersonName } from '@/components/person-name';
import { SearchField } from '@/components/search-field';
import { Page } from '@/components/shell/page';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Link } from '@/components/ui/link';
import { More } from '@/components/ui/more';
import { ON_DEMAND } from '@/components/ui/rest';
import { Segments } from '@/components/ui/segments';
import { Empty } from '@/components/ui/empty';
import { Failed, Loading, NoMatch } from '@/components/ui/states';
import { Ago } from '@/components/ui/time';
import { WindowList } from '@/components/ui/window-list';
import { WhenPlacesKnown } from '@/components/workspace-select';
import { answer, api } from '@/lib/api/client';
import type { Document } from '@/lib/api/upload';
import { cx } from '@/lib/cx';
import { useFileDrop } from '@/lib/file-drop';
import { useFormats } from '@/lib/format';
import { useList } from '@/lib/list';
import { may, useMe } from '@/lib/me';
import { useAddress } from '@/lib/url';
import { useKindName } from './about';
import { FoundInside } from './found-inside';
import { PutIn } from './put-in';

const PAGE = 100;
const SHOWN = ['all', 'me', 'workspace'] as const;
const [WIDE_ROW_PX, NARROW_ROW_PX] = [49, 121];

/** What was put in for agents to look into: whose it is, who may read it, and what stands in it. */
export function DocumentsView() {
  const t = useTranslations('documents');
  const me = useMe();
  const { get, set } = useAddress();
  const words = get('q');
  const shown = SHOWN.find((one) => one === get('for')) ?? 'all';
  const { query, items } = useList(['documents'], (cursor) => answer(api.GET('/api/v1/documents', { params: { query: { limit: PAGE, cursor } } })));
  const search = useCallback((q: string) => set({ q }), [set]);
  const folded = words.toLocaleLowerCase();
  const ofKind = items.filter((one) => shown === 'all' || one.for === shown);
  const found = ofKind.filter((one) => one.name.toLocaleLowerCase().includes(folded));
  const isFiltered = words !== '' || shown !== 'all';
  const forbidden = may(me, 'documents:write') ? null : t('mayNotPut');
  const [dropped, setDropped] = useState<File[]>([]);
  const isOpen = get('new') === '1' && forbidden === null;
  const open = (files: File[]) => {
    setDropped(files);
    set({ new: '1' });
  };
  // With the form open, what is dropped is dropped there.
  const { isOver, area } = useFileDrop(open, forbidden === null && !isOpen);
  const add = (
    <Button size="small" forbidden={forbidden} onClick={() => open([])}>
      <Upload className="size-4" aria-hidden />
      {t('put')}
    </Button>
  );
  return (
    <div className="flex min-h-0 flex-1 flex-col" {...area}>
      <Page
        title={t('title')}
        actions={add}
        bar={
          <div className="flex flex-wrap items-center gap-2">
            <div className="w-full sm:max-w-sm">
              <SearchField label={t('search')} value={words} onChange={search} />
            </div>
            <Segments label={t('whose')} options={SHOWN.map((value) => ({ value, label: t(`shown.${value}`) }))} value={shown} onChange={(value) => set({ for: value === 'all' ? '' : value })} />
          </div>
        }
        className={cx(isOver && 'outline-2 -outline-offset-4 outline-dashed outline-accent')}
        scrolls
      >
        {query.isPending && <Loading lines={8} />}
        {query.isError && (isFiltered || !query.isFetchNextPageError) && <Failed error={query.error} onRetry={() => void query.refetch()} />}
        {query.isSuccess && items.length === 0 && (
          <Empty icon={<FileText className="size-5" aria-hidden />} title={t('none')} hint={forbidden === null ? t('noneHint') : t('noneHintReader')}>
            {forbidden === null && add}
          </Empty>
        )}
        {query.isSuccess && items.length > 0 && found.length === 0 && words === '' && !query.hasNextPage && <NoMatch onClear={() => set({ for: '', q: '' })} />}
        {found.length > 0 && (
          <section aria-label={words === '' ? t('title') : t('byName')}>
            {words !== '' && <h2 className="px-4 pt-4 pb-1 text-sm font-semibold sm:px-6">{t('byName')}</h2>}
            <WindowList items={found} keyOf={(one) => one.document_id} label={t('title')} widePx={WIDE_ROW_PX} narrowPx={NARROW_ROW_PX} query={isFiltered ? ON_DEMAND : query} isCut={query.hasNextPage}>
              {(one) => <Row document={one} />}
            </WindowList>
          </section>
        )}
        {words !== '' && items.length > 0 && <FoundInside words={words} shown={shown} isAlone={found.length === 0 && !query.hasNextPage} onClear={() => set({ for: '', q: '' })} />}
        {isFiltered && <More query={query} />}
      </Page>
      {isOpen && (
        <WhenPlacesKnown>
          <PutIn
            files={dropped}
            onClose={() => {
              setDropped([]);
              set({ new: '' });
            }}
          />
        </WhenPlacesKnown>
      )}
    </div>
  );
}

function Row({ document }: { document: Document }) {
  const t = useTranslations('documents');
  const formats = useFormats();
  const kind = useKindName();
  return (
    <Link href={`/documents/${document.document_id}`} className="grid size-full content-center gap-x-4 gap-y-0.5 px-4 hover:bg-sunken sm:px-6 lg:grid-cols-[1fr_10rem_15rem_8rem] lg:items-center">
      <span className="flex min-w-0 items-center gap-2 font-medium">
        <FileText className="size-4 shrink-0 text-soft" aria-hidden />
        <bdi className="min-w-0 truncate">{document.name}</bdi>
      </span>
      <span className="truncate text-sm text-soft">
        {kind(document)} · {formats.bytes(document.bytes)}
      </span>
      <span className="truncate text-sm text-soft">
        <PersonName id={document.person_id} /> · <Ago at={document.created_at} />
      </span>
      <span className="max-lg:mt-1 lg:justify-self-end">
        <Badge tone={document.for === 'me' ? 'plain' : 'accent'}>{document.for === 'me' ? t('forOwner') : t('forWorkspace')}</Badge>
      </span>
    </Link>
  );
}
