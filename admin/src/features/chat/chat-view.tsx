'use client';

import { useTranslations } from 'use-intl';
import { useRouteId } from '@/lib/url';
import { ConversationList } from './conversation-list';
import { Start } from './start';
import { Thread } from './thread';

/** Conversations beside one of them; on a phone one at a time. */
export function ChatView() {
  const t = useTranslations('chat');
  const id = useRouteId('/chat');
  return (
    <div className="flex min-h-0 flex-1">
      <aside aria-label={t('conversations')} className="hidden w-72 shrink-0 flex-col border-e border-line pt-2 lg:flex">
        <ConversationList here={id} scrolls />
      </aside>
      <div className="flex min-h-0 min-w-0 flex-1 flex-col">{id === null ? <Start /> : <Thread key={id} id={id} />}</div>
    </div>
  );
}
