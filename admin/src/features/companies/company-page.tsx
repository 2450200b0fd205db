'use client';

import { useQuery } from '@tanstack/react-query';
import { Pencil } from 'lucide-react';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { dealMoments, useDealsWith } from '@/components/record/deal-moments';
import { Notes, type Moment } from '@/components/record/notes';
import { StageBadge } from '@/components/record/stage';
import { NotHere } from '@/components/shell/not-here';
import { Page } from '@/components/shell/page';
import { Button } from '@/components/ui/button';
import { Card, Facts } from '@/components/ui/card';
import { Link } from '@/components/ui/link';
import { More } from '@/components/ui/more';
import { Failed, Loading, Problem } from '@/components/ui/states';
import { Ago, At } from '@/components/ui/time';
import { answer, answerPage, api, type Schemas } from '@/lib/api/client';
import { isMissing } from '@/lib/api/problem';
import { useFormats } from '@/lib/format';
import { useList } from '@/lib/list';
import { may, useMe } from '@/lib/me';
import { INTEGRITIES } from '@/lib/provenance';
import { useRouteId } from '@/lib/url';
import { CompanyForm } from './company-form';

const CONTACTS_PAGE = 50;

export function CompanyPage() {
  const id = useRouteId('/companies');
  return id?.startsWith('company_') === true ? <Loaded key={id} id={id} /> : <NotHere />;
}

function Loaded({ id }: { id: string }) {
  const t = useTranslations('companies');
  const me = useMe();
  const [isEditing, setIsEditing] = useState(false);
  const company = useQuery({ queryKey: ['companies', 'one', id], queryFn: () => answer(api.GET('/api/v1/companies/{id}', { params: { path: { id } } })) });
  const contacts = usePeople(id);
  const deals = useDealsWith({ company_id: id });
  if (isMissing(company.error)) return <NotHere />;
  // What comes later would push down what is read already: all of it is shown at once.
  const isWhole = company.data !== undefined && !contacts.query.isPending && !deals.query.isPending;
  const isMerged = company.data?.merged_into != null;
  return (
    <Page
      title={company.data?.name ?? t('one')}
      back="/companies"
      actions={
        !isMerged && (
          <Button size="small" forbidden={may(me, 'contacts:write') ? null : t('mayNotWrite')} disabled={company.data === undefined} onClick={() => setIsEditing(true)}>
            <Pencil className="size-4" aria-hidden />
            {t('change')}
          </Button>
        )
      }
    >
      <div className="mx-auto grid w-full max-w-5xl gap-5 p-4 sm:p-6 lg:grid-cols-[20rem_1fr]">
        {!isWhole && !company.isError && <Loading lines={8} />}
        {company.isError && <Failed error={company.error} onRetry={() => void company.refetch()} />}
        {isWhole && (
          <>
            {company.data.merged_into != null && <Gone into={company.data.merged_into} />}
            <div className="grid content-start gap-5">
              <About company={company.data} />
              <People contacts={contacts} />
              <Deals deals={deals} />
            </div>
            <Timeline company={company.data} deals={deals} />
          </>
        )}
      </div>
      {isEditing && company.data !== undefined && <CompanyForm company={company.data} onClose={() => setIsEditing(false)} />}
    </Page>
  );
}

/** The entry was merged into another, and where that is. */
function Gone({ into }: { into: string }) {
  const t = useTranslations('companies');
  const kept = useQuery({ queryKey: ['companies', 'one', into], queryFn: () => answer(api.GET('/api/v1/companies/{id}', { params: { path: { id: into } } })) });
  return (
    <p role="status" className="rounded-lg bg-wait-wash px-3 py-2 text-sm text-wait lg:col-span-2">
      {t('mergedInto')}{' '}
      <Link href={`/companies/${into}`} className="underline">
        <bdi>{kept.data?.name ?? into}</bdi>
      </Link>
    </p>
  );
}

/** What happened with a company: notes, deals, what was merged into it, when it came here and was changed. */
function Timeline({ company, deals }: { company: Schemas['CompanyView']; deals: ReturnType<typeof useDealsWith> }) {
  const t = useTranslations('companies');
  const { company_id: id, created_at: came, changed_at: changed } = company;
  const merged = useQuery({ queryKey: ['companies', 'merged', id], queryFn: () => answer(api.GET('/api/v1/companies/{id}/merged', { params: { path: { id } } })) });
  const moments: Moment[] = [
    ...(merged.data?.items.map((one) => ({
      key: one.company_id,
      at: one.merged_at,
      what: (
        <>
          {t('mergedAway')}{' '}
          <Link href={`/companies/${one.company_id}`} className="text-accent underline">
            <bdi>{one.name}</bdi>
          </Link>
        </>
      ),
    })) ?? []),
    { key: 'came', at: came, what: t('came') },
    ...(changed === came ? [] : [{ key: 'changed', at: changed, what: t('changedLast') }]),
  ];
  return (
    <div className="grid content-start gap-3">
      {merged.isError && <Problem error={merged.error} />}
      <Notes on="companies" id={id} title={t('timeline')} moments={moments} paged={{ moments: dealMoments(deals.items, t('dealMade')), query: deals.query }} />
    </div>
  );
}

function About({ company }: { company: Schemas['CompanyView'] }) {
  const t = useTranslations('companies');
  const origin = useTranslations('origin');
  const integrity = INTEGRITIES.find((one) => one === company.integrity);
  const facts: ([string, React.ReactNode] | null)[] = [
    [t('website'), <bdi key="website">{company.website ?? t('noWebsite')}</bdi>],
    integrity === undefined ? null : [t('origin'), origin(`integrity.${integrity}`)],
    [t('since'), <At key="since" at={company.created_at} />],
    [t('changed'), <Ago key="changed" at={company.changed_at} />],
  ];
  return (
    <Card className="p-4">
      <Facts facts={facts.filter((fact) => fact !== null)} />
    </Card>
  );
}

function usePeople(id: string) {
  return useList(['contacts', 'of', id], (cursor) => answerPage(api.GET('/api/v1/contacts', { params: { query: { company_id: id, limit: CONTACTS_PAGE, cursor } } })));
}

function People({ contacts: { query, items } }: { contacts: ReturnType<typeof usePeople> }) {
  const t = useTranslations('companies');
  return (
    <section aria-label={t('people')}>
      <h2 className="pb-2 font-semibold">{t('people')}</h2>
      {query.isError && <Failed error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && items.length === 0 && <p className="text-sm text-soft">{t('noPeople')}</p>}
      <ul className="grid gap-1">
        {items.map((contact) => (
          <li key={contact.contact_id}>
            <Link href={`/contacts/${contact.contact_id}`} className="text-sm text-accent underline">
              <bdi>{contact.display_name}</bdi>
            </Link>{' '}
            <span className="text-sm text-soft">{contact.job_title}</span>
          </li>
        ))}
      </ul>
      <More query={query} />
    </section>
  );
}

function Deals({ deals: { query, items } }: { deals: ReturnType<typeof useDealsWith> }) {
  const t = useTranslations('companies');
  const formats = useFormats();
  return (
    <section>
      <h2 className="pb-2 font-semibold">{t('deals')}</h2>
      {query.isError && <Failed error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && items.length === 0 && <p className="text-sm text-soft">{t('noDeals')}</p>}
      <ul className="grid gap-2">
        {items.map((deal) => (
          <li key={deal.deal_id} className="flex flex-wrap items-center gap-2 text-sm">
            <Link href={`/deals/${deal.deal_id}`} className="text-accent underline">
              <bdi>{deal.title}</bdi>
            </Link>
            <StageBadge stage={deal.stage} />
            {deal.amount != null && <span className="text-soft">{formats.money(deal.amount)}</span>}
          </li>
        ))}
      </ul>
      <More query={query} />
    </section>
  );
}
