'use client';

import { Building2 } from 'lucide-react';
import { useCallback } from 'react';
import { useTranslations } from 'use-intl';
import { SearchField } from '@/components/search-field';
import { Page } from '@/components/shell/page';
import { AddButton } from '@/components/ui/add-button';
import { Link } from '@/components/ui/link';
import { More } from '@/components/ui/more';
import { Empty, Failed, Loading, NoMatch } from '@/components/ui/states';
import { Ago } from '@/components/ui/time';
import { answer, api } from '@/lib/api/client';
import { useList } from '@/lib/list';
import { may, useMe } from '@/lib/me';
import { useAddress } from '@/lib/url';
import { CompanyForm } from './company-form';

const PAGE = 100;

export function CompaniesView() {
  const t = useTranslations('companies');
  const me = useMe();
  const { get, set } = useAddress();
  const words = get('q');
  const { query, items } = useList(['companies', words], (cursor) => answer(api.GET('/api/v1/companies', { params: { query: { q: words === '' ? undefined : words, limit: PAGE, cursor } } })));
  const search = useCallback((q: string) => set({ q }), [set]);
  return (
    <Page title={t('title')} actions={<AddButton label={t('add')} forbidden={may(me, 'contacts:write') ? null : t('mayNotWrite')} onClick={() => set({ new: '1' })} />} bar={<div className="sm:max-w-sm"><SearchField label={t('search')} value={words} onChange={search} /></div>}>
      {query.isPending && <Loading lines={8} />}
      {query.isError && <Failed error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess &&
        items.length === 0 &&
        (words === '' ? <Empty icon={<Building2 className="size-5" aria-hidden />} title={t('none')} hint={t('noneHint')} /> : <NoMatch onClear={() => set({ q: '' })} />)}
      <ul className="divide-y divide-line">
        {items.map((company) => (
          <li key={company.company_id}>
            <Link href={`/companies/${company.company_id}`} className="grid gap-x-4 gap-y-0.5 px-4 py-2.5 hover:bg-sunken sm:px-6 lg:grid-cols-[1fr_1fr_10rem] lg:items-center">
              <span className="truncate font-medium">
                <bdi>{company.name}</bdi>
              </span>
              <span className="truncate text-sm text-soft">
                <bdi>{company.website ?? t('noWebsite')}</bdi>
              </span>
              <span className="text-xs text-soft lg:text-sm">
                <Ago at={company.changed_at} />
              </span>
            </Link>
          </li>
        ))}
      </ul>
      <More query={query} />
      {get('new') !== '' && <CompanyForm onClose={() => set({ new: '' })} />}
    </Page>
  );
}
