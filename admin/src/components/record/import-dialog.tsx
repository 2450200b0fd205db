'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { Badge, type BadgeTone } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Facts } from '@/components/ui/card';
import { Dialog } from '@/components/ui/dialog';
import { FileField } from '@/components/ui/file-field';
import { Problem } from '@/components/ui/states';
import { useToast } from '@/components/ui/toast';
import { usePlace, WorkspaceSelect } from '@/components/workspace-select';
import { idempotencyKey, type Schemas } from '@/lib/api/client';
import { cx } from '@/lib/cx';
import { useFormats } from '@/lib/format';

type Report = Schemas['ImportView'];

const TONES: Record<string, BadgeTone> = { created: 'good', merged: 'accent', unchanged: 'plain' };
const OUTCOMES = ['created', 'merged', 'unchanged'] as const;
/** Refused rows, and remarks, that are named on the screen; the counts are of all. */
const LINES_SHOWN = 20;

interface ImportDialogProps {
  title: string;
  /** Which files are taken, in words and in those of the browser's chooser. */
  hint: string;
  accept: string;
  send: (file: File, workspace: string | undefined, isPreview: boolean, key: string) => Promise<Report>;
  /** What is said once it is done. */
  done: (report: Report) => string;
  onClose: () => void;
}

/** A file of contacts or companies: first what it would do, then doing it. */
export function ImportDialog({ title, hint, accept, send, done, onClose }: ImportDialogProps) {
  const t = useTranslations('import');
  const toast = useToast();
  const client = useQueryClient();
  const [file, setFile] = useState<File | null>(null);
  const [key, setKey] = useState(idempotencyKey);
  const { id: where, value: workspace, onChange: setWorkspace } = usePlace();
  const preview = useMutation({ mutationFn: ({ chosen, place }: { chosen: File; place: string | undefined }) => send(chosen, place, true, idempotencyKey()) });
  const run = useMutation({
    mutationFn: (chosen: File) => send(chosen, where, false, key),
    onSuccess: async (report) => {
      // Contacts come with their companies.
      for (const list of ['contacts', 'companies']) await client.invalidateQueries({ queryKey: [list] });
      toast(done(report));
      onClose();
    },
  });
  const isTaken = file !== null && preview.data !== undefined && preview.data.refused_count < preview.data.rows;
  const missing = preview.isPending ? t('reading') : file === null || preview.data === undefined ? t('chooseFirst') : t('noneTaken');
  return (
    <Dialog title={title} onClose={onClose}>
      <FileField
        label={t('file')}
        hint={hint}
        accept={accept}
        onFiles={([chosen]) => {
          setFile(chosen ?? null);
          setKey(idempotencyKey());
          run.reset();
          if (chosen !== undefined) preview.mutate({ chosen, place: where });
        }}
      />
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
          forbidden={isTaken ? null : missing}
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
  const t = useTranslations('import');
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
      {report.sample.length === 0 && <p className="text-sm">{t('noneTaken')}</p>}
      {report.sample.length > 0 && report.created + report.merged === 0 && <p className="text-sm">{t('nothingNew')}</p>}
      {report.sample.length > 0 && <Sample rows={report.sample} />}
      {report.columns_left_out.length > 0 && (
        <p className="text-sm text-soft">
          <bdi>{t('columnsLeftOut', { names: report.columns_left_out.join(', ') })}</bdi>
        </p>
      )}
      <Lines tone="bg-bad-wash text-bad" label={t('refused')} lines={report.refused.map((row) => ({ line: row.line, text: row.why }))} />
      <Lines tone="bg-wait-wash text-wait" label={t('remarks')} lines={report.warnings.map((row) => ({ line: row.line, text: row.what }))} />
    </div>
  );
}

function Sample({ rows }: { rows: Report['sample'] }) {
  const t = useTranslations('import');
  return (
    <ul className="divide-y divide-line rounded-lg border border-line text-sm">
      {rows.map((row) => {
        const outcome = OUTCOMES.find((one) => one === row.outcome);
        return (
          <li key={row.row} className="flex items-center gap-2 px-3 py-1.5">
            <span className="min-w-0 flex-1 truncate">
              <bdi>{row.display_name}</bdi> <bdi className="text-soft">{row.email ?? row.website}</bdi>
            </span>
            <Badge tone={TONES[row.outcome]}>{outcome === undefined ? row.outcome : t(`outcome.${outcome}`)}</Badge>
          </li>
        );
      })}
    </ul>
  );
}

/** What is said of single lines of the file, the first of them. */
function Lines({ tone, label, lines }: { tone: string; label: string; lines: readonly { line: number; text: string }[] }) {
  const t = useTranslations('import');
  if (lines.length === 0) return null;
  return (
    <ul aria-label={label} className={cx('grid gap-1 rounded-lg px-3 py-2 text-sm break-words', tone)}>
      {lines.slice(0, LINES_SHOWN).map((one, at) => (
        <li key={at}>{t('refusedRow', { line: one.line, why: one.text })}</li>
      ))}
    </ul>
  );
}
