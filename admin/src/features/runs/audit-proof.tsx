'use client';

import { useMutation } from '@tanstack/react-query';
import { CircleCheck, CircleX } from 'lucide-react';
import { useTranslations } from 'use-intl';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Link } from '@/components/ui/link';
import { Problem } from '@/components/ui/states';
import { answer, api, type Schemas } from '@/lib/api/client';
import { useFormats } from '@/lib/format';

/** What the audit log has of a run: its entries, whether the log is as it was written, and the signed checkpoint that covers them. */
export function AuditProof({ id }: { id: string }) {
  const t = useTranslations('runs');
  // All of the log is looked through for it: only when somebody asks.
  const check = useMutation({
    mutationFn: async () => {
      const newest = await answer(api.GET('/api/v1/audit', { params: { query: { run: id, order: 'newest', limit: 1 } } }));
      return { verification: await answer(api.GET('/api/v1/audit/verification')), newestAt: newest.items[0]?.at ?? null };
    },
  });
  return (
    <Card className="grid gap-2 p-4 text-sm" role="group" aria-label={t('proof')}>
      <h2 className="font-semibold">{t('proof')}</h2>
      <p className="text-soft">{t('proofHint')}</p>
      <p className="flex flex-wrap gap-x-3">
        <Link href={`/audit?run=${id}`} className="text-accent underline">
          {t('proofEntries')}
        </Link>
        <Link href="/audit?show=checkpoints" className="text-accent underline">
          {t('proofCheckpoint')}
        </Link>
      </p>
      {check.isError && <Problem error={check.error} />}
      <div role="status">{check.data !== undefined && <Outcome {...check.data} />}</div>
      <div>
        <Button size="small" isBusy={check.isPending} onClick={() => check.mutate()}>
          {t('proofCheck')}
        </Button>
      </div>
    </Card>
  );
}

function Outcome({ verification, newestAt }: { verification: Schemas['VerificationView']; newestAt: string | null }) {
  const t = useTranslations('runs');
  const formats = useFormats();
  const { whole: isWhole, entries, problems, checkpoint } = verification;
  if (!isWhole) {
    return (
      <div className="grid gap-1 text-bad">
        <p className="flex items-center gap-1.5 font-medium">
          <CircleX className="size-4 shrink-0" aria-hidden />
          {t('proofBroken')}
        </p>
        <ul className="grid gap-1">
          {problems.map((problem) => (
            <li key={problem}>
              <bdi>{problem}</bdi>
            </li>
          ))}
        </ul>
      </div>
    );
  }
  // A checkpoint is over all that was there when it was signed.
  const isCovered = checkpoint != null && newestAt !== null && Date.parse(newestAt) <= Date.parse(checkpoint.signed_at);
  return (
    <div className="grid gap-1">
      <p className="flex items-center gap-1.5 font-medium text-good">
        <CircleCheck className="size-4 shrink-0" aria-hidden />
        {t('proofWhole', { count: entries })}
      </p>
      <p>{isCovered ? t('proofCovered', { count: checkpoint.tree_size, at: formats.exact(checkpoint.signed_at) }) : t('proofLater')}</p>
      {isCovered && (
        <p dir="ltr" className="font-mono text-xs break-all text-soft">
          {checkpoint.root}
        </p>
      )}
    </div>
  );
}
