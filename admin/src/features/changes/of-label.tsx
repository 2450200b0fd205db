'use client';

import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'use-intl';
import { DiffLines, DiffText } from '@/components/diff-text';
import { Card, Facts } from '@/components/ui/card';
import { Digest } from '@/components/ui/digest';
import { Link } from '@/components/ui/link';
import { Loading } from '@/components/ui/states';
import { answer, api, type Schemas } from '@/lib/api/client';
import { seen } from '@/lib/seen';

/** The text of a version, which never changes. */
function useText(name: string, version: number | null) {
  return useQuery({
    queryKey: ['prompts', 'one', name, version === null ? null : String(version)],
    queryFn: () => answer(api.GET('/api/v1/prompts/{name}/{version}', { params: { path: { name, version: String(version ?? '') } } })),
    enabled: version !== null,
    staleTime: Infinity,
  });
}

/** Where a label of a prompt would point, and the whole text there beside the one it points to now. */
export function OfLabel({ content, report }: { content: Schemas['LabelContent']; report: Schemas['LabelReport'] }) {
  const t = useTranslations('changes.label');
  const words = useTranslations('prompts');
  const from = report.from_version ?? null;
  const [before, after] = [useText(content.name, from), useText(content.name, content.version)];
  const isPending = after.isPending || (from !== null && before.isPending);
  // A version that is not installed any more: what the checks found is shown then.
  const isGone = after.isError || before.isError || (after.data !== undefined && after.data.digest !== content.digest);
  return (
    <Card className="grid grid-cols-[minmax(0,1fr)] gap-3 p-4">
      <p>{from === null ? t('new', { label: content.label, to: content.version }) : t('moves', { label: content.label, from, to: content.version })}</p>
      <Facts
        facts={[
          [t('prompt'), <bdi key="prompt">{content.name}</bdi>],
          [t('digest'), <Digest key="digest" digest={content.digest} />],
        ]}
      />
      {isPending && <Loading lines={6} className="px-0" />}
      {isGone && !isPending && (
        <>
          <p className="rounded-lg bg-wait-wash px-3 py-2 text-sm text-wait">{t('notRead')}</p>
          {report.lines.length === 0 ? (
            <p className="text-sm text-soft">{words('noDifference')}</p>
          ) : (
            <DiffLines lines={report.lines.map(({ change, text }) => ({ kind: change === 'added' ? 'added' : 'removed', text: seen(text) }))} label={t('lines')} />
          )}
        </>
      )}
      {!isGone && after.data !== undefined && before.data !== undefined && <DiffText before={seen(before.data.text)} after={seen(after.data.text)} label={t('lines')} isWhole />}
      {!isGone && after.data !== undefined && from === null && (
        <pre tabIndex={0} dir="auto" aria-label={t('text')} role="group" className="overflow-auto rounded-lg bg-sunken p-3 font-mono text-xs whitespace-pre-wrap wrap-anywhere">
          {seen(after.data.text)}
        </pre>
      )}
      <div>
        <Link href={`/prompts?name=${encodeURIComponent(content.name)}&version=${content.version}`} className="text-sm text-accent underline underline-offset-2">
          {t('read', { number: content.version })}
        </Link>
      </div>
    </Card>
  );
}
