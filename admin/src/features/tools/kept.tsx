'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Dialog } from '@/components/ui/dialog';
import { PartFailed, Problem } from '@/components/ui/states';
import { useToast } from '@/components/ui/toast';
import { answer, api, type Schemas } from '@/lib/api/client';
import { useFormats } from '@/lib/format';
import { may, useMe } from '@/lib/me';

type KeptIn = Schemas['KeptView'];
export type AllKept = Schemas['KeptsView'];

/** What is known of how much plugins keep. */
interface Keeping {
  /** Nothing where it was not read yet, or could not be. */
  kept: AllKept | null;
  /** Whether there was an answer, of whatever kind. */
  isAnswered: boolean;
  error: unknown;
  isBusy: boolean;
  again: () => void;
}

/** How much plugins keep. Where it cannot be read, the page stands without it and says so. */
export function useKept(): Keeping {
  const query = useQuery({ queryKey: ['kept'], queryFn: () => answer(api.GET('/api/v1/plugins/kept')) });
  return { kept: query.data ?? null, isAnswered: query.isFetched, error: query.error, isBusy: query.isFetching, again: () => void query.refetch() };
}

/** That it could not be read, until it is; nothing otherwise. */
export function KeptFailed({ keeping: { kept, isAnswered, error, isBusy, again } }: { keeping: Keeping }) {
  const t = useTranslations('tools.kept');
  if (error === null && (kept !== null || !isAnswered)) return null;
  return <PartFailed what={t('failed')} error={error} isBusy={isBusy} onRetry={again} className="rounded-lg" />;
}

/** What one plugin keeps between its calls, place by place, and taking it away. */
export function Kept({ plugin, kept }: { plugin: string; kept: readonly KeptIn[] }) {
  const t = useTranslations('tools.kept');
  const formats = useFormats();
  const me = useMe();
  const [sure, setSure] = useState<KeptIn | null>(null);
  return (
    <section aria-label={t('titleOf', { plugin })} className="grid gap-1 text-sm">
      <h3 className="font-semibold">{t('title')}</h3>
      {kept.length === 0 && <p className="text-soft">{t('nothing')}</p>}
      <ul className="divide-y divide-line">
        {kept.map((one) => (
          <li key={one.workspace_id} className="flex flex-wrap items-center gap-x-4 gap-y-1 py-1.5">
            <span className="min-w-0 flex-1 wrap-anywhere">
              <bdi>{one.workspace}</bdi>: {t('amount', { count: one.entries, size: formats.binary(one.bytes) })}
            </span>
            <Button size="small" aria-label={t('forgetOf', { plugin, workspace: one.workspace })} forbidden={may(me, 'changes:decide') ? null : t('mayNot')} onClick={() => setSure(one)}>
              {t('forget')}
            </Button>
          </li>
        ))}
      </ul>
      {sure !== null && <Sure kept={sure} onClose={() => setSure(null)} />}
    </section>
  );
}

/** What plugins keep that are no longer here: it stays until somebody takes it away. */
export function LeftBehind({ kept }: { kept: readonly KeptIn[] }) {
  const t = useTranslations('tools.kept');
  const plugins = [...new Set(kept.map((one) => one.plugin))];
  return (
    <section aria-label={t('left')}>
      <Card className="grid gap-3 p-4">
        <div>
          <h2 className="font-semibold">{t('left')}</h2>
          <p className="text-sm text-soft">{t('leftHint')}</p>
        </div>
        {plugins.map((plugin) => (
          <div key={plugin} className="grid gap-1">
            <bdi className="text-sm font-medium">{plugin}</bdi>
            <Kept plugin={plugin} kept={kept.filter((one) => one.plugin === plugin)} />
          </div>
        ))}
      </Card>
    </section>
  );
}

function Sure({ kept: { plugin, workspace, workspace_id: id, entries, bytes }, onClose }: { kept: KeptIn; onClose: () => void }) {
  const t = useTranslations('tools.kept');
  const formats = useFormats();
  const client = useQueryClient();
  const toast = useToast();
  const forget = useMutation({
    mutationFn: () => answer(api.DELETE('/api/v1/workspaces/{id}/kept/{plugin}', { params: { path: { id, plugin } } })),
    onSuccess: async ({ entries: count }) => {
      onClose();
      toast(t('done', { count, plugin, workspace }));
      await client.invalidateQueries({ queryKey: ['kept'] });
    },
  });
  return (
    <Dialog title={t('sureTitle', { plugin, workspace })} onClose={onClose}>
      <p className="text-sm">{t('sure', { plugin, workspace, amount: t('amount', { count: entries, size: formats.binary(bytes) }) })}</p>
      {forget.isError && <Problem error={forget.error} />}
      <div className="grid grid-cols-2 gap-2 sm:flex sm:justify-end">
        <Button data-first onClick={onClose}>
          {t('cancel')}
        </Button>
        <Button tone="danger" isBusy={forget.isPending} onClick={() => forget.mutate()}>
          {t('submit')}
        </Button>
      </div>
    </Dialog>
  );
}
