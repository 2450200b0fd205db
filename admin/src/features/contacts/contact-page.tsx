'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { PersonName } from '@/components/person-name';
import { NotHere } from '@/components/shell/not-here';
import { Page } from '@/components/shell/page';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card, Facts } from '@/components/ui/card';
import { TextArea } from '@/components/ui/field';
import { More } from '@/components/ui/more';
import { Failed, Loading, Problem } from '@/components/ui/states';
import { Ago } from '@/components/ui/time';
import { answer, api, idempotencyKey, type Schemas } from '@/lib/api/client';
import { isMissing } from '@/lib/api/problem';
import { useList } from '@/lib/list';
import { may, useMe } from '@/lib/me';
import { INTEGRITIES } from '@/lib/provenance';
import { useRouteId } from '@/lib/url';

const NOTE_LETTERS_MAX = 20_000;

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
        {contact.data !== undefined && <Notes id={id} />}
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
    contact.company == null ? null : [t('company'), contact.company.name],
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

function Notes({ id }: { id: string }) {
  const t = useTranslations('contacts');
  const { query, items } = useList(['contacts', 'one', id, 'notes'], (cursor) => answer(api.GET('/api/v1/contacts/{id}/notes', { params: { path: { id }, query: { cursor } } })));
  return (
    <section className="grid content-start gap-3">
      <h2 className="font-semibold">{t('notes')}</h2>
      <AddNote id={id} />
      {query.isPending && <Loading />}
      {query.isError && <Failed error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && items.length === 0 && <p className="text-sm text-soft">{t('noNotes')}</p>}
      <ul className="grid gap-3">
        {items.map((note) => (
          <li key={note.note_id}>
            <Card className="grid gap-1 p-3">
              <p dir="auto" className="whitespace-pre-wrap">
                {note.text}
              </p>
              <p className="flex flex-wrap items-center gap-x-2 text-xs text-soft">
                {note.person_id != null && <PersonName id={note.person_id} />}
                {note.agent != null && <Badge>{t('byAgent', { agent: note.agent })}</Badge>}
                <Ago at={note.created_at} />
              </p>
            </Card>
          </li>
        ))}
      </ul>
      <More query={query} />
    </section>
  );
}

function AddNote({ id }: { id: string }) {
  const t = useTranslations('contacts');
  const me = useMe();
  const client = useQueryClient();
  const [text, setText] = useState('');
  const [key, setKey] = useState(idempotencyKey);
  const add = useMutation({
    mutationFn: () => answer(api.POST('/api/v1/contacts/{id}/notes', { params: { path: { id }, header: { 'Idempotency-Key': key } }, body: { text } })),
    onSuccess: async () => {
      setText('');
      setKey(idempotencyKey());
      await client.invalidateQueries({ queryKey: ['contacts', 'one', id, 'notes'] });
    },
  });
  return (
    <form
      className="grid gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() !== '') add.mutate();
      }}
    >
      <TextArea
        label={t('newNote')}
        isLabelHidden
        placeholder={t('newNote')}
        rows={2}
        dir="auto"
        maxLength={NOTE_LETTERS_MAX}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setKey(idempotencyKey());
        }}
      />
      {add.isError && <Problem error={add.error} />}
      <div>
        <Button type="submit" size="small" isBusy={add.isPending} forbidden={may(me, 'contacts:write') ? null : t('mayNotWrite')}>
          {t('addNote')}
        </Button>
      </div>
    </form>
  );
}
