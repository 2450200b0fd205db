'use client';

import { useQuery, type InfiniteData } from '@tanstack/react-query';
import { answer, api, type Schemas } from '@/lib/api/client';
import { useList, type PageOf } from '@/lib/list';
import type { Enclosed } from '@/lib/uploads';

export type Conversation = Schemas['ConversationView'];
export type Message = Schemas['MessageView'];

/** As many files as one message takes. */
export const FILES_MAX = 10;
const PAGE = 200;
/** Of one conversation: fifty questions with their answers. */
const MESSAGES_PAGE = 100;

/** One's conversations, newest first, a page at a time. */
export function useConversations() {
  return useList(['conversations', 'list'], (cursor) => answer(api.GET('/api/v1/conversations', { params: { query: { limit: PAGE, cursor } } })));
}

export function useConversation(id: string) {
  return useQuery({ queryKey: ['conversations', id], queryFn: () => answer(api.GET('/api/v1/conversations/{id}', { params: { path: { id } } })) });
}

/** What was said last, oldest first; what was said before that is asked for a page at a time. */
export function useMessages(id: string) {
  const { query, items } = useList(['conversations', id, 'messages'], (cursor) =>
    answer(api.GET('/api/v1/conversations/{id}/messages', { params: { path: { id }, query: { order: 'newest', limit: MESSAGES_PAGE, cursor } } })),
  );
  return { query, messages: items.reverse() };
}

type MessagePages = InfiniteData<PageOf<Message>, string | undefined>;

/** Whether a message is among them. */
export function hasMessage(pages: MessagePages | undefined, messageId: string): boolean {
  return pages?.pages.some((page) => page.items.some((one) => one.message_id === messageId)) ?? false;
}

/** The messages with another one at their end, in the pages in which they came: the newest first. */
export function withMessage(before: MessagePages | undefined, own: Message): MessagePages {
  const [first, ...rest] = before?.pages ?? [{ items: [], next_cursor: null }];
  return { pages: [{ items: [own, ...(first?.items ?? [])], next_cursor: first?.next_cursor ?? null }, ...rest], pageParams: before?.pageParams ?? [undefined] };
}

/** A message of oneself, the run it started, and the reply so far. */
export interface Turn {
  message: Message;
  reply: Message | null;
}

/** Whether these are one's own words, whoever said them: others would become one's own where they are said once more unseen. */
export function isOwn(message: Message): boolean {
  return message.integrity === 'owner';
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
