'use client';

import { useTranslations } from 'use-intl';
import { isRecord, textOf } from '@/lib/json';
import { seen } from '@/lib/seen';
import type { Hold } from './use-hold';

/** A text of the tool with a mark for what nobody would see; none stays none. */
function marked(value: unknown): string | null {
  const text = textOf(value);
  return text === null ? null : seen(text);
}

/** What the tool itself says that the call would do, when it was held: a help for the eye, not what is approved. */
export function Preview({ hold }: { hold: Hold }) {
  const t = useTranslations('hold');
  const preview = hold.preview;
  if (!isRecord(preview)) return null;
  const failed = marked(preview['failed']);
  const lines = Array.isArray(preview['lines']) ? preview['lines'].filter(isRecord) : [];
  return (
    <section className="grid gap-2">
      <h2 className="text-sm font-semibold">{t('preview')}</h2>
      {failed == null ? (
        <p className="text-sm">
          <bdi>{marked(preview['title'])}</bdi>
        </p>
      ) : (
        <p className="text-sm text-soft">
          {t('previewFailed')} <bdi>{failed}</bdi>
        </p>
      )}
      {lines.length > 0 && (
        <ul className="divide-y divide-line rounded-lg border border-line text-sm">
          {lines.map((line, place) => (
            <li key={place} className="grid gap-x-3 px-3 py-1.5 sm:grid-cols-[8rem_1fr]">
              <span className="break-words text-soft">
                <bdi>{marked(line['label'])}</bdi>
              </span>
              <span className="min-w-0 break-words whitespace-pre-wrap">
                {line['before'] != null && (
                  <del className="text-soft">
                    <span className="sr-only">{t('previewBefore')} </span>
                    <bdi>{marked(line['before'])}</bdi>
                  </del>
                )}{' '}
                <ins className="font-medium no-underline">
                  <span className="sr-only">{t('previewAfter')} </span>
                  <bdi>{marked(line['after']) ?? '—'}</bdi>
                </ins>
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
