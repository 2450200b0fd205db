'use client';

import { useTranslations } from 'use-intl';
import type { Document } from '@/lib/api/upload';
import { may, type Me } from '@/lib/me';

/** What kinds there are, by the server's name of each. */
const KINDS: Partial<Record<string, string>> = { 'text/markdown': 'Markdown', 'text/csv': 'CSV', 'text/tab-separated-values': 'TSV', 'application/json': 'JSON', 'text/html': 'HTML' };
/** Whoever has one of these takes away what is for the workspace. */
const KEEPERS: readonly string[] = ['owner', 'manager'];

/** What a document is, in a word. */
export function useKindName(): (document: Document) => string {
  const t = useTranslations('documents');
  return (document) => (document.media_type === 'text/plain' ? t('plain') : (KINDS[document.media_type] ?? document.media_type));
}

/** Why one may not take it away, if so. The server decides again. */
export function useMayNotRemove(me: Me, document: Document): string | null {
  const t = useTranslations('documents');
  if (!may(me, 'documents:write')) return t('mayNotRemove');
  if (document.person_id === me.person_id) return null;
  return document.for === 'workspace' && me.roles.some((role) => KEEPERS.includes(role)) ? null : t('notYours');
}
