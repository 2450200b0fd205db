'use client';

import { Building2 } from 'lucide-react';
import { useTranslations } from 'use-intl';
import { Page } from '@/components/shell/page';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Link } from '@/components/ui/link';
import { More } from '@/components/ui/more';
import { Empty, Failed, Loading } from '@/components/ui/states';
import { answer, api, type Schemas } from '@/lib/api/client';
import { useList } from '@/lib/list';
import { may, useMe } from '@/lib/me';
import { useAddress } from '@/lib/url';
import { MergeDialog } from './merge-dialog';

type Company = Schemas['CompanyView'];
type Other = Schemas['CompanyAlikeToView'];

const PAGE = 50;

/** Entries that look like one company, to be compared two by two. */
export function CompanyDuplicatesView() {
  const t = useTranslations('companies.merge');
  const { get, set } = useAddress();
  const { query, items } = useList(['companies', 'duplicates'], (cursor) => answer(api.GET('/api/v1/companies/duplicates', { params: { query: { limit: PAGE, cursor } } })));
  const [kept, other] = [get('kept'), get('other')];
  return (
    <Page title={t('title')} back="/companies">
      {query.isPending && <Loading lines={6} />}
      {query.isError && <Failed error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && items.length === 0 && <Empty icon={<Building2 className="size-5" aria-hidden />} title={t('none')} hint={t('noneHint')} />}
      {items.length > 0 && (
        <div className="mx-auto grid w-full max-w-4xl gap-3 p-4 sm:p-6">
          <p className="text-soft">{t('hint')}</p>
          <ul className="grid gap-3">
            {items.map((group) => (
              <li key={group.company.company_id}>
                <Card className="grid gap-3 p-4">
                  <Named company={group.company} />
                  <ul className="grid gap-3 border-s-2 border-line ps-3">
                    {group.others.map((one) => (
                      <Alike key={one.company.company_id} first={group.company} other={one} />
                    ))}
                  </ul>
                </Card>
              </li>
            ))}
          </ul>
        </div>
      )}
      <More query={query} />
      {kept !== '' && other !== '' && <MergeDialog key={`${kept} ${other}`} ids={[kept, other]} onClose={() => set({ kept: '', other: '' })} />}
    </Page>
  );
}

function Named({ company }: { company: Company }) {
  const t = useTranslations('companies');
  return (
    <p className="min-w-0">
      <Link href={`/companies/${company.company_id}`} className="block truncate font-medium hover:underline">
        <bdi>{company.name}</bdi>
      </Link>
      <span className="block truncate text-sm text-soft">
        <bdi>{company.website ?? t('noWebsite')}</bdi>
      </span>
    </p>
  );
}

function Alike({ first, other: { company, why } }: { first: Company; other: Other }) {
  const t = useTranslations('companies.merge');
  const me = useMe();
  const { set } = useAddress();
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-2">
      <div className="min-w-0 flex-1 basis-48">
        <Named company={company} />
      </div>
      <span className="flex flex-wrap gap-1">
        {why.map((one) => (
          <Badge key={one} tone="wait">
            {t(`why.${one}`)}
          </Badge>
        ))}
      </span>
      <Button
        size="small"
        aria-label={t('compareName', { one: first.name, other: company.name })}
        forbidden={may(me, 'contacts:write') ? null : t('mayNot')}
        onClick={() => set({ kept: first.company_id, other: company.company_id })}
      >
        {t('compare')}
      </Button>
    </li>
  );
}
