'use client';

import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'use-intl';
import { EffectBadge } from '@/components/effect-badge';
import { FailedCases, SafetyProperties } from '@/components/policy-checks';
import { Badge, type BadgeTone } from '@/components/ui/badge';
import { Card } from '@/components/ui/card';
import { Copy } from '@/components/ui/copy';
import { Select } from '@/components/ui/field';
import { Failed, Loading } from '@/components/ui/states';
import { answer, api, type Schemas } from '@/lib/api/client';
import { useFormats } from '@/lib/format';
import { matrixOf, type Matrix } from '@/lib/matrix';
import { useAddress } from '@/lib/url';

/** Whether what is in force keeps its cases and safety properties, and what it says in every situation. */
export function Checks() {
  const checks = useQuery({ queryKey: ['policies', 'checks'], queryFn: () => answer(api.GET('/api/v1/policies/checks')), staleTime: 60_000 });
  return (
    <>
      {checks.isPending && <Loading lines={10} className="px-0" />}
      {checks.isError && <Failed error={checks.error} onRetry={() => void checks.refetch()} />}
      {checks.data !== undefined && <Found checks={checks.data} />}
    </>
  );
}

function Found({ checks }: { checks: Schemas['ChecksView'] }) {
  const t = useTranslations('policies.checks');
  const failed = checks.failed_cases.length;
  return (
    <>
      <Card className="grid gap-2 p-4">
        <div className="flex flex-wrap items-center gap-2">
          <Badge tone={checks.sound ? 'good' : 'bad'}>{checks.sound ? t('sound') : t('unsound')}</Badge>
          <p className="min-w-0 flex-1 text-sm">
            {t('cases', { count: checks.cases })} {failed > 0 && t('failed', { count: failed })}
          </p>
        </div>
        <p className="flex flex-wrap items-center gap-1 text-sm text-soft">
          {t('digest')} <code className="font-mono text-xs break-all">{checks.digest}</code> <Copy text={checks.digest} />
        </p>
        {!checks.sound && <p className="rounded-lg bg-bad-wash px-3 py-2 text-sm text-bad">{t('unsoundHint')}</p>}
      </Card>
      {checks.problems.map((problem) => (
        <p key={problem} dir="auto" className="rounded-lg bg-bad-wash px-3 py-2 text-sm text-bad">
          {problem}
        </p>
      ))}
      <FailedCases cases={checks.failed_cases} />
      <SafetyProperties properties={checks.properties} />
      <Situations cells={checks.matrix} />
    </>
  );
}

/** What the rules say of each tool, one situation at a time. */
function Situations({ cells }: { cells: readonly Schemas['MatrixView'][] }) {
  const t = useTranslations('policies.checks');
  const { get, set } = useAddress();
  const matrices = matrixOf(cells);
  const shown = matrices[Number(get('at'))] ?? matrices[0];
  if (shown === undefined) return <p className="text-sm text-soft">{t('noTools')}</p>;
  return (
    <section aria-label={t('matrix')} className="grid grid-cols-[minmax(0,1fr)] gap-2">
      <h2 className="text-base font-semibold">{t('matrix')}</h2>
      <p className="text-sm text-soft">{t('matrixHint')}</p>
      <Select label={t('situation')} dir="ltr" value={String(matrices.indexOf(shown))} onChange={(event) => set({ at: event.target.value === '0' ? '' : event.target.value })}>
        {matrices.map((one, at) => (
          <option key={one.situation} value={at}>
            {one.situation}
          </option>
        ))}
      </Select>
      <Grid matrix={shown} />
    </section>
  );
}

const VERDICTS = ['allow', 'hold', 'block'] as const;
const TONES: Record<(typeof VERDICTS)[number], BadgeTone> = { allow: 'good', hold: 'wait', block: 'bad' };

function Grid({ matrix }: { matrix: Matrix }) {
  const t = useTranslations('policies.checks');
  return (
    <div role="region" aria-label={matrix.situation} tabIndex={0} className="overflow-x-auto rounded-xl border border-line">
      <table className="w-full text-sm">
        <thead>
          <tr className="border-b border-line text-soft">
            <th scope="col" className="px-3 py-2 text-start font-medium">
              {t('tool')}
            </th>
            {matrix.columns.map((column) => (
              <th key={column} scope="col" dir="auto" className="px-3 py-2 text-start font-medium whitespace-nowrap">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {matrix.rows.map((row) => (
            <tr key={row.tool}>
              <th scope="row" className="px-3 py-1.5 text-start align-top font-normal">
                <code dir="ltr" className="font-mono text-xs">
                  {row.tool}
                </code>
                <span className="block">
                  <EffectBadge effect={row.effect} />
                </span>
              </th>
              {row.cells.map((cell, at) => (
                <td key={matrix.columns[at]} className="px-3 py-1.5 align-top">
                  <Said cell={cell} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A verdict in a word, with whose word it waits for. */
function Said({ cell }: { cell: Matrix['rows'][number]['cells'][number] }) {
  const t = useTranslations('policies.checks.verdict');
  const formats = useFormats();
  if (cell === null) return <span className="text-soft">—</span>;
  const known = VERDICTS.find((one) => one === cell.verdict);
  return (
    <>
      <Badge tone={known === undefined ? 'plain' : TONES[known]}>{known === undefined ? cell.verdict : t(known)}</Badge>
      {cell.needs.length > 0 && <span className="block text-xs text-soft">{formats.list(cell.needs, 'disjunction')}</span>}
    </>
  );
}
