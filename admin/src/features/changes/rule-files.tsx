'use client';

import { TriangleAlert } from 'lucide-react';
import { useTranslations } from 'use-intl';
import { DiffText } from '@/components/diff-text';
import { Badge, type BadgeTone } from '@/components/ui/badge';
import { Card } from '@/components/ui/card';
import { Failed } from '@/components/ui/states';
import type { Schemas } from '@/lib/api/client';
import { fileChanges, statementsOnly, type FileChange } from '@/lib/rule-files';
import type { RuleFile } from '@/lib/rule-set';
import { hasUnseen, seen } from '@/lib/seen';
import type { SetBefore } from './use-set-before';

type Part = 'rules' | 'cases' | 'properties';
const PARTS: readonly Part[] = ['rules', 'cases', 'properties'];

interface RuleFilesProps {
  content: Schemas['PolicySet'];
  /** What it is put beside; nothing where that could not be read. */
  before: SetBefore | null;
  error: Error | null;
  onRetry: () => void;
}

/** The text of a proposed set: every file beside what is in force, and each whole behind it. Nobody approves what could not be read. */
export function RuleFiles({ content, before, error, onRetry }: RuleFilesProps) {
  const t = useTranslations('changes.text');
  return (
    <section aria-label={t('title')} className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <h2 className="text-base font-semibold">{t('title')}</h2>
      {error !== null && <Failed error={error} onRetry={onRetry} />}
      {before !== null && (
        <>
          <p className="text-sm text-soft">{before.kind === 'set' ? t('beside.set', { version: before.version ?? 0 }) : t(`beside.${before.kind}`)}</p>
          {PARTS.map((part) => (
            <Files key={part} part={part} files={content[part]} before={partBefore(before, part)} isPlain={before.kind === 'installed' && part === 'rules'} />
          ))}
        </>
      )}
    </section>
  );
}

/** The files of a part as they are now; nothing where they cannot be told. */
function partBefore(before: SetBefore, part: Part): readonly RuleFile[] | null {
  if (before.kind === 'set') return before.set[part];
  if (before.kind === 'unknown') return null;
  // Safety properties of the installation are not among those of a set: they count beside every set.
  return part === 'rules' ? before.rules : part === 'properties' ? [] : null;
}

interface FilesProps {
  part: Part;
  files: readonly RuleFile[];
  before: readonly RuleFile[] | null;
  /** Whether what is in force is told without what stands between the statements. */
  isPlain: boolean;
}

function Files({ part, files, before, isPlain }: FilesProps) {
  const t = useTranslations('changes.text');
  const after = isPlain ? files.map((file) => ({ name: file.name, text: statementsOnly(file.text) })) : files;
  const changes = before === null ? null : fileChanges(before, after);
  const isNone = changes === null ? files.length === 0 : changes.length === 0;
  const whole = (name: string) => files.find((file) => file.name === name)?.text ?? '';
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-2">
      <h3 className="text-sm font-semibold">{t(`part.${part}`)}</h3>
      {isNone && <p className="text-sm text-soft">{t('none')}</p>}
      {changes === null && !isNone && <p className="text-sm text-soft">{t('notCompared')}</p>}
      {changes === null
        ? files.map((file) => <File key={file.name} file={{ name: file.name, change: null, before: '', after: file.text }} whole={file.text} />)
        : changes.map((file) => <File key={file.name} file={file} whole={whole(file.name)} />)}
    </div>
  );
}

const TONES: Record<FileChange['change'], BadgeTone> = { new: 'accent', changed: 'wait', gone: 'bad', same: 'plain' };

/** One file: what of it differs, and the whole of it as it would be in force. */
function File({ file, whole }: { file: Omit<FileChange, 'change'> & { change: FileChange['change'] | null }; whole: string }) {
  const t = useTranslations('changes.text');
  const differs = file.change !== null && file.change !== 'same';
  return (
    <Card role="group" aria-label={seen(file.name)} className="grid grid-cols-[minmax(0,1fr)] gap-2 p-4">
      <div className="flex flex-wrap items-center gap-2">
        <h4 className="min-w-0 flex-1 font-mono text-sm font-semibold wrap-anywhere">
          <bdi dir="ltr">{seen(file.name)}</bdi>
        </h4>
        {file.change !== null && <Badge tone={TONES[file.change]}>{t(`change.${file.change}`)}</Badge>}
      </div>
      {hasUnseen(whole) && (
        <p className="flex items-start gap-2 rounded-lg bg-bad-wash px-3 py-2 text-sm text-bad">
          <TriangleAlert className="mt-0.5 size-4 shrink-0" aria-hidden />
          {t('unseen')}
        </p>
      )}
      {differs && <DiffText before={seen(file.before)} after={seen(file.after)} label={t('difference', { file: seen(file.name) })} />}
      {whole !== '' && (
        <details open={file.change === null}>
          <summary className="text-sm text-soft">{t('whole')}</summary>
          <pre tabIndex={0} dir="ltr" className="mt-2 overflow-x-auto rounded-lg bg-sunken p-3 font-mono text-xs whitespace-pre-wrap wrap-anywhere">
            {seen(whole)}
          </pre>
        </details>
      )}
    </Card>
  );
}
