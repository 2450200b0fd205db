import { addressToPost, type PostQueryOf } from './address';
import type { Schemas } from './client';
import { AwayError, ProblemError, readProblem } from './problem';
import { isRecord } from '@/lib/json';

export type Document = Schemas['DocumentView'];

interface Upload {
  file: File;
  /** What it is called, where it goes and for whom. */
  query: PostQueryOf<'/api/v1/documents'>;
  key: string;
  /** From 0 to 1. */
  onProgress: (part: number) => void;
  signal: AbortSignal;
}

/** Whether an answer is a document; what else the server says is its own affair. */
function isDocument(value: unknown): value is Document {
  return isRecord(value) && typeof value['document_id'] === 'string';
}

/** What the server said beside the answer: each header in a line of its own. */
function headersOf(lines: string): Headers {
  const headers = new Headers();
  for (const line of lines.trim().split(/[\r\n]+/)) {
    const [name = '', ...value] = line.split(':');
    if (name !== '') headers.append(name.trim(), value.join(':').trim());
  }
  return headers;
}

/** An answer to `request` as `fetch` would give it: what is wrong and under which number stands in its headers too. */
function answerOf(request: XMLHttpRequest): Response {
  // A `Response` can be made of these only.
  const status = request.status < 200 || request.status > 599 ? 500 : request.status;
  return new Response(null, { status, headers: headersOf(request.getAllResponseHeaders()) });
}

/** Puts a file in as a document. Not by `fetch`, which does not say how far it is. */
export function upload({ file, query, key, onProgress, signal }: Upload): Promise<Document> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', addressToPost('/api/v1/documents', { query }));
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.setRequestHeader('idempotency-key', key);
    request.upload.onprogress = (event) => {
      if (event.lengthComputable && event.total > 0) onProgress(event.loaded / event.total);
    };
    request.onerror = () => {
      reject(new AwayError({}));
    };
    request.onabort = () => {
      reject(new DOMException('stopped', 'AbortError'));
    };
    request.onload = () => {
      let body: unknown;
      try {
        body = JSON.parse(request.responseText);
      } catch {
        body = null;
      }
      if (request.status === 201 && isDocument(body)) resolve(body);
      else reject(new ProblemError(readProblem(body, answerOf(request))));
    };
    signal.addEventListener('abort', () => {
      request.abort();
    });
    request.send(file);
  });
}
