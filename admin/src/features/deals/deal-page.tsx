'use client';

import { useQuery } from '@tanstack/react-query';
import { Pencil } from 'lucide-react';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { Notes } from '@/components/record/notes';
import { StageBadge } from '@/components/record/stage';
import { NotHere } from '@/components/shell/not-here';
import { Page } from '@/components/shell/page';
import { Button } from '@/components/ui/button';
import { Card, Facts } from '@/components/ui/card';
import { Link } from '@/components/ui/link';
import { Failed, Loading } from '@/components/ui/states';
import { Ago, At } from '@/components/ui/time';
import { answer, api, type Schemas } from '@/lib/api/client';
import { isMissing } from '@/lib/api/problem';
import { useFormats } from '@/lib/format';
import { may, useMe } from '@/lib/me';
import { INTEGRITIES } from '@/lib/provenance';
import { useRouteId } from '@/lib/url';
import { DealForm } from './deal-form';

export function DealPage() {
  const id = useRouteId('/deals');
  return id?.startsWith('deal_') === true ? <Loaded key={id} id={id} /> : <NotHere />;
}

function Loaded({ id }: { id: string }) {
  const t = useTranslations('deals');
  const me = useMe();
  const [isEditing, setIsEditing] = useState(false);
  const deal = useQuery({ queryKey: ['deals', 'one', id], queryFn: () => answer(api.GET('/api/v1/deals/{id}', { params: { path: { id } } })) });
  if (isMissing(deal.error)) return <NotHere />;
  return (
    <Page
      title={deal.data?.title ?? t('one')}
      back="/deals"
      actions={
        <Button size="small" forbidden={may(me, 'contacts:write') ? null : t('mayNotWrite')} disabled={deal.data === undefined} onClick={() => setIsEditing(true)}>
          <Pencil className="size-4" aria-hidden />
          {t('change')}
        </Button>
      }
    >
      <div className="mx-auto grid w-full max-w-5xl gap-5 p-4 sm:p-6 lg:grid-cols-[20rem_1fr]">
        {deal.isPending && <Loading />}
        {deal.isError && <Failed error={deal.error} onRetry={() => void deal.refetch()} />}
        {deal.data !== undefined && <About deal={deal.data} />}
        {deal.data !== undefined && <Notes on="deals" id={id} />}
      </div>
      {isEditing && deal.data !== undefined && <DealForm deal={deal.data} onClose={() => setIsEditing(false)} />}
    </Page>
  );
}

function About({ deal }: { deal: Schemas['DealView'] }) {
  const t = useTranslations('deals');
  const origin = useTranslations('origin');
  const formats = useFormats();
  const integrity = INTEGRITIES.find((one) => one === deal.integrity);
  const facts: ([string, React.ReactNode] | null)[] = [
    [t('stage'), <StageBadge key="stage" stage={deal.stage} />],
    deal.amount == null ? null : [t('amount'), formats.money(deal.amount)],
    deal.company_id == null ? null : [t('company'), <RecordLink key="company" href={`/companies/${deal.company_id}`} name={deal.company_name ?? `…${deal.company_id.slice(-6)}`} />],
    deal.contact_id == null ? null : [t('contact'), <RecordLink key="contact" href={`/contacts/${deal.contact_id}`} name={deal.contact_name ?? `…${deal.contact_id.slice(-6)}`} />],
    integrity === undefined ? null : [t('origin'), origin(`integrity.${integrity}`)],
    [t('since'), <At key="since" at={deal.created_at} />],
    [t('changed'), <Ago key="changed" at={deal.changed_at} />],
  ];
  return (
    <Card className="self-start p-4">
      <Facts facts={facts.filter((fact) => fact !== null)} />
    </Card>
  );
}

function RecordLink({ href, name }: { href: string; name: string }) {
  return (
    <Link href={href} className="text-accent underline">
      <bdi>{name}</bdi>
    </Link>
  );
}
