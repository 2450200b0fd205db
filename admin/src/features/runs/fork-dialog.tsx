'use client';

import { useMutation, useQuery } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { Button } from '@/components/ui/button';
import { Select, TextArea } from '@/components/ui/field';
import { FormDialog } from '@/components/ui/form-dialog';
import { Problem } from '@/components/ui/states';
import { answer, api, idempotencyKey, type Schemas } from '@/lib/api/client';
import { may, useMe } from '@/lib/me';
import { allAgents, allModels, allPrompts } from '@/lib/whole-lists';

interface ForkDialogProps {
  detail: Schemas['RunDetail'];
  /** The message the run was about. */
  text: string;
  /** The first step that happens anew. */
  step: number;
  onClose: () => void;
}

/** Begins a run that goes on from a step of this one, with other words, another prompt or another model. */
export function ForkDialog({ detail, text: was, step, onClose }: ForkDialogProps) {
  const t = useTranslations('runs');
  const common = useTranslations('common');
  const me = useMe();
  const router = useRouter();
  const [text, setText] = useState(was);
  const [prompt, setPrompt] = useState('');
  const [model, setModel] = useState('');
  const [key, setKey] = useState(idempotencyKey);
  const mayTry = may(me, 'changes:decide');
  // Who may not try others is not shown which there are.
  const agents = useQuery({ ...allAgents, enabled: mayTry });
  const prompts = useQuery({ ...allPrompts, enabled: mayTry });
  const models = useQuery({ ...allModels, enabled: mayTry });
  const choices = [agents, prompts, models];
  const failed = choices.find((one) => one.isError)?.error ?? null;
  const isComing = mayTry && failed === null && choices.some((one) => one.isPending);
  const now = agents.data?.find((agent) => agent.name === detail.agent);
  const name = now?.prompt.split('@')[0];
  const versions = prompts.data?.filter((one) => one.name === name).map((one) => `${one.name}@${one.version}`) ?? [];
  const usual = (known: string | undefined) => (isComing ? common('loading') : known === undefined ? t('forkAsNow') : t('forkUsual', { name: known }));
  const fork = useMutation({
    mutationFn: () =>
      answer(
        api.POST('/api/v1/runs/{id}/fork', {
          params: { path: { id: detail.run_id }, header: { 'Idempotency-Key': key } },
          body: { step, ...(text !== was && { text }), ...(prompt !== '' && { prompt }), ...(model !== '' && { model }) },
        }),
      ),
    onSuccess: (made) => router.push(`/runs/${made.run_id}`),
  });
  return (
    <FormDialog
      title={t('forkTitle')}
      cancel={t('forkCancel')}
      submit={t('forkSubmit')}
      isBusy={fork.isPending}
      error={fork.error}
      onClose={onClose}
      onChange={() => {
        setKey(idempotencyKey());
        fork.reset();
      }}
      onSubmit={() => fork.mutate()}
    >
      <p className="text-sm text-soft">{t('forkHint', { count: step - 1 })}</p>
      <TextArea label={t('forkText')} rows={4} dir="auto" value={text} onChange={(event) => setText(event.target.value)} required data-first />
      <Select label={t('forkPrompt')} hint={mayTry ? undefined : t('mayNotTry')} disabled={!mayTry || isComing} aria-busy={isComing || undefined} value={prompt} onChange={(event) => setPrompt(event.target.value)}>
        <option value="">{usual(now?.prompt)}</option>
        {versions
          .filter((one) => one !== now?.prompt)
          .map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
      </Select>
      <Select label={t('forkModel')} hint={mayTry ? undefined : t('mayNotTry')} disabled={!mayTry || isComing} aria-busy={isComing || undefined} value={model} onChange={(event) => setModel(event.target.value)}>
        <option value="">{usual(now?.model)}</option>
        {models.data
          ?.filter((one) => one.name !== now?.model)
          .map((one) => (
            <option key={one.name} value={one.name}>
              {one.name}
            </option>
          ))}
      </Select>
      {failed !== null && (
        <div className="grid justify-items-start gap-2">
          <Problem error={failed} />
          <Button size="small" onClick={() => choices.filter((one) => one.isError).forEach((one) => void one.refetch())}>
            {common('retry')}
          </Button>
        </div>
      )}
    </FormDialog>
  );
}
