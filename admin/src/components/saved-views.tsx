'use client';

import { Bookmark, X } from 'lucide-react';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { Input } from '@/components/ui/field';
import { cx } from '@/lib/cx';
import { useMe } from '@/lib/me';
import { useSavedViews, VIEW_NAME_LETTERS_MAX, type Viewed } from '@/lib/saved-views';

interface SavedViewsProps {
  page: Viewed;
  /** The filters as they are in the address; none is the usual view. */
  now: Record<string, string>;
  onApply: (filters: Record<string, string>) => void;
}

/** Filters under a name, and the way to keep those of now. */
export function SavedViews({ page, now, onApply }: SavedViewsProps) {
  const t = useTranslations('views');
  const { person_id: me } = useMe();
  const { views, isFull, save, drop } = useSavedViews(page, me);
  const [isNaming, setIsNaming] = useState(false);
  const isSame = (filters: Record<string, string>) => Object.entries(now).every(([key, value]) => (filters[key] ?? '') === value);
  const isFiltered = Object.values(now).some((value) => value !== '');
  const canSave = isFiltered && !views.some((view) => isSame(view.filters));
  if (views.length === 0 && !canSave) return null;
  return (
    <div role="group" aria-label={t('title')} className="flex flex-wrap items-center gap-1.5">
      {views.map((view) => (
        <span key={view.name} className={cx('inline-flex max-w-full items-center rounded-lg border', isSame(view.filters) ? 'border-accent bg-accent-wash text-accent' : 'border-edge bg-surface')}>
          <button type="button" aria-pressed={isSame(view.filters)} onClick={() => onApply(view.filters)} className="min-h-9 min-w-0 truncate ps-3 pe-1 text-sm sm:min-h-7">
            <bdi>{view.name}</bdi>
          </button>
          <button type="button" aria-label={t('drop', { name: view.name })} title={t('drop', { name: view.name })} onClick={() => drop(view.name)} className="inline-flex size-9 shrink-0 items-center justify-center rounded-lg text-soft hover:text-ink sm:size-7">
            <X className="size-3.5" aria-hidden />
          </button>
        </span>
      ))}
      {canSave && (
        <Button size="small" tone="plain" forbidden={isFull ? t('full') : null} onClick={() => setIsNaming(true)}>
          <Bookmark className="size-4" aria-hidden />
          {t('save')}
        </Button>
      )}
      {isNaming && (
        <Dialog title={t('save')} onClose={() => setIsNaming(false)}>
          <form
            className="grid gap-4"
            onSubmit={(event) => {
              event.preventDefault();
              const words = new FormData(event.currentTarget).get('name');
              const name = typeof words === 'string' ? words.trim() : '';
              if (name === '') return;
              save({ name, filters: now });
              setIsNaming(false);
            }}
          >
            <Input data-first name="name" label={t('name')} hint={t('hint')} required maxLength={VIEW_NAME_LETTERS_MAX} dir="auto" autoComplete="off" />
            <div className="flex justify-end">
              <Button type="submit" tone="primary">
                {t('keep')}
              </Button>
            </div>
          </form>
        </Dialog>
      )}
    </div>
  );
}
