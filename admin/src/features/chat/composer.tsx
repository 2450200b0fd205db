'use client';

import { ArrowUp, Paperclip, Square } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { useTranslations } from 'use-intl';
import { FileInput } from '@/components/file-input';
import { InItsPlace, later } from '@/components/later';
import { Problem } from '@/components/ui/states';
import { cx } from '@/lib/cx';
import { usePageDrop } from '@/lib/file-drop';
import type { Uploads } from '@/lib/uploads';

// It comes with the first file.
const AttachmentList = later(() => import('./attachment-list').then((loaded) => loaded.AttachmentList), InItsPlace);

interface ComposerProps {
  text: string;
  onText: (text: string) => void;
  attachments: Uploads;
  onSend: () => void;
  isBusy: boolean;
  error: unknown;
  /** Something is under way: it can be stopped, and nothing else sent. */
  onStop: (() => void) | null;
  isStopping?: boolean;
}

const HEIGHT_MAX_PX = 200;

/** Where one writes. Enter sends where there is a keyboard; on a phone it makes a line, and the arrow sends. Files are chosen, pasted, or dropped anywhere on the page. */
export function Composer({ text, onText, attachments, onSend, isBusy, error, onStop, isStopping = false }: ComposerProps) {
  const t = useTranslations('chat');
  const box = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    const area = box.current;
    if (area === null) return;
    area.style.height = 'auto';
    area.style.height = `${Math.min(area.scrollHeight, HEIGHT_MAX_PX)}px`;
  }, [text]);
  const picker = useRef<HTMLInputElement>(null);
  const isOver = usePageDrop(attachments.add);
  const canSend = text.trim() !== '' && !isBusy && onStop === null && attachments.isSettled;
  return (
    <form
      className="grid gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (canSend) onSend();
      }}
    >
      {error !== null && <Problem error={error} />}
      {attachments.all.length > 0 && <AttachmentList attachments={attachments} />}
      <div
        className={cx(
          'flex items-end gap-2 rounded-2xl border bg-surface p-1.5 focus-within:border-accent focus-within:outline-2 focus-within:outline-accent',
          isOver ? 'border-accent outline-2 outline-dashed outline-accent' : 'border-edge',
        )}
      >
        <FileInput input={picker} label={t('attach')} onFiles={attachments.add} />
        <button
          type="button"
          aria-label={t('attach')}
          title={t('attachHint')}
          onClick={() => picker.current?.click()}
          className="grid size-10 shrink-0 place-items-center rounded-xl text-soft hover:bg-sunken hover:text-ink"
        >
          <Paperclip className="size-5" aria-hidden />
        </button>
        <textarea
          ref={box}
          rows={1}
          value={text}
          dir="auto"
          aria-label={t('message')}
          placeholder={t('placeholder')}
          onChange={(event) => {
            onText(event.target.value);
          }}
          onPaste={(event) => {
            if (event.clipboardData.files.length === 0) return;
            event.preventDefault();
            attachments.add(event.clipboardData.files);
          }}
          onKeyDown={(event) => {
            // An Enter that ends the choice of a letter is not meant for us, and a phone's makes a line.
            if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing || matchMedia('(pointer: coarse)').matches) return;
            event.preventDefault();
            if (canSend) onSend();
          }}
          className="min-h-9 flex-1 resize-none bg-transparent py-1.5 outline-none"
        />
        {onStop === null ? (
          <button type="submit" aria-label={t('send')} title={t('send')} disabled={!canSend} className={cx('grid size-10 shrink-0 place-items-center rounded-xl', canSend ? 'bg-accent text-accent-ink' : 'bg-sunken text-soft')}>
            <ArrowUp className="size-5" aria-hidden />
          </button>
        ) : (
          <button type="button" aria-label={t('stop')} title={t('stop')} aria-busy={isStopping || undefined} onClick={onStop} className="grid size-10 shrink-0 place-items-center rounded-xl bg-ink text-ground">
            <Square className="size-4 fill-current" aria-hidden />
          </button>
        )}
      </div>
    </form>
  );
}
