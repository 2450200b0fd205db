'use client';

import { CloudOff, RotateCw } from 'lucide-react';
import { useTranslations } from 'use-intl';
import { cx } from '@/lib/cx';
import { problemOf } from '@/lib/api/problem';
import { useProblemText } from '@/components/problem-text';
import { ServerWords } from '@/components/server-words';
import { Button } from './button';
import { Copy } from './copy';
import { Empty } from './empty';

/** Lines where text will be. */
export function Loading({ lines = 4, className }: { lines?: number; className?: string }) {
  const t = useTranslations('common');
  return (
    <div role="status" className={cx('grid gap-3 p-4', className)}>
      <span className="sr-only">{t('loading')}</span>
      {Array.from({ length: lines }, (_, at) => (
        <div key={at} aria-hidden className={cx('h-4 animate-pulse-soft rounded bg-sunken', at % 3 === 0 ? 'w-3/4' : at % 3 === 1 ? 'w-full' : 'w-1/2')} />
      ))}
    </div>
  );
}

/** Filters that fit nothing. */
export function NoMatch({ onClear }: { onClear: () => void }) {
  const t = useTranslations('common');
  return (
    <Empty title={t('noMatch')} hint={t('noMatchHint')}>
      <Button onClick={onClear}>{t('clearFilters')}</Button>
    </Empty>
  );
}

/** Something did not work: what, under which number it is known, and the way to try again. */
export function Failed({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const t = useTranslations('common');
  const text = useProblemText();
  const problem = problemOf(error);
  return (
    <div role="alert" className="grid justify-items-center gap-2 px-6 py-14 text-center">
      <div className="mb-1 grid size-11 place-items-center rounded-full bg-bad-wash text-bad">
        <CloudOff className="size-5" aria-hidden />
      </div>
      <p className="font-semibold">{problem === null ? t('unreachable') : t('failed')}</p>
      <p className="max-w-md text-soft">{text(error)}</p>
      <ServerWords error={error} className="max-w-md text-sm text-soft" />
      {problem?.requestId != null && <RequestId id={problem.requestId} />}
      {onRetry !== undefined && (
        <Button onClick={onRetry} className="mt-3">
          <RotateCw className="size-4" aria-hidden />
          {t('retry')}
        </Button>
      )}
    </div>
  );
}

interface PartFailedProps {
  /** What could not be had. */
  what: string;
  error: unknown;
  isBusy: boolean;
  onRetry: () => void;
  className?: string;
}

/** A part of a page that could not be had, in its place: what, why, and the way to try again. The rest of the page stays. */
export function PartFailed({ what, error, isBusy, onRetry, className }: PartFailedProps) {
  const t = useTranslations('common');
  const text = useProblemText();
  const problem = problemOf(error);
  return (
    <div role="alert" className={cx('flex flex-wrap items-center justify-between gap-x-4 gap-y-2 bg-bad-wash px-4 py-3 text-sm text-bad sm:px-6', className)}>
      <div className="min-w-0">
        <p className="font-medium">{what}</p>
        {/* While it is tried again there may be no reason to tell. */}
        {error !== null && <p>{text(error)}</p>}
        <ServerWords error={error} />
        {problem?.requestId != null && <p className="mt-1 font-mono text-xs break-all">{problem.requestId}</p>}
      </div>
      <Button size="small" isBusy={isBusy} onClick={onRetry}>
        <RotateCw className="size-4" aria-hidden />
        {t('retry')}
      </Button>
    </div>
  );
}

/** The number under which the server's log knows a request. */
export function RequestId({ id }: { id: string }) {
  const t = useTranslations('common');
  return (
    <p className="flex flex-wrap items-center justify-center gap-1 text-xs text-soft">
      {t('requestId')} <code className="font-mono break-all">{id}</code>
      <Copy text={id} />
    </p>
  );
}

/** The same in one line, beside what was tried. */
export function Problem({ error }: { error: unknown }) {
  const text = useProblemText();
  const problem = problemOf(error);
  return (
    <div role="alert" className="rounded-lg bg-bad-wash px-3 py-2 text-sm text-bad">
      <p className="font-medium">{text(error)}</p>
      <ServerWords error={error} />
      {problem?.requestId != null && problem.status >= 500 && <p className="mt-1 font-mono text-xs break-all">{problem.requestId}</p>}
    </div>
  );
}
