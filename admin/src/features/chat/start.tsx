'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useEffect, useRef, useState } from 'react';
import { useTranslations } from 'use-intl';
import { Mark } from '@/components/shell/mark';
import { Page } from '@/components/shell/page';
import { Select } from '@/components/ui/field';
import { useWorkspacesQuery } from '@/components/workspace-select';
import { answer, api } from '@/lib/api/client';
import { useAgents } from '@/lib/agents';
import { dropSent, keepDraft, NEW, NO_DRAFT, readDraft } from '@/lib/draft';
import { cutAfter } from '@/lib/letters';
import { useMe } from '@/lib/me';
import { useUploads } from '@/lib/uploads';
import { wishKeys } from '@/lib/wish';
import { FILES_MAX } from './api';
import { Composer } from './composer';
import { ConversationList } from './conversation-list';
import { useDraft, useSent } from './use-draft';

const OPENINGS = ['able', 'contacts', 'deals'] as const;
const DEFAULT_AGENT = 'assistant';
/** The server takes no longer title; the first line is enough to know a conversation again. */
const TITLE_LETTERS = 80;

/** Before the first word: what can be asked, and with whom. */
export function Start() {
  const t = useTranslations('chat');
  const me = useMe();
  const router = useRouter();
  const client = useQueryClient();
  const agents = useAgents();
  const workspaces = useWorkspacesQuery();
  const [begun] = useState(() => readDraft(me.person_id, NEW));
  const [text, setText] = useState(begun.text);
  const [agent, setAgent] = useState(begun.agent);
  const [workspace, setWorkspace] = useState(begun.workspace);
  const names = agents.data?.data.map((one) => one.id) ?? [];
  const places = workspaces.data ?? [];
  const isChoiceUnknown = agents.isPending || workspaces.isPending;
  const [conversationKeys] = useState(wishKeys);
  const [messageKeys] = useState(wishKeys);
  // One that was made for a message that did not come through has the message that is sent next, and is not left empty.
  const made = useRef<{ with: string; id: string } | null>(null);
  // Where there are several, everything has to say in which: nothing is sent before that is known.
  const place = places.length > 1 ? (places.find((one) => one.workspace_id === workspace) ?? places[0])?.workspace_id : undefined;
  // Where it is not known whom there is, whoever was chosen stays chosen.
  const who = names.find((name) => name === agent) ?? names[0] ?? (agent || DEFAULT_AGENT);
  const files = useUploads(workspaces.isPending ? null : place === undefined ? {} : { workspace_id: place }, { filesMax: FILES_MAX, begun: begun.files });
  // The conversation that the first message made: what is written and given from then on is kept for it.
  const [begunAs, setBegunAs] = useState<string | null>(null);
  useDraft(begunAs ?? NEW, { text, files: files.kept, agent, workspace });
  useSent(NEW, ({ words, ids }) => {
    setText((now) => (now === words ? '' : now));
    files.forget(ids);
  });
  // A file that is still on its way is waited for: it goes along.
  const isUnderWay = files.all.some((one) => one.document === null && one.error === null && !one.isTooLarge);
  useEffect(() => {
    if (begunAs !== null && !isUnderWay) router.push(`/chat/${begunAs}`);
  }, [begunAs, isUnderWay, router]);

  const begin = useMutation({
    mutationFn: async ({ words, ids }: { words: string; ids: string[] }) => {
      const choice = JSON.stringify([who, place]);
      if (made.current?.with !== choice) {
        const [title] = cutAfter(words.split('\n')[0] ?? '', TITLE_LETTERS);
        const body = { agent: who, title, workspace_id: place };
        const conversation = await answer(api.POST('/api/v1/conversations', { params: { header: { 'Idempotency-Key': conversationKeys.of(body) } }, body }));
        made.current = { with: choice, id: conversation.conversation_id };
      }
      const { id } = made.current;
      const body = { text: words, attachments: ids };
      await answer(api.POST('/api/v1/conversations/{id}/messages', { params: { path: { id }, header: { 'Idempotency-Key': messageKeys.of([id, body]) } }, body }));
      return id;
    },
    onSuccess: (id, { words, ids }) => {
      // What was written and given while it was on its way goes along, and waits there.
      keepDraft(me.person_id, id, { ...NO_DRAFT, text: text === words ? '' : text, files: files.kept.filter((one) => !ids.includes(one.document_id)) });
      // Who left this page and came back may be writing something else there: of that, only what was sent goes.
      if (readDraft(me.person_id, NEW).text === text) keepDraft(me.person_id, NEW, NO_DRAFT);
      dropSent(me.person_id, { of: NEW, words, ids });
      setBegunAs(id);
      void client.invalidateQueries({ queryKey: ['conversations'] });
    },
  });
  return (
    <Page title={t('title')} className="flex flex-col" scrolls>
      <div className="mx-auto grid w-full max-w-2xl content-start gap-6 p-4 sm:p-6 lg:flex-1 lg:content-center">
        <div className="grid gap-2">
          <Mark className="size-9 text-accent" />
          <h2 className="text-2xl font-semibold">{t('hello', { name: me.display_name })}</h2>
          <p className="text-soft">{t('promise')}</p>
        </div>
        <ul className="grid gap-2 sm:grid-cols-3">
          {OPENINGS.map((opening) => (
            <li key={opening} className="grid">
              <button
                type="button"
                onClick={() => {
                  setText(t(`openings.${opening}`));
                }}
                className="rounded-xl border border-line bg-surface p-3 text-start text-sm hover:border-accent"
              >
                {t(`openings.${opening}`)}
              </button>
            </li>
          ))}
        </ul>
        <Composer
          text={text}
          onText={setText}
          attachments={files}
          onSend={() => begin.mutate({ words: text, ids: files.ids })}
          isBusy={begin.isPending || begunAs !== null || workspaces.isPending}
          error={begin.error}
          onStop={null}
        />
        {/* Below what is written in: it comes when it is known that there is a choice, and moves nothing then. */}
        {(names.length > 1 || places.length > 1) && (
          <div className="grid gap-3 sm:grid-cols-2">
            {names.length > 1 && (
              <Select label={t('agent')} value={who} onChange={(event) => setAgent(event.target.value)}>
                {names.map((name) => (
                  <option key={name}>{name}</option>
                ))}
              </Select>
            )}
            {places.length > 1 && (
              <Select label={t('workspace')} value={place} onChange={(event) => {
                  // Files were put into the workspace that was chosen then.
                  files.clear();
                  setWorkspace(event.target.value);
                }}
              >
                {places.map((place) => (
                  <option key={place.workspace_id} value={place.workspace_id}>
                    {place.name}
                  </option>
                ))}
              </Select>
            )}
          </div>
        )}
      </div>
      {!isChoiceUnknown && (
        <div className="lg:hidden">
          <ConversationList here={null} />
        </div>
      )}
    </Page>
  );
}
