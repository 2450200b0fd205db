'use client';

import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'use-intl';
import { Notes } from '@/components/record/notes';
import { NotHere } from '@/components/shell/not-here';
import { Page } from '@/components/shell/page';
import { Badge } from '@/components/ui/badge';
import { Card, Facts } from '@/components/ui/card';
import { Link } from '@/components/ui/link';
import { Failed, Loading } from '@/components/ui/states';
import { Ago } from '@/components/ui/time';
import { answer, api, type Schemas } from '@/lib/api/client';
import { isMissing } from '@/lib/api/problem';
import { INTEGRITIES } from '@/lib/provenance';
import { useRouteId } from '@/lib/url';

export function ContactPage() {
  const id = useRouteId('/contacts');
  return id?.startsWith('contact_') === true ? <Loaded key={id} id={id} /> : <NotHere />;
}

function Loaded({ id }: { id: string }) {
  const t = useTranslations('contacts');
  const contact = useQuery({ queryKey: ['contacts', 'one', id], queryFn: () => answer(api.GET('/api/v1/contacts/{id}', { params: { path: { id } } })) });
  if (isMissing(contact.error)) return <NotHere />;
  return (
    <Page title={contact.data?.display_name ?? t('one')} back="/contacts">
      <div className="mx-auto grid w-full max-w-5xl gap-5 p-4 sm:p-6 lg:grid-cols-[20rem_1fr]">
        {contact.isPending && <Loading />}
        {contact.isError && <Failed error={contact.error} onRetry={() => void contact.refetch()} />}
        {contact.data !== undefined && <About contact={contact.data} />}
        {contact.data !== undefined && <Notes on="contacts" id={id} />}
      </div>
    </Page>
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

function About({ contact }: { contact: Schemas['ContactView'] }) {
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
