'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { useTranslations } from 'use-intl';
import { useStop } from '@/components/run/use-stop';
import { NotHere } from '@/components/shell/not-here';
import { Page } from '@/components/shell/page';
import { Button } from '@/components/ui/button';
import { Empty } from '@/components/ui/empty';
import { Failed, Loading } from '@/components/ui/states';
import { answer, api } from '@/lib/api/client';
import { isMissing } from '@/lib/api/problem';
import { dropSent, NO_DRAFT, readDraft } from '@/lib/draft';
import { useMe } from '@/lib/me';
import { useUploads, type Enclosed } from '@/lib/uploads';
import { wishKeys } from '@/lib/wish';
import { enclosedIn, FILES_MAX, hasMessage, isOwn, turnsOf, useConversation, useMessages, withMessage, type Message } from './api';
import { Composer } from './composer';
import { AskAgain, LiveTurn, PastTurn } from './turn';
import { useDraft, useSent } from './use-draft';

/** A message on its way. */
interface Said {
  text: string;
  attachments: Enclosed[];
  key: string;
  /** Whether it was written below, and not said again. */
  isWritten: boolean;
}

/** Runs that are followed at once: each holds one of the browser's few connections while it waits. */
const FOLLOWED_MAX = 3;
/** As near to the end as counts as being there. */
const NEAR_PX = 80;

export function Thread({ id }: { id: string }) {
  const t = useTranslations('chat');
  const client = useQueryClient();
  const conversation = useConversation(id);
  const { query: messages, messages: said } = useMessages(id);
  const me = useMe();
  const [begun] = useState(() => readDraft(me.person_id, id));
  const [text, setText] = useState(begun.text);
  const [keys] = useState(wishKeys);
  const [retryKeys] = useState(wishKeys);
  const files = useUploads({ conversation_id: id }, { filesMax: FILES_MAX, begun: begun.files });
  useDraft(id, { ...NO_DRAFT, text, files: files.kept });
  useSent(id, ({ words, ids }) => {
    setText((now) => (now === words ? '' : now));
    files.forget(ids);
  });
  const [running, setRunning] = useState<string | null>(null);

  const post = useMutation({
    mutationFn: ({ text, attachments, key }: Said) =>
      answer(
        api.POST('/api/v1/conversations/{id}/messages', {
          params: { path: { id }, header: { 'Idempotency-Key': key } },
          body: { text, attachments: attachments.map((one) => one.document_id) },
        }),
      ),
    onSuccess: ({ message_id: messageId, run_id: runId }, { text, attachments, isWritten }) => {
      const own: Message = { message_id: messageId, run_id: runId, text, attachments, by_agent: false, schedule_id: null, integrity: 'owner', citations: [], cost_micros: null, created_at: new Date().toISOString() };
      const list = ['conversations', id, 'messages'];
      // Where the first answer was lost on the way, the message may have been read since: then its turn is there, and knows whether its run is under way.
      if (!hasMessage(client.getQueryData<Parameters<typeof hasMessage>[0]>(list), messageId)) {
        client.setQueryData<Parameters<typeof withMessage>[0]>(list, (before) => withMessage(before, own));
        setRunning(runId);
      }
      (isWritten ? keys : retryKeys).done();
      // What is being written meanwhile stays when something is said again, and so does what was written or given while this was on its way.
      if (!isWritten) return;
      // Where the page was left before the answer came, nothing else takes what was sent out of the draft.
      dropSent(me.person_id, { of: id, words: text, ids: attachments.map((one) => one.document_id) });
    },
  });
  const stop = useStop();

  const turns = turnsOf(said);
  const open = turns.filter((turn, at) => turn.reply === null || at === turns.length - 1).slice(-FOLLOWED_MAX);
  const answered = turns.findLast((turn) => turn.reply !== null);
  const end = useStickyEnd(messages.data?.pages.length ?? 0);

  if (isMissing(conversation.error)) return <NotHere />;
  return (
    <>
      <Page title={conversation.data?.title || t('untitled')} back="/chat" className="[overflow-anchor:none]">
        <div ref={end} className="mx-auto grid w-full max-w-3xl gap-6 p-4 sm:p-6">
          {messages.isPending && <Loading lines={6} />}
          {messages.isError && <Failed error={messages.error} onRetry={() => void messages.refetch()} />}
          {messages.isSuccess && turns.length === 0 && <Empty title={t('nothingSaid')} hint={t('nothingSaidHint')} />}
          {messages.hasNextPage && (
            <div className="grid place-items-center">
              <Button size="small" isBusy={messages.isFetchingNextPage} onClick={() => void messages.fetchNextPage()}>
                {t('earlier')}
              </Button>
            </div>
          )}
          {turns.map((turn, at) => {
            const again = (message: Message) => {
              setText(message.text);
              files.takeUp(enclosedIn(message));
            };
            // A key for each message: what was tried of the one is no other of the next.
            const retry = () => {
              const attachments = enclosedIn(turn.message);
              post.mutate({ text: turn.message.text, attachments, key: retryKeys.of([turn.message.message_id, attachments]), isWritten: false });
            };
            const isLast = at === turns.length - 1;
            const askAgain = turn === answered && isOwn(turn.message) && <AskAgain message={turn.message} isBusy={post.isPending} forbidden={running === null ? null : t('askAgainWaits')} onAsk={retry} />;
            if (!open.includes(turn) || turn.message.run_id == null) return <PastTurn key={turn.message.message_id} turn={turn} onAgain={again} askAgain={askAgain} />;
            return <LiveTurn key={turn.message.message_id} conversationId={id} turn={turn} runId={turn.message.run_id} isLast={isLast} onAgain={again} onRetry={retry} isRetrying={post.isPending} askAgain={askAgain} onRunning={setRunning} />;
          })}
        </div>
      </Page>
      <div className="border-t border-line bg-ground px-4 py-2 sm:px-6">
        <div className="mx-auto max-w-3xl">
          <Composer
            text={text}
            onText={setText}
            attachments={files}
            onSend={() => post.mutate({ text, attachments: files.kept, key: keys.of([text, files.ids]), isWritten: true })}
            isBusy={post.isPending}
            error={post.error ?? stop.error}
            onStop={running === null ? null : () => stop.mutate(running)}
            isStopping={stop.isPending}
          />
        </div>
      </div>
    </>
  );
}

/** Keeps the end in view while something is added, unless the reader has gone up; what they read stays where it is when earlier pages come above it. */
function useStickyEnd(pages: number) {
  const content = useRef<HTMLDivElement>(null);
  const heightPx = useRef<number | null>(null);
  useLayoutEffect(() => {
    const outer = content.current?.parentElement;
    if (outer == null) return;
    if (heightPx.current !== null && pages > 1) outer.scrollTop += outer.scrollHeight - heightPx.current;
    heightPx.current = outer.scrollHeight;
  }, [pages]);
  useEffect(() => {
    const inner = content.current;
    const outer = inner?.parentElement;
    if (inner === null || outer == null) return undefined;
    let isAtEnd = true;
    const look = () => {
      isAtEnd = outer.scrollHeight - outer.scrollTop - outer.clientHeight < NEAR_PX;
    };
    const follow = new ResizeObserver(() => {
      heightPx.current = outer.scrollHeight;
      if (isAtEnd) outer.scrollTop = outer.scrollHeight;
    });
    outer.addEventListener('scroll', look, { passive: true });
    follow.observe(inner);
    return () => {
      outer.removeEventListener('scroll', look);
      follow.disconnect();
    };
  }, []);
  return content;
}
