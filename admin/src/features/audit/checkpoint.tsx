'use client';

import { useTranslations } from 'use-intl';
import { Card } from '@/components/ui/card';
import { Copy } from '@/components/ui/copy';
import { Ago } from '@/components/ui/time';
import type { Schemas } from '@/lib/api/client';

type Shown = Pick<Schemas['CheckpointView'], 'tree_size' | 'root' | 'note' | 'signed_at'>;

/** A signed word on how long the log was and what it held. */
export function Checkpoint({ checkpoint }: { checkpoint: Shown }) {
  const t = useTranslations('audit');
  return (
    <Card className="grid gap-1 p-4 text-sm">
      <p className="flex flex-wrap items-center justify-between gap-2">
        <span className="font-semibold">{t('entries', { count: checkpoint.tree_size })}</span>
        <span className="text-soft">
          {t('signed')} <Ago at={checkpoint.signed_at} />
        </span>
      </p>
      <p className="flex items-center gap-1 text-xs text-soft">
        {t('root')} <code className="min-w-0 font-mono break-all">{checkpoint.root}</code>
        <Copy text={checkpoint.note} label={t('copyNote')} />
      </p>
    </Card>
  );
}
