'use client';

import { useQuery } from '@tanstack/react-query';
import { Pencil } from 'lucide-react';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { dealMoments, useDealsWith } from '@/components/record/deal-moments';
import { Notes, type Moment } from '@/components/record/notes';
import { NotHere } from '@/components/shell/not-here';
import { Page } from '@/components/shell/page';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card, Facts } from '@/components/ui/card';
import { Link } from '@/components/ui/link';
import { Failed, Loading, Problem } from '@/components/ui/states';
import { Ago } from '@/components/ui/time';
import { answer, api, type Schemas } from '@/lib/api/client';
import { isMissing } from '@/lib/api/problem';
import { may, useMe } from '@/lib/me';
import { INTEGRITIES } from '@/lib/provenance';
import { useRouteId } from '@/lib/url';
import { ContactForm } from './contact-form';

type Contact = Schemas['ContactView'];

export function ContactPage() {
  const id = useRouteId('/contacts');
  return id?.startsWith('contact_') === true ? <Loaded key={id} id={id} /> : <NotHere />;
}

function Loaded({ id }: { id: string }) {
  const t = useTranslations('contacts');
  const contact = useQuery({ queryKey: ['contacts', 'one', id], queryFn: () => answer(api.GET('/api/v1/contacts/{id}', { params: { path: { id } } })) });
  const me = useMe();
  const [isEditing, setIsEditing] = useState(false);
  if (isMissing(contact.error)) return <NotHere />;
  const isMerged = contact.data?.merged_into != null;
  return (
    <Page
      title={contact.data?.display_name ?? t('one')}
      back="/contacts"
      actions={
        !isMerged && (
          <Button size="small" forbidden={may(me, 'contacts:write') ? null : t('mayNotWrite')} disabled={contact.data === undefined} onClick={() => setIsEditing(true)}>
            <Pencil className="size-4" aria-hidden />
            {t('change')}
          </Button>
        )
      }
    >
      <div className="mx-auto grid w-full max-w-5xl gap-5 p-4 sm:p-6 lg:grid-cols-[20rem_1fr]">
        {contact.isPending && <Loading />}
        {contact.isError && <Failed error={contact.error} onRetry={() => void contact.refetch()} />}
        {contact.data?.merged_into != null && <Gone into={contact.data.merged_into} />}
        {contact.data !== undefined && <About contact={contact.data} />}
        {contact.data !== undefined && <Timeline contact={contact.data} />}
      </div>
      {isEditing && contact.data !== undefined && <ContactForm contact={contact.data} onClose={() => setIsEditing(false)} />}
    </Page>
  );
}

/** The record was merged into another, and where that is. */
function Gone({ into }: { into: string }) {
  const t = useTranslations('contacts');
  const kept = useQuery({ queryKey: ['contacts', 'one', into], queryFn: () => answer(api.GET('/api/v1/contacts/{id}', { params: { path: { id: into } } })) });
  return (
    <p role="status" className="rounded-lg bg-wait-wash px-3 py-2 text-sm text-wait lg:col-span-2">
      {t('mergedInto')}{' '}
      <Link href={`/contacts/${into}`} className="underline">
        <bdi>{kept.data?.display_name ?? into}</bdi>
      </Link>
    </p>
  );
}

/** What happened with somebody: notes, deals, when they came here and were changed. */
function Timeline({ contact }: { contact: Contact }) {
  const t = useTranslations('contacts');
  const { contact_id: id, created_at: came, changed_at: changed } = contact;
  const deals = useDealsWith({ contact_id: id });
  const merged = useQuery({ queryKey: ['contacts', 'merged', id], queryFn: () => answer(api.GET('/api/v1/contacts/{id}/merged', { params: { path: { id } } })) });
  const moments: Moment[] = [
    ...(merged.data?.items.map((one) => ({
      key: one.contact_id,
      at: one.merged_at,
      what: (
        <>
          {t('mergedAway')}{' '}
          <Link href={`/contacts/${one.contact_id}`} className="text-accent underline">
            <bdi>{one.display_name}</bdi>
          </Link>
        </>
      ),
    })) ?? []),
    { key: 'came', at: came, what: contact.import_id == null ? t('came') : t('cameImported') },
    ...(changed === came ? [] : [{ key: 'changed', at: changed, what: t('changedLast') }]),
  ];
  return (
    <div className="grid content-start gap-3">
      {deals.query.isError && <Problem error={deals.query.error} />}
      {merged.isError && <Problem error={merged.error} />}
      <Notes on="contacts" id={id} title={t('timeline')} moments={moments} paged={{ moments: dealMoments(deals.items, t('dealMade')), query: deals.query }} />
    </div>
  );
}

function points(list: Schemas['PointView'][]): React.ReactNode {
  return (
    <ul>
      {list.map((point) => (
        <li key={point.value} className="break-words">
          <bdi>{point.value}</bdi> {point.label != null && <span className="text-soft">{point.label}</span>}
        </li>
      ))}
    </ul>
  );
}

function About({ contact }: { contact: Contact }) {
  const t = useTranslations('contacts');
  const origin = useTranslations('origin');
  const integrity = INTEGRITIES.find((one) => one === contact.integrity);
  const facts: ([string, React.ReactNode] | null)[] = [
    contact.job_title == null ? null : [t('job'), contact.job_title],
    contact.company == null
      ? null
      : [
          t('company'),
          <Link key="company" href={`/companies/${contact.company.company_id}`} className="text-accent underline">
            <bdi>{contact.company.name}</bdi>
          </Link>,
        ],
    contact.emails.length === 0 ? null : [t('mail'), points(contact.emails)],
    contact.phones.length === 0 ? null : [t('phone'), points(contact.phones)],
    contact.addresses.length === 0 ? null : [t('address'), points(contact.addresses)],
    contact.urls.length === 0 ? null : [t('web'), points(contact.urls)],
    contact.birthday == null ? null : [t('birthday'), contact.birthday],
    contact.tags.length === 0
      ? null
      : [
          t('tags'),
          <span key="tags" className="flex flex-wrap gap-1">
            {contact.tags.map((tag) => (
              <Badge key={tag}>{tag}</Badge>
            ))}
          </span>,
        ],
    integrity === undefined ? null : [t('origin'), origin(`integrity.${integrity}`)],
    [t('changed'), <Ago key="changed" at={contact.changed_at} />],
  ];
  return (
    <Card className="self-start p-4">
      <Facts facts={facts.filter((fact) => fact !== null)} />
    </Card>
  );
}
