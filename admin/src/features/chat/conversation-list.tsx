'use client';

import { MessagesSquare, SquarePen } from 'lucide-react';
import { Link } from '@/components/ui/link';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { buttonLooks } from '@/components/ui/button';
import { Input } from '@/components/ui/field';
import { Empty } from '@/components/ui/empty';
import { Failed, Loading, NoMatch } from '@/components/ui/states';
import { Ago } from '@/components/ui/time';
import { WindowList } from '@/components/ui/window-list';
import { cx } from '@/lib/cx';
import { useConversations } from './api';

/** Below this many there is nothing to search. */
const SEARCH_FROM = 8;

/** As tall as a row is: a name, and when and with whom. */
const ROW_PX = 56;

/** One's conversations. It `scrolls` by itself, or with the page that it stands in. */
export function ConversationList({ here, scrolls = false }: { here: string | null; scrolls?: boolean }) {
  const t = useTranslations('chat');
  const { query, items: all } = useConversations();
  const [words, setWords] = useState('');
  const found = all.filter((one) => one.title.toLocaleLowerCase().includes(words.trim().toLocaleLowerCase()));
  return (
    <section aria-label={t('conversations')} className="flex min-h-0 flex-1 flex-col">
      <div className="flex items-center justify-between gap-2 px-4 py-2">
        <h2 className="text-sm font-semibold">{t('conversations')}</h2>
        {here !== null && (
          <Link href="/chat" className={buttonLooks('quiet', 'small')}>
            <SquarePen className="size-4" aria-hidden />
            {t('new')}
          </Link>
        )}
      </div>
      {all.length >= SEARCH_FROM && (
        <div className="px-4 pb-2">
          <Input label={t('search')} isLabelHidden type="search" placeholder={t('search')} value={words} onChange={(event) => setWords(event.target.value)} />
        </div>
      )}
      <div data-scrolls={scrolls || undefined} className={cx('px-2 pb-2', scrolls && 'relative min-h-0 flex-1 overflow-y-auto')}>
        {/* What is older is looked through too before it is said that nothing fits. */}
        {(query.isPending || (found.length === 0 && query.hasNextPage && !query.isError)) && <Loading />}
        {query.isError && !query.isFetchNextPageError && <Failed error={query.error} onRetry={() => void query.refetch()} />}
        {query.isSuccess && all.length === 0 && <Empty icon={<MessagesSquare className="size-5" aria-hidden />} title={t('noConversations')} hint={t('noConversationsHint')} />}
        {all.length > 0 && found.length === 0 && !query.hasNextPage && <NoMatch onClear={() => setWords('')} />}
        {all.length > 0 && (
          <WindowList items={found} keyOf={(one) => one.conversation_id} label={t('conversations')} widePx={ROW_PX} narrowPx={ROW_PX} hasLines={false} query={query}>
            {(one) => (
              <Link
                href={`/chat/${one.conversation_id}`}
                aria-current={one.conversation_id === here ? 'page' : undefined}
                className={cx('grid size-full content-center gap-0.5 rounded-lg px-2', one.conversation_id === here ? 'bg-accent-wash' : 'hover:bg-sunken')}
              >
                <span className="truncate text-sm font-medium" dir="auto">
                  {one.title === '' ? t('untitled') : one.title}
                </span>
                <span className="truncate text-xs text-soft">
                  <Ago at={one.changed_at} /> · {one.agent}
                </span>
              </Link>
            )}
          </WindowList>
        )}
      </div>
    </section>
  );
}
