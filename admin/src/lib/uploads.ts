'use client';

import { useCallback, useEffect, useRef, useState } from 'react';
import type { PostQueryOf } from '@/lib/api/address';
import { api, done, idempotencyKey } from '@/lib/api/client';
import { upload, type Document } from '@/lib/api/upload';
import type { KeptFile } from '@/lib/draft';

/** What is read; the server says of others what to send instead. */
export const ACCEPT = '.txt,.text,.log,.md,.markdown,.csv,.tsv,.json,.html,.htm,text/*,application/json';
/** As large as the server takes one, in bytes; a larger one is not sent at all. */
export const FILE_BYTES_MAX = 2 * 1024 * 1024;

/** Where a file goes and for whom; its name is its own. */
type Where = Omit<PostQueryOf<'/api/v1/documents'>, 'name'>;

/** A document that is in. */
export interface Enclosed {
  document_id: string;
  name?: string | null;
  bytes?: number | null;
  /** Whom it is for, of one that came in here. */
  for?: Document['for'];
}

/** A file on its way in. */
export interface Upload {
  key: string;
  name: string;
  bytes: number;
  /** From 0 to 1. */
  part: number;
  document: Enclosed | null;
  error: unknown;
  isTooLarge: boolean;
  /** It went with an earlier message: taken out of this one, its document stays. */
  isOfEarlier: boolean;
}

export interface Uploads {
  all: Upload[];
  /** Some would have been too many, and were not taken. */
  isFull: boolean;
  /** Nothing is under way and nothing failed. */
  isSettled: boolean;
  ids: string[];
  /** Those that are in, as a draft keeps them. */
  kept: KeptFile[];
  /** Documents of an earlier message go along again. */
  takeUp: (documents: Enclosed[]) => void;
  add: (files: Iterable<File>) => void;
  /** Takes one out, and its document away. */
  remove: (key: string) => void;
  /** Forgets those of these documents, which are where they belong. */
  forget: (documentIds: readonly string[]) => void;
  /** Takes all out, and their documents away. */
  clear: () => void;
}

interface Options {
  /** Those that are in already. */
  begun?: readonly KeptFile[];
  /** As many as are taken; any number without it. */
  filesMax?: number;
  /** One is in. */
  onDone?: () => void;
}

/** One that is in. */
function inPlace({ document_id: id, name, bytes, isOfEarlier }: Enclosed & { isOfEarlier: boolean }): Upload {
  return { key: id, name: name ?? '', bytes: bytes ?? 0, part: 1, document: { document_id: id, name, bytes }, error: null, isTooLarge: false, isOfEarlier };
}

/** Those for which there is room beside what is there, the first first. */
export function roomFor<T>(given: T[], there: number, filesMax: number | undefined): T[] {
  return filesMax === undefined ? given : given.slice(0, Math.max(0, filesMax - there));
}

/** Nothing is under way and nothing failed. */
export function isSettled(all: readonly Pick<Upload, 'document'>[]): boolean {
  return all.every((one) => one.document !== null);
}

/** Files that are put in as documents, each at once; `query` says where they go and for whom. While it is not known yet, they wait for it. */
export function useUploads(query: Where | null, { filesMax, onDone, begun = [] }: Options = {}): Uploads {
  const [all, setAll] = useState<Upload[]>(() => begun.map(inPlace));
  const [isFull, setIsFull] = useState(false);
  const stops = useRef(new Map<string, AbortController>());
  const waiting = useRef(new Map<string, File>());
  const put = useCallback((key: string, change: Partial<Upload>) => {
    setAll((before) => before.map((one) => (one.key === key ? { ...one, ...change } : one)));
  }, []);
  useEffect(() => {
    const running = stops.current;
    return () => {
      for (const stop of running.values()) stop.abort();
    };
  }, []);
  const start = useCallback(
    (key: string, file: File, where: Where) => {
      const stop = new AbortController();
      stops.current.set(key, stop);
      const onProgress = (part: number) => {
        put(key, { part });
      };
      upload({ file, query: { ...where, name: file.name }, key, onProgress, signal: stop.signal })
        .then((document) => {
          put(key, { document, name: document.name, part: 1 });
          onDone?.();
        })
        .catch((error: unknown) => {
          if (!stop.signal.aborted) put(key, { error });
        })
        .finally(() => stops.current.delete(key));
    },
    [put, onDone],
  );
  useEffect(() => {
    if (query === null) return;
    for (const [key, file] of waiting.current) start(key, file, query);
    waiting.current.clear();
  }, [query, start]);
  const discard = (one: Upload) => {
    waiting.current.delete(one.key);
    stops.current.get(one.key)?.abort();
    // Nobody waits for it: what stays behind is one's own, and is taken away in the list of documents.
    if (one.document !== null && !one.isOfEarlier) void done(api.DELETE('/api/v1/documents/{id}', { params: { path: { id: one.document.document_id } } })).catch(() => undefined);
  };
  return {
    all,
    isFull,
    isSettled: isSettled(all),
    ids: all.flatMap((one) => (one.document === null ? [] : [one.document.document_id])),
    kept: all.flatMap(({ document, name, bytes, isOfEarlier }) => (document === null ? [] : [{ document_id: document.document_id, name, bytes, isOfEarlier }])),
    takeUp: (documents) => {
      const others = documents.filter((one) => all.every((there) => there.document?.document_id !== one.document_id));
      const taken = roomFor(others, all.length, filesMax);
      setIsFull(taken.length < others.length);
      setAll((before) => [...before, ...taken.map((document) => inPlace({ ...document, isOfEarlier: true }))]);
    },
    add: (files) => {
      const given = [...files];
      const taken = roomFor(given, all.length, filesMax);
      setIsFull(taken.length < given.length);
      for (const file of taken) {
        const key = idempotencyKey();
        const isTooLarge = file.size > FILE_BYTES_MAX;
        setAll((before) => [...before, { key, name: file.name, bytes: file.size, part: 0, document: null, error: null, isTooLarge, isOfEarlier: false }]);
        if (isTooLarge) continue;
        if (query === null) waiting.current.set(key, file);
        else start(key, file, query);
      }
    },
    remove: (key) => {
      const one = all.find((other) => other.key === key);
      if (one !== undefined) discard(one);
      setIsFull(false);
      setAll((before) => before.filter((other) => other.key !== key));
    },
    forget: (documentIds) => {
      setIsFull(false);
      setAll((before) => before.filter((one) => one.document === null || !documentIds.includes(one.document.document_id)));
    },
    clear: () => {
      for (const one of all) discard(one);
      setIsFull(false);
      setAll([]);
    },
  };
}
