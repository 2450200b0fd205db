'use client';

import { Building2, Merge, Upload } from 'lucide-react';
import { useCallback } from 'react';
import { useTranslations } from 'use-intl';
import { SearchField } from '@/components/search-field';
import { Page } from '@/components/shell/page';
import { AddButton } from '@/components/ui/add-button';
import { Button, buttonLooks } from '@/components/ui/button';
import { ExportButton } from '@/components/ui/export-button';
import { Link } from '@/components/ui/link';
import { Empty } from '@/components/ui/empty';
import { Failed, Loading, NoMatch } from '@/components/ui/states';
import { Ago } from '@/components/ui/time';
import { WindowList } from '@/components/ui/window-list';
import { WhenPlacesKnown } from '@/components/workspace-select';
import { addressOf } from '@/lib/api/address';
import { answerPage, api } from '@/lib/api/client';
import { useList } from '@/lib/list';
import { may, useMe } from '@/lib/me';
import { useAddress } from '@/lib/url';
import { CompanyForm } from './company-form';
import { ImportCompanies } from './import';

const PAGE = 100;
const [WIDE_ROW_PX, NARROW_ROW_PX] = [45, 85];

export function CompaniesView() {
  const t = useTranslations('companies');
  const me = useMe();
  const { get, set } = useAddress();
  const words = get('q');
  const { query, items } = useList(['companies', 'list', words], (cursor) => answerPage(api.GET('/api/v1/companies', { params: { query: { q: words === '' ? undefined : words, limit: PAGE, cursor } } })));
  const search = useCallback((q: string) => set({ q }), [set]);
  const actions = (
    <>
      <Link href="/companies/duplicates" className={buttonLooks('quiet', 'small')}>
        <Merge className="size-4" aria-hidden />
        <span className="max-sm:sr-only">{t('duplicates')}</span>
      </Link>
      <Button size="small" forbidden={may(me, 'contacts:import') ? null : t('mayNotImport')} onClick={() => set({ import: '1' })}>
        <Upload className="size-4" aria-hidden />
        <span className="max-sm:sr-only">{t('import')}</span>
      </Button>
      <ExportButton kind="csv" label={t('export')} address={addressOf('/api/v1/companies', { query: { q: words } })} name="companies" />
      <AddButton label={t('add')} forbidden={may(me, 'contacts:write') ? null : t('mayNotWrite')} onClick={() => set({ new: '1' })} />
    </>
  );
  return (
    <Page title={t('title')} actions={actions} bar={<div className="sm:max-w-sm"><SearchField label={t('search')} value={words} onChange={search} /></div>} scrolls>
      {query.isPending && <Loading lines={8} />}
      {query.isError && !query.isFetchNextPageError && <Failed error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess &&
        items.length === 0 &&
        (words === '' ? <Empty icon={<Building2 className="size-5" aria-hidden />} title={t('none')} hint={t('noneHint')} /> : <NoMatch onClear={() => set({ q: '' })} />)}
      {items.length > 0 && (
        <WindowList items={items} keyOf={(company) => company.company_id} label={t('title')} widePx={WIDE_ROW_PX} narrowPx={NARROW_ROW_PX} query={query}>
          {(company) => (
            <Link href={`/companies/${company.company_id}`} className="grid size-full content-center gap-x-4 gap-y-0.5 px-4 hover:bg-sunken sm:px-6 lg:grid-cols-[1fr_1fr_10rem] lg:items-center">
              <span className="truncate font-medium">
                <bdi>{company.name}</bdi>
              </span>
              <span className="truncate text-sm text-soft">
                <bdi>{company.website ?? t('noWebsite')}</bdi>
              </span>
              <span className="truncate text-xs text-soft lg:text-sm">
                <Ago at={company.changed_at} />
              </span>
            </Link>
          )}
        </WindowList>
      )}
      {get('new') !== '' && (
        <WhenPlacesKnown>
          <CompanyForm onClose={() => set({ new: '' })} />
        </WhenPlacesKnown>
      )}
      {get('import') !== '' && (
        <WhenPlacesKnown>
          <ImportCompanies onClose={() => set({ import: '' })} />
        </WhenPlacesKnown>
      )}
    </Page>
  );
}
