'use client';

import { useTranslations } from 'use-intl';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { TextArea } from '@/components/ui/field';
import { Over } from '@/components/ui/over';
import { Problem } from '@/components/ui/states';

/** The server takes no more bytes. */
const LETTERS_MAX = 500;

interface WordsDialogProps {
  title: string;
  label: string;
  hint: string;
  /** Without words nothing is said. */
  isNeeded?: boolean;
  tone: 'primary' | 'danger';
  submit: string;
  /** What became of the action, once it does not wait any more. */
  over: string | null;
  isBusy: boolean;
  error: unknown;
  onChange: () => void;
  onClose: () => void;
  onSay: (words: string) => void;
}

/** What goes along with a decision, in one's own words: why not, or how else. */
export function WordsDialog({ title, label, hint, isNeeded = false, tone, submit, over, isBusy, error, onChange, onClose, onSay }: WordsDialogProps) {
  const t = useTranslations('hold');
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        className="grid gap-4"
        onChange={onChange}
        onSubmit={(event) => {
          event.preventDefault();
          const said = new FormData(event.currentTarget).get('words');
          const words = typeof said === 'string' ? said.trim() : '';
          if (over !== null || (isNeeded && words === '')) return;
          onSay(words);
        }}
      >
        <TextArea label={label} hint={hint} name="words" rows={3} maxLength={LETTERS_MAX} required={isNeeded} data-first />
        {error !== null && <Problem error={error} />}
        <Over why={over} />
        <div className="grid grid-cols-2 gap-2 sm:flex sm:justify-end">
          <Button onClick={onClose}>{t('notNow')}</Button>
          <Button type="submit" tone={tone} isBusy={isBusy} forbidden={over}>
            {submit}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
