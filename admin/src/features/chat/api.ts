'use client';

import { useQuery } from '@tanstack/react-query';
import { answer, api, type Schemas } from '@/lib/api/client';
import type { Enclosed } from '@/lib/uploads';

export type Conversation = Schemas['ConversationView'];
export type Message = Schemas['MessageView'];

/** As many files as one message takes. */
export const FILES_MAX = 10;
const PAGE = 200;
/** Longer conversations show their latest part. */
const PAGES_MAX = 10;

export function useConversations() {
  return useQuery({ queryKey: ['conversations'], queryFn: () => answer(api.GET('/api/v1/conversations', { params: { query: { limit: PAGE } } })) });
}

export function useConversation(id: string) {
  return useQuery({ queryKey: ['conversations', id], queryFn: () => answer(api.GET('/api/v1/conversations/{id}', { params: { path: { id } } })) });
}

/** Everything said, oldest first. */
export function useMessages(id: string) {
  return useQuery({
    queryKey: ['conversations', id, 'messages'],
    queryFn: async () => {
      const all: Message[] = [];
      let cursor: string | undefined;
      for (let page = 0; page < PAGES_MAX; page += 1) {
        const { items, next_cursor: next } = await answer(api.GET('/api/v1/conversations/{id}/messages', { params: { path: { id }, query: { limit: PAGE, cursor } } }));
        all.push(...items);
        if (next == null) break;
        cursor = next;
      }
      return all;
    },
  });
}

export function useWorkspaces() {
  return useQuery({ queryKey: ['workspaces'], queryFn: () => answer(api.GET('/api/v1/workspaces', { params: { query: { limit: PAGE } } })), staleTime: 60_000 });
}

/** A message of oneself, the run it started, and the reply so far. */
export interface Turn {
  message: Message;
  reply: Message | null;
}

/** Messages as question and answer. */
export function turnsOf(messages: Message[]): Turn[] {
  const replies = new Map(messages.filter((message) => message.by_agent && message.run_id != null).map((message) => [message.run_id, message]));
  return messages.filter((message) => !message.by_agent).map((message) => ({ message, reply: replies.get(message.run_id) ?? null }));
}

/** Documents of a message that are still there: one that was taken away has no name any more. */
export function enclosedIn(message: Message): Enclosed[] {
  return message.attachments.flatMap(({ document_id: id, ...rest }) => (id == null ? [] : [{ document_id: id, ...rest }]));
}
