'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { PersonName } from '@/components/person-name';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { TextArea } from '@/components/ui/field';
import { More } from '@/components/ui/more';
import { Failed, Loading, Problem } from '@/components/ui/states';
import { Ago } from '@/components/ui/time';
import { answer, api, idempotencyKey, type Schemas } from '@/lib/api/client';
import { useList, type PageOf } from '@/lib/list';
import { may, useMe } from '@/lib/me';
import { timeline } from '@/lib/timeline';

const NOTE_LETTERS_MAX = 20_000;

/** What a note can be on. */
export type NoteOn = 'contacts' | 'companies' | 'deals';

type Note = Schemas['NoteView'];

function read(on: NoteOn, id: string, cursor: string | undefined): Promise<PageOf<Note>> {
  const params = { params: { path: { id }, query: { order: 'newest', cursor } } };
  if (on === 'contacts') return answer(api.GET('/api/v1/contacts/{id}/notes', params));
  if (on === 'companies') return answer(api.GET('/api/v1/companies/{id}/notes', params));
  return answer(api.GET('/api/v1/deals/{id}/notes', params));
}

function write(on: NoteOn, id: string, text: string, key: string): Promise<Note> {
  const rest = { params: { path: { id }, header: { 'Idempotency-Key': key } }, body: { text } };
  if (on === 'contacts') return answer(api.POST('/api/v1/contacts/{id}/notes', rest));
  if (on === 'companies') return answer(api.POST('/api/v1/companies/{id}/notes', rest));
  return answer(api.POST('/api/v1/deals/{id}/notes', rest));
}

/** Something else that happened to a record, and when. */
export interface Moment {
  key: string;
  at: string;
  what: React.ReactNode;
}

/** What happened to a record and is loaded page by page, newest first. */
interface Paged {
  moments: readonly Moment[];
  query: { isPending: boolean; hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => Promise<unknown> };
}

interface NotesProps {
  on: NoteOn;
  id: string;
  title?: string;
  /** What else happened, shown among the notes. */
  moments?: readonly Moment[];
  paged?: Paged;
}

/** What was written down about a record, by people and agents, with what else happened to it and the way to add to it. */
export function Notes({ on, id, title, moments = [], paged }: NotesProps) {
  const t = useTranslations('notes');
  const { query, items } = useList([on, 'one', id, 'notes'], (cursor) => read(on, id, cursor));
  const isPending = query.isPending || paged?.query.isPending === true;
  const all = timeline<Moment | { at: string; note: Note }>(
    [
      { items: items.map((note) => ({ at: note.created_at, note })), isWhole: query.isSuccess && !query.hasNextPage },
      // What cannot be read of them is said elsewhere, and keeps nothing else away.
      { items: paged?.moments ?? [], isWhole: paged === undefined || (!paged.query.isPending && !paged.query.hasNextPage) },
    ],
    moments,
  );
  const lists = paged === undefined ? [query] : [query, paged.query];
  const more = {
    hasNextPage: lists.some((list) => list.hasNextPage),
    isFetchingNextPage: lists.some((list) => list.isFetchingNextPage),
    fetchNextPage: () => Promise.all(lists.filter((list) => list.hasNextPage).map((list) => list.fetchNextPage())),
  };
  return (
    <section aria-label={title ?? t('title')} className="grid content-start gap-3">
      <h2 className="font-semibold">{title ?? t('title')}</h2>
      <AddNote on={on} id={id} />
      {isPending && !query.isError && <Loading />}
      {query.isError && <Failed error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && !isPending && items.length === 0 && <p className="text-sm text-soft">{t('none')}</p>}
      <ol className="grid gap-3">
        {all.map((one) => ('note' in one ? <NoteItem key={one.note.note_id} note={one.note} /> : <MomentItem key={one.key} moment={one} />))}
      </ol>
      <More query={more} />
    </section>
  );
}

function NoteItem({ note }: { note: Note }) {
  const t = useTranslations('notes');
  return (
    <li>
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
  );
}

function MomentItem({ moment }: { moment: Moment }) {
  return (
    <li className="flex flex-wrap items-center gap-x-2 border-s-2 border-line ps-3 text-sm">
      <span className="min-w-0">{moment.what}</span>
      <Ago at={moment.at} className="text-xs text-soft" />
    </li>
  );
}

function AddNote({ on, id }: { on: NoteOn; id: string }) {
  const t = useTranslations('notes');
  const me = useMe();
  const client = useQueryClient();
  const [text, setText] = useState('');
  const [key, setKey] = useState(idempotencyKey);
  const add = useMutation({
    mutationFn: (words: string) => write(on, id, words, key),
    onSuccess: async (_, words) => {
      // What was written while it was on its way stays.
      setText((now) => (now === words ? '' : now));
      setKey(idempotencyKey());
      await client.invalidateQueries({ queryKey: [on, 'one', id, 'notes'] });
    },
  });
  return (
    <form
      className="grid gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() !== '' && !add.isPending) add.mutate(text);
      }}
    >
      <TextArea
        label={t('new')}
        isLabelHidden
        placeholder={t('new')}
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
          {t('add')}
        </Button>
      </div>
    </form>
  );
}
