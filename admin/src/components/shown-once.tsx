'use client';

import { useTranslations } from 'use-intl';
import { Button } from '@/components/ui/button';
import { Copy } from '@/components/ui/copy';
import { Dialog } from '@/components/ui/dialog';

/** A secret that is on this screen now and nowhere afterwards. Lost, a new one is made. */
export function ShownOnce({ label, secret, hint }: { label: string; secret: string | null; hint: string }) {
  const t = useTranslations('secret');
  if (secret === null) return <p className="rounded-lg bg-wait-wash px-3 py-2 text-sm text-wait">{t('gone')}</p>;
  return (
    <div className="grid gap-2 rounded-lg border border-wait bg-wait-wash p-3 text-wait">
      <p className="text-sm font-semibold">{label}</p>
      <p className="flex items-start gap-1">
        <code dir="ltr" className="min-w-0 flex-1 font-mono text-sm break-all text-ink select-all">
          {secret}
        </code>
        <Copy text={secret} label={t('copy')} />
      </p>
      <p className="text-sm">
        {t('once')} {hint}
      </p>
    </div>
  );
}

/** The answer to making one: the secret, and the way on. */
export function ShownOnceDialog({ title, label, secret, hint, done, onClose }: { title: string; label: string; secret: string | null; hint: string; done: string; onClose: () => void }) {
  return (
    <Dialog title={title} onClose={onClose}>
      <ShownOnce label={label} secret={secret} hint={hint} />
      <div className="flex justify-end">
        <Button tone="primary" onClick={onClose}>
          {done}
        </Button>
      </div>
    </Dialog>
  );
}
