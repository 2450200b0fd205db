'use client';

import { useTranslations } from 'use-intl';
import { Page } from '@/components/shell/page';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Link } from '@/components/ui/link';
import { More } from '@/components/ui/more';
import { Empty } from '@/components/ui/empty';
import { Failed, Loading } from '@/components/ui/states';
import { useList, type PageOf } from '@/lib/list';
import { may, useMe } from '@/lib/me';
import { useAddress } from '@/lib/url';

/** A record as the list names it. */
export interface Entry {
  id: string;
  name: string;
  details: string;
}

/** The oldest of records that look like one, and the others with what they have in common with it. */
export interface AlikeEntries {
  first: Entry;
  others: { entry: Entry; why: string[] }[];
}

interface DuplicatesProps<T> {
  /** Which records; also the place they stand at. */
  of: 'contacts' | 'companies';
  icon: React.ReactNode;
  words: { title: string; hint: string; noneHint: string; mayNot: string };
  read: (cursor: string | undefined) => Promise<PageOf<T>>;
  show: (group: T) => AlikeEntries;
  /** The dialog that compares two of them, the older one first. */
  children: (ids: [string, string], onClose: () => void) => React.ReactNode;
}

/** Records that look like one, to be compared two by two. */
export function Duplicates<T>({ of, icon, words, read, show, children }: DuplicatesProps<T>) {
  const t = useTranslations('merge');
  const { get, set } = useAddress();
  const { query, items } = useList([of, 'duplicates'], read);
  const [kept, other] = [get('kept'), get('other')];
  return (
    <Page title={words.title} back={`/${of}`}>
      {query.isPending && <Loading lines={6} />}
      {query.isError && <Failed error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && items.length === 0 && <Empty icon={icon} title={t('none')} hint={words.noneHint} />}
      {items.length > 0 && (
        <div className="mx-auto grid w-full max-w-4xl gap-3 p-4 sm:p-6">
          <p className="text-soft">{words.hint}</p>
          <ul className="grid gap-3">
            {items.map(show).map(({ first, others }) => (
              <li key={first.id}>
                <Card className="grid gap-3 p-4">
                  <Named of={of} entry={first} />
                  <ul className="grid gap-3 border-s-2 border-line ps-3">
                    {others.map(({ entry, why }) => (
                      <Alike key={entry.id} of={of} first={first} entry={entry} why={why} mayNot={words.mayNot} />
                    ))}
                  </ul>
                </Card>
              </li>
            ))}
          </ul>
        </div>
      )}
      <More query={query} />
      {kept !== '' && other !== '' && children([kept, other], () => set({ kept: '', other: '' }))}
    </Page>
  );
}

function Named({ of, entry }: { of: string; entry: Entry }) {
  return (
    <p className="min-w-0">
      <Link href={`/${of}/${entry.id}`} className="block truncate font-medium hover:underline">
        <bdi>{entry.name}</bdi>
      </Link>
      <span className="block truncate text-sm text-soft">
        <bdi>{entry.details}</bdi>
      </span>
    </p>
  );
}

function Alike({ of, first, entry, why, mayNot }: { of: string; first: Entry; entry: Entry; why: string[]; mayNot: string }) {
  const t = useTranslations('merge');
  const me = useMe();
  const { set } = useAddress();
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-2">
      <div className="min-w-0 flex-1 basis-48">
        <Named of={of} entry={entry} />
      </div>
      <span className="flex flex-wrap gap-1">
        {why.map((one) => (
          <Badge key={one} tone="wait">
            {one}
          </Badge>
        ))}
      </span>
      <Button
        size="small"
        aria-label={t('compareName', { one: first.name, other: entry.name })}
        forbidden={may(me, 'contacts:write') ? null : mayNot}
        onClick={() => set({ kept: first.id, other: entry.id })}
      >
        {t('compare')}
      </Button>
    </li>
  );
}
