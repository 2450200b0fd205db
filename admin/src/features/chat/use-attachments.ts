'use client';

import { useCallback, useEffect, useRef, useState } from 'react';
import { api, done, idempotencyKey } from '@/lib/api/client';
import { upload, type Document } from '@/lib/api/upload';

/** As many as one message takes. */
export const FILES_MAX = 10;
/** As large as the server takes one, in bytes; a larger one is not sent at all. */
export const FILE_BYTES_MAX = 2 * 1024 * 1024;

/** A file on its way into a message. */
export interface Attachment {
  key: string;
  name: string;
  bytes: number;
  /** From 0 to 1. */
  part: number;
  document: Document | null;
  error: unknown;
  isTooLarge: boolean;
}

export interface Attachments {
  all: Attachment[];
  /** Some would have been too many, and were not taken. */
  isFull: boolean;
  /** Whether a message may go: nothing is under way and nothing failed. */
  isSettled: boolean;
  ids: string[];
  add: (files: Iterable<File>) => void;
  /** Takes one out, and its document away. */
  remove: (key: string) => void;
  /** Forgets all, which went with a message. */
  sent: () => void;
  /** Takes all out, and their documents away. */
  clear: () => void;
}

/** Files that go with the next message. Each is put in at once, for oneself alone. */
export function useAttachments(query: Record<string, string>): Attachments {
  const [all, setAll] = useState<Attachment[]>([]);
  const [isFull, setIsFull] = useState(false);
  const stops = useRef(new Map<string, AbortController>());
  const put = useCallback((key: string, change: Partial<Attachment>) => {
    setAll((before) => before.map((one) => (one.key === key ? { ...one, ...change } : one)));
  }, []);
  useEffect(() => {
    const running = stops.current;
    return () => {
      for (const stop of running.values()) stop.abort();
    };
  }, []);
  const discard = (one: Attachment) => {
    stops.current.get(one.key)?.abort();
    // Nobody waits for it: what stays behind is one's own, and is taken away in the list of documents.
    if (one.document !== null) void done(api.DELETE('/api/v1/documents/{id}', { params: { path: { id: one.document.document_id } } })).catch(() => undefined);
  };
  return {
    all,
    isFull,
    isSettled: all.every((one) => one.document !== null),
    ids: all.flatMap((one) => (one.document === null ? [] : [one.document.document_id])),
    add: (files) => {
      const taken = [...files].slice(0, FILES_MAX - all.length);
      setIsFull(taken.length < [...files].length);
      for (const file of taken) {
        const key = idempotencyKey();
        const isTooLarge = file.size > FILE_BYTES_MAX;
        setAll((before) => [...before, { key, name: file.name, bytes: file.size, part: 0, document: null, error: null, isTooLarge }]);
        if (isTooLarge) continue;
        const stop = new AbortController();
        stops.current.set(key, stop);
        const onProgress = (part: number) => {
          put(key, { part });
        };
        upload({ file, query: { ...query, name: file.name }, key, onProgress, signal: stop.signal })
          .then((document) => {
            put(key, { document, name: document.name, part: 1 });
          })
          .catch((error: unknown) => {
            if (!stop.signal.aborted) put(key, { error });
          })
          .finally(() => stops.current.delete(key));
      }
    },
    remove: (key) => {
      const one = all.find((other) => other.key === key);
      if (one !== undefined) discard(one);
      setIsFull(false);
      setAll((before) => before.filter((other) => other.key !== key));
    },
    sent: () => {
      setIsFull(false);
      setAll([]);
    },
    clear: () => {
      for (const one of all) discard(one);
      setIsFull(false);
      setAll([]);
    },
  };
}
