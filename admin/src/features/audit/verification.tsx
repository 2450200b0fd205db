'use client';

import { useQuery } from '@tanstack/react-query';
import { RotateCw, ShieldAlert, ShieldCheck } from 'lucide-react';
import { useTranslations } from 'use-intl';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Copy } from '@/components/ui/copy';
import { Failed, Loading } from '@/components/ui/states';
import { Ago } from '@/components/ui/time';
import { answer, api, type Schemas } from '@/lib/api/client';
import { useFormats } from '@/lib/format';
import { Checkpoint } from './checkpoint';

/** What somebody who does not trust this server does, in their order. */
const OFFLINE = ['steward audit key > audit-key.txt', 'steward audit export --format bundle --output audit', 'steward audit verify audit --key audit-key.txt'] as const;

/** Whether the log is as it was signed, as this server finds, and how anybody finds out without it. */
export function Verification() {
  const t = useTranslations('audit.verification');
  // Every entry is hashed anew for it, so it is asked only here and on demand.
  const verification = useQuery({ queryKey: ['audit', 'verification'], queryFn: () => answer(api.GET('/api/v1/audit/verification')), staleTime: Infinity });
  return (
    <div className="mx-auto grid w-full max-w-4xl grid-cols-[minmax(0,1fr)] gap-4 p-4 sm:p-6">
      {verification.isPending && <Loading lines={5} className="px-0" />}
      {verification.isError && <Failed error={verification.error} onRetry={() => void verification.refetch()} />}
      {verification.data !== undefined && !verification.isError && <Found found={verification.data} isBusy={verification.isFetching} onAgain={() => void verification.refetch()} />}
      {/* What stands below comes when it is known how tall what was found is. */}
      {!verification.isPending && (
        <section aria-label={t('offline')} className="grid grid-cols-[minmax(0,1fr)] gap-2">
          <h2 className="text-base font-semibold">{t('offline')}</h2>
          <p className="text-sm text-soft">{t('offlineHint')}</p>
          <ol className="grid gap-1.5">
            {OFFLINE.map((command) => (
              <li key={command} className="flex items-center gap-2 rounded-lg bg-sunken px-3 py-1" dir="ltr">
                <code className="min-w-0 flex-1 font-mono text-xs wrap-anywhere">{command}</code>
                <Copy text={command} label={t('copy', { command })} />
              </li>
            ))}
          </ol>
        </section>
      )}
    </div>
  );
}

function Found({ found, isBusy, onAgain }: { found: Schemas['VerificationView']; isBusy: boolean; onAgain: () => void }) {
  const t = useTranslations('audit.verification');
  const formats = useFormats();
  return (
    <section aria-label={t('title')} className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <Card className="grid gap-2 p-4" role="status">
        <div className="flex flex-wrap items-center gap-2">
          <Badge tone={found.whole ? 'good' : 'bad'}>
            {found.whole ? <ShieldCheck className="size-3.5" aria-hidden /> : <ShieldAlert className="size-3.5" aria-hidden />}
            {found.whole ? t('whole') : t('broken')}
          </Badge>
          {/* A line of its own where there is little room: its words grow as time goes by, and would take a second one. */}
          <p className="order-last min-w-0 basis-full text-sm text-soft sm:order-none sm:flex-1 sm:basis-0">
            {t('checked')} <Ago at={found.checked_at} />
          </p>
          <Button size="small" isBusy={isBusy} onClick={onAgain} className="ms-auto">
            <RotateCw className="size-4" aria-hidden />
            {t('again')}
          </Button>
        </div>
        <p className="text-sm">{t('counts', { entries: found.entries, signed: formats.number(found.signed) })}</p>
        {found.whole && found.waiting > 0 && <p className="text-sm text-soft">{t('waiting', { count: found.waiting })}</p>}
        {!found.whole && <p className="rounded-lg bg-bad-wash px-3 py-2 text-sm text-bad">{t('brokenHint')}</p>}
        {found.problems.length > 0 && (
          <ul aria-label={t('problems')} className="grid gap-1 text-sm text-bad">
            {found.problems.map((problem) => (
              <li key={problem} dir="auto" className="wrap-anywhere">
                {problem}
              </li>
            ))}
          </ul>
        )}
        {found.more > 0 && <p className="text-sm text-bad">{t('more', { count: found.more })}</p>}
      </Card>
      <h2 className="text-base font-semibold">{t('last')}</h2>
      {found.checkpoint == null ? <p className="text-sm text-soft">{t('noCheckpoint')}</p> : <Checkpoint checkpoint={found.checkpoint} />}
    </section>
  );
}
