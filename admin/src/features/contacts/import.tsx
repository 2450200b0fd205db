'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { useTranslations } from 'use-intl';
import { Badge, type BadgeTone } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Facts } from '@/components/ui/card';
import { Dialog } from '@/components/ui/dialog';
import { Problem } from '@/components/ui/states';
import { useToast } from '@/components/ui/toast';
import { usePlace, WorkspaceSelect } from '@/components/workspace-select';
import { answer, api, idempotencyKey, type Schemas } from '@/lib/api/client';
import { useFormats } from '@/lib/format';

type Report = Schemas['ImportView'];

const TONES: Record<string, BadgeTone> = { created: 'good', merged: 'accent', unchanged: 'plain' };
const OUTCOMES = ['created', 'merged', 'unchanged'] as const;
/** Refused rows named on the screen; the count is of all. */
const REFUSED_SHOWN = 20;

function send(file: File, workspace: string | undefined, isPreview: boolean, key: string): Promise<Report> {
  return answer(
    api.POST('/api/v1/contacts/import', {
      params: { query: { preview: isPreview, file_name: file.name, workspace_id: workspace }, header: { 'Idempotency-Key': key } },
      headers: { 'content-type': 'application/octet-stream' },
      body: file,
      bodySerializer: (body: unknown) => (body instanceof Blob ? body : null),
    }),
  );
}

/** A file of contacts: first what it would do, then doing it. */
export function ImportDialog({ onClose }: { onClose: () => void }) {
  const t = useTranslations('contacts');
  const toast = useToast();
  const client = useQueryClient();
  const field = useId();
  const [file, setFile] = useState<File | null>(null);
  const [key, setKey] = useState(idempotencyKey);
  const { id: where, value: workspace, onChange: setWorkspace } = usePlace();
  const preview = useMutation({ mutationFn: ({ chosen, place }: { chosen: File; place: string | undefined }) => send(chosen, place, true, idempotencyKey()) });
  const run = useMutation({
    mutationFn: (chosen: File) => send(chosen, where, false, key),
    onSuccess: async (report) => {
      await client.invalidateQueries({ queryKey: ['contacts'] });
      toast(t('imported', { count: report.created }));
      onClose();
    },
  });
  return (
    <Dialog title={t('importTitle')} onClose={onClose}>
      <div className="grid gap-1">
        <label htmlFor={field} className="text-sm font-medium">
          {t('file')}
        </label>
        <input
          id={field}
          type="file"
          accept=".csv,.vcf,text/csv,text/vcard"
          className="rounded-lg border border-edge bg-surface p-2 text-sm"
          onChange={(event) => {
            const chosen = event.target.files?.[0] ?? null;
            setFile(chosen);
            setKey(idempotencyKey());
            run.reset();
            if (chosen !== null) preview.mutate({ chosen, place: where });
          }}
        />
        <p className="text-sm text-soft">{t('fileHint')}</p>
      </div>
      <WorkspaceSelect
        value={workspace}
        onChange={(place) => {
          setWorkspace(place);
          setKey(idempotencyKey());
          run.reset();
          // Who is there already is another matter in another workspace.
          if (file !== null) preview.mutate({ chosen: file, place });
        }}
      />
      {preview.isPending && <p className="text-sm text-soft">{t('reading')}</p>}
      {preview.isError && <Problem error={preview.error} />}
      {preview.data !== undefined && <Preview report={preview.data} />}
      {run.isError && <Problem error={run.error} />}
      <div className="grid grid-cols-2 gap-2 sm:flex sm:justify-end">
        <Button onClick={onClose}>{t('cancel')}</Button>
        <Button
          tone="primary"
          isBusy={run.isPending}
          disabled={file === null || preview.data === undefined}
          onClick={() => {
            if (file !== null) run.mutate(file);
          }}
        >
          {t('importNow')}
        </Button>
      </div>
    </Dialog>
  );
}

function Preview({ report }: { report: Report }) {
  const t = useTranslations('contacts');
  const formats = useFormats();
  return (
    <div className="grid gap-3">
      <Facts
        facts={[
          [t('format'), `${report.format}, ${report.encoding}`],
          [t('rows'), formats.number(report.rows)],
          [t('outcome.created'), formats.number(report.created)],
          [t('outcome.merged'), formats.number(report.merged)],
          [t('outcome.unchanged'), formats.number(report.unchanged)],
          [t('refused'), formats.number(report.refused_count)],
        ]}
      />
      <ul className="divide-y divide-line rounded-lg border border-line text-sm">
        {report.sample.map((row) => {
          const outcome = OUTCOMES.find((one) => one === row.outcome);
          return (
            <li key={row.row} className="flex items-center gap-2 px-3 py-1.5">
              <span className="min-w-0 flex-1 truncate">
                <bdi>{row.display_name}</bdi> <span className="text-soft">{row.email}</span>
              </span>
              <Badge tone={TONES[row.outcome]}>{outcome === undefined ? row.outcome : t(`outcome.${outcome}`)}</Badge>
            </li>
          );
        })}
      </ul>
      {report.refused.length > 0 && (
        <ul className="grid gap-1 rounded-lg bg-bad-wash px-3 py-2 text-sm text-bad">
          {report.refused.slice(0, REFUSED_SHOWN).map((row) => (
            <li key={row.row}>{t('refusedRow', { line: row.line, why: row.why })}</li>
          ))}
        </ul>
      )}
    </div>
  );
}
