'use client';

import { useTranslations } from 'use-intl';
import { ToolName } from '@/components/tool-name';
import { Badge } from '@/components/ui/badge';
import { Card, Facts } from '@/components/ui/card';
import { Link } from '@/components/ui/link';
import { Verdict } from '@/components/verdict';
import type { Schemas } from '@/lib/api/client';
import { useFormats } from '@/lib/format';
import { seen } from '@/lib/seen';

type Result = Schemas['BacktestView'];

const CELLS_SHOWN = 100;

/** What other rules would change: of the decisions on record, and of the matrix of situations. */
export function Tried({ result }: { result: Result }) {
  const t = useTranslations('policies.try');
  const formats = useFormats();
  const { decisions } = result;
  const names = (ids: string[]) => (ids.length === 0 ? t('noRules') : ids.join(', '));
  return (
    <section aria-label={t('result')} className="grid gap-4">
      <h2 className="text-base font-semibold">{t('result')}</h2>
      <ul className="grid grid-cols-3 gap-2">
        <Count label={t('newlyAllowed')} count={decisions.newly_allowed} isLoud={decisions.newly_allowed > 0} />
        <Count label={t('newlyHeld')} count={decisions.newly_held} />
        <Count label={t('newlyBlocked')} count={decisions.newly_blocked} />
      </ul>
      {result.cells.some((cell) => cell.looser) && <p className="rounded-lg bg-wait-wash px-3 py-2 text-sm font-medium text-wait">{t('looser')}</p>}
      {result.left_out !== undefined && result.left_out.length > 0 && (
        <p className="rounded-lg bg-wait-wash px-3 py-2 text-sm font-medium text-wait">{t('leftOut', { rules: names(result.left_out) })}</p>
      )}
      {result.unfinished === true && <p className="rounded-lg bg-bad-wash px-3 py-2 text-sm font-medium text-bad">{t('unfinished')}</p>}
      {result.warnings.map((warning) => (
        <p key={warning} dir="auto" className="rounded-lg bg-wait-wash px-3 py-2 text-sm text-wait">
          {warning}
        </p>
      ))}
      <Facts
        facts={[
          [t('judged'), formats.number(decisions.judged)],
          [t('notJudged'), formats.number(decisions.not_judged + decisions.left_out)],
          [t('otherwise'), formats.number(decisions.otherwise_decided)],
          [t('added'), names(result.added)],
          [t('changed'), names(result.changed)],
          [t('removed'), names(result.removed)],
          [t('dead'), names(decisions.dead)],
        ]}
      />
      {decisions.differences.length > 0 && (
        <Card>
          <h3 className="border-b border-line px-4 py-2 text-sm font-semibold">{t('differences')}</h3>
          <ul className="divide-y divide-line">
            {decisions.differences.map((one) => (
              <li key={one.id} className="grid gap-1 px-4 py-2 text-sm">
                <span className="flex flex-wrap items-center gap-2">
                  <Link href={`/actions?tool=${encodeURIComponent(one.tool)}&open=${one.id}`} className="min-w-0 flex-1 font-medium underline">
                    <ToolName name={one.tool} />
                  </Link>
                  <span className="flex items-center gap-1.5">
                    <Verdict verdict={one.was} />
                    <span aria-hidden className="rtl:rotate-180">→</span>
                    <span className="sr-only">{t('becomes')}</span>
                    <Verdict verdict={one.now} />
                  </span>
                </span>
                <bdi className="text-soft">{seen(one.reason)}</bdi>
              </li>
            ))}
          </ul>
        </Card>
      )}
      {result.cells.length > 0 && (
        <details>
          <summary className="text-sm font-medium">{t('cells', { count: result.cells.length })}</summary>
          <ul className="mt-2 divide-y divide-line rounded-lg border border-line text-sm" dir="ltr">
            {result.cells.slice(0, CELLS_SHOWN).map((cell) => (
              <li key={`${cell.situation} ${cell.column} ${cell.tool}`} className="grid gap-0.5 px-3 py-1.5">
                <span className="flex flex-wrap items-center gap-2">
                  <code className="font-mono text-xs">{cell.tool}</code>
                  <span className="text-soft">
                    {cell.situation} · {cell.column}
                  </span>
                  {cell.looser && <Badge tone="wait">{t('looserCell')}</Badge>}
                </span>
                <span>
                  {cell.was ?? '—'} → {cell.now ?? '—'}
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

function Count({ label, count, isLoud = false }: { label: string; count: number; isLoud?: boolean }) {
  const formats = useFormats();
  return (
    <li className={`grid gap-0.5 rounded-xl border p-3 ${isLoud ? 'border-wait bg-wait-wash text-wait' : 'border-line bg-surface'}`}>
      <span className="text-2xl font-semibold">{formats.number(count)}</span>
      <span className="text-xs">{label}</span>
    </li>
  );
}
