import { isRecord, textOf } from './json';

/** A file that is in and goes with what is being written. */
export interface KeptFile {
  document_id: string;
  name: string;
  bytes: number;
  /** It went with an earlier message: taken out of this one, its document stays. */
  isOfEarlier: boolean;
}

/** What somebody is writing, and with whom and where, before there is a conversation. */
export interface Draft {
  text: string;
  files: KeptFile[];
  agent: string;
  workspace: string;
}

export const NO_DRAFT: Draft = { text: '', files: [], agent: '', workspace: '' };
/** What is written before there is a conversation. */
export const NEW = 'new';

const PREFIX = 'steward.draft.';

function fileFrom(value: unknown): KeptFile[] {
  if (!isRecord(value)) return [];
  const [id, name, bytes] = [textOf(value['document_id']), textOf(value['name']), value['bytes']];
  return id === null || name === null || typeof bytes !== 'number' ? [] : [{ document_id: id, name, bytes, isOfEarlier: value['isOfEarlier'] === true }];
}

/** Whose draft it is, and the draft; of anything else, nothing. */
export function draftFrom(kept: string | null): { personId: string; draft: Draft } | null {
  let value: unknown;
  try {
    value = JSON.parse(kept ?? '');
  } catch {
    return null;
  }
  const personId = isRecord(value) ? textOf(value['personId']) : null;
  const draft = isRecord(value) ? value['draft'] : null;
  if (personId === null || !isRecord(draft)) return null;
  const word = (name: string) => textOf(draft[name]) ?? '';
  return { personId, draft: { text: word('text'), files: Array.isArray(draft['files']) ? draft['files'].flatMap(fileFrom) : [], agent: word('agent'), workspace: word('workspace') } };
}

/** What this person was writing there, in this tab. It outlasts a reload and a session that ended elsewhere. */
export function readDraft(personId: string, of: string): Draft {
  try {
    const found = draftFrom(sessionStorage.getItem(PREFIX + of));
    return found?.personId === personId ? found.draft : NO_DRAFT;
  } catch {
    return NO_DRAFT;
  }
}

/** Keeps what is being written there; an empty one is none. */
export function keepDraft(personId: string, of: string, draft: Draft): void {
  try {
    if (draft.text === '' && draft.files.length === 0) sessionStorage.removeItem(PREFIX + of);
    else sessionStorage.setItem(PREFIX + of, JSON.stringify({ personId, draft }));
  } catch {
    // Storage may be full or forbidden; the draft then lasts as long as the page.
  }
}

/** A message that is there: its words and its documents, and where it was written. */
export interface Sent {
  of: string;
  words: string;
  ids: readonly string[];
}

/** What is left of a draft of which this was sent: what was written or given meanwhile. */
export function withoutSent(draft: Draft, { words, ids }: Sent): Draft {
  return { ...draft, text: draft.text === words ? '' : draft.text, files: draft.files.filter((one) => !ids.includes(one.document_id)) };
}

const hearers = new Set<(sent: Sent) => void>();

/** Takes what was sent out of the draft there, and has every page know that holds it: whoever left before the answer came, and came back, has it before them again. */
export function dropSent(personId: string, sent: Sent): void {
  keepDraft(personId, sent.of, withoutSent(readDraft(personId, sent.of), sent));
  for (const hear of hearers) hear(sent);
}

/** Tells of what was sent, until what is returned is called. */
export function hearOfSent(hear: (sent: Sent) => void): () => void {
  hearers.add(hear);
  return () => {
    hearers.delete(hear);
  };
}

/** Takes away what others than this person were writing in this tab; without a person, all of it. */
export function dropDrafts(personId?: string): void {
  try {
    for (const name of Object.keys(sessionStorage)) {
      if (name.startsWith(PREFIX) && (personId === undefined || draftFrom(sessionStorage.getItem(name))?.personId !== personId)) sessionStorage.removeItem(name);
    }
  } catch {
    // Where nothing can be read, nothing was kept.
  }
}
