'use client';

import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useEffect, useRef, useState } from 'react';
import { useTranslations } from 'use-intl';
import { PersonName } from '@/components/person-name';
import { NotHere } from '@/components/shell/not-here';
import { Page } from '@/components/shell/page';
import { Button } from '@/components/ui/button';
import { Card, Facts } from '@/components/ui/card';
import { Link } from '@/components/ui/link';
import { Failed, Loading, Problem } from '@/components/ui/states';
import { Ago } from '@/components/ui/time';
import { useToast } from '@/components/ui/toast';
import { answer, api, done, type Schemas } from '@/lib/api/client';
import { isMissing } from '@/lib/api/problem';
import type { Document } from '@/lib/api/upload';
import { cx } from '@/lib/cx';
import { useFormats } from '@/lib/format';
import { useMe } from '@/lib/me';
import { useAddress, useRouteId } from '@/lib/url';
import { useKindName, useMayNotRemove } from './about';
import { SearchInside } from './search-inside';

/** Pieces read at once. */
const PIECES = 30;
/** Pieces shown before the one that is meant. */
const BEFORE = 2;

export function DocumentPage() {
  const id = useRouteId('/documents');
  const { get } = useAddress();
  const at = Number(get('at'));
  const place = Number.isInteger(at) && at >= 1 ? at : null;
  return id?.startsWith('doc_') === true ? <Loaded key={id} id={id} at={place} /> : <NotHere />;
}

interface Range {
  from: number;
  limit: number;
}

/** A document's text, read from the place that is meant, on and back. */
function useText(id: string, at: number | null) {
  const first: Range = { from: Math.max(1, (at ?? 1) - BEFORE), limit: PIECES };
  return useInfiniteQuery({
    queryKey: ['documents', 'text', id, first.from],
    queryFn: ({ pageParam: { from, limit } }: { pageParam: Range }) => answer(api.GET('/api/v1/documents/{id}', { params: { path: { id }, query: { from, limit } } })),
    initialPageParam: first,
    getNextPageParam: (last): Range | undefined => (last.next == null ? undefined : { from: last.next, limit: PIECES }),
    getPreviousPageParam: (page, _pages, { from }): Range | undefined => {
      if (from <= 1) return undefined;
      const before = Math.max(1, from - PIECES);
      return { from: before, limit: from - before };
    },
  });
}

function Loaded({ id, at }: { id: string; at: number | null }) {
  const t = useTranslations('documents');
  // Where reading began; a place that was not read yet begins it anew.
  const [begun, setBegun] = useState(at);
  const text = useText(id, begun);
  const { set } = useAddress();
  const document = text.data?.pages[0]?.document;
  const chunks = text.data?.pages.flatMap((page) => page.chunks) ?? [];
  const isUnread = at !== null && document !== undefined && at <= document.chunks && !chunks.some((chunk) => chunk.number === at);
  if (isUnread && begun !== at) setBegun(at);
  if (isMissing(text.error)) return <NotHere />;
  return (
    <Page title={document?.name ?? t('one')} back="/documents" actions={document !== undefined && <Remove document={document} />}>
      <div className="mx-auto grid w-full max-w-5xl gap-5 p-4 sm:p-6 lg:grid-cols-[1fr_18rem]">
        <div className="order-1 grid content-start gap-4 lg:order-2">
          {text.isPending && <Loading />}
          {document !== undefined && <About document={document} />}
          {document !== undefined && <SearchInside document={document} />}
        </div>
        <div className="order-2 min-w-0 lg:order-1">
          {/* Where they stand below each other, the text has no room of its own before it is known how tall what is above it will be. */}
          {text.isPending && <Loading lines={10} className="max-lg:hidden" />}
          {text.isError && <Failed error={text.error} onRetry={() => void text.refetch()} />}
          {document !== undefined && (
            <section aria-label={t('text')} className="grid gap-3">
              {at !== null && at > document.chunks && <p role="alert">{t('noPiece', { number: at, count: document.chunks })}</p>}
              {text.hasPreviousPage && (
                <div>
                  <Button size="small" isBusy={text.isFetchingPreviousPage} onClick={() => void text.fetchPreviousPage()}>
                    {t('before')}
                  </Button>
                </div>
              )}
              <Text chunks={chunks} at={at} onMark={(number) => set({ at: String(number) })} />
              {text.hasNextPage && (
                <div>
                  <Button size="small" isBusy={text.isFetchingNextPage} onClick={() => void text.fetchNextPage()}>
                    {t('readOn')}
                  </Button>
                </div>
              )}
            </section>
          )}
        </div>
      </div>
    </Page>
  );
}

/** Pieces, each with its number, which marks it in the address. */
function Text({ chunks, at, onMark }: { chunks: Schemas['ChunkView'][]; at: number | null; onMark: (number: number) => void }) {
  const t = useTranslations('documents');
  const place = useRef<HTMLLIElement>(null);
  const isThere = chunks.some((chunk) => chunk.number === at);
  useEffect(() => {
    const piece = place.current;
    if (!isThere || piece === null) return;
    const { top, bottom } = piece.getBoundingClientRect();
    // What is in view stays where it is.
    if (top < 0 || bottom > window.innerHeight) piece.scrollIntoView({ block: 'center' });
  }, [isThere, at]);
  return (
    <ol className="grid gap-1">
      {chunks.map((chunk) => (
        <li
          key={chunk.number}
          ref={chunk.number === at ? place : undefined}
          aria-current={chunk.number === at ? 'location' : undefined}
          className={cx('grid grid-cols-[2.5rem_1fr] items-start gap-2 rounded-lg', chunk.number === at && 'bg-accent-wash')}
        >
          <button
            type="button"
            aria-label={t('piece', { number: chunk.number })}
            title={t('markPiece')}
            onClick={() => onMark(chunk.number)}
            className="min-h-8 rounded-md px-1 text-end text-xs text-soft tabular-nums hover:bg-sunken hover:text-ink"
          >
            {chunk.number}
          </button>
          <p dir="auto" className="min-w-0 py-1 pe-2 text-sm break-words whitespace-pre-wrap">
            {chunk.text.trimEnd()}
          </p>
        </li>
      ))}
    </ol>
  );
}

function About({ document }: { document: Document }) {
  const t = useTranslations('documents');
  const formats = useFormats();
  const kind = useKindName();
  const facts: ([string, React.ReactNode] | null)[] = [
    [t('readableBy'), document.for === 'workspace' ? t('forWorkspaceLong') : <PersonName key="for" id={document.person_id} />],
    [
      t('putBy'),
      <span key="by">
        <PersonName id={document.person_id} /> · <Ago at={document.created_at} />
      </span>,
    ],
    document.conversation_id == null
      ? null
      : [
          t('givenInto'),
          <Link key="conversation" href={`/chat/${document.conversation_id}`} className="text-accent underline">
            {t('conversation')}
          </Link>,
        ],
    [t('kind'), kind(document)],
    [t('size'), formats.bytes(document.bytes)],
    [t('pieces'), formats.number(document.chunks)],
    [
      t('id'),
      <code key="id" className="font-mono text-xs break-all">
        {document.document_id}
      </code>,
    ],
  ];
  return (
    <Card className="grid gap-3 p-4">
      <Facts facts={facts.filter((fact) => fact !== null)} />
      <p className="text-sm text-soft">{t('counts')}</p>
    </Card>
  );
}

function Remove({ document }: { document: Document }) {
  const t = useTranslations('documents');
  const me = useMe();
  const router = useRouter();
  const toast = useToast();
  const client = useQueryClient();
  const forbidden = useMayNotRemove(me, document);
  const [isSure, setIsSure] = useState(false);
  const remove = useMutation({
    mutationFn: () => done(api.DELETE('/api/v1/documents/{id}', { params: { path: { id: document.document_id } } })),
    onSuccess: async () => {
      toast(t('removed'));
      router.push('/documents');
      client.removeQueries({ queryKey: ['documents', 'text', document.document_id] });
      await client.invalidateQueries({ queryKey: ['documents'] });
    },
  });
  return (
    <>
      {remove.isError && <Problem error={remove.error} />}
      {isSure && (
        <Button size="small" onClick={() => setIsSure(false)}>
          {t('keep')}
        </Button>
      )}
      <Button size="small" tone="danger" isBusy={remove.isPending} forbidden={forbidden} onClick={() => (isSure ? remove.mutate() : setIsSure(true))}>
        {isSure ? t('removeSure') : t('remove')}
      </Button>
    </>
  );
}
