'use client';

import { TriangleAlert } from 'lucide-react';
import { useTranslations } from 'use-intl';
import { DiffText } from '@/components/diff-text';
import { EffectBadge } from '@/components/effect-badge';
import { Badge, type BadgeTone } from '@/components/ui/badge';
import { Card, Facts } from '@/components/ui/card';
import type { Schemas } from '@/lib/api/client';
import { useFormats } from '@/lib/format';
import { hasUnseen, seen } from '@/lib/seen';
import { byGravity, KIB, limitsOf, MIB, PARTS, partText, rawPart, reachOf, signerChanged, type Limit, type LimitChange } from '@/lib/tool-set';

type Report = Schemas['ToolSetReport'];
type Tool = Schemas['ToolChange'];

/** What would be accepted of a server or plugin, beside what is: first what decides, and nothing of it shortened. */
export function OfTools({ report }: { report: Report }) {
  const t = useTranslations('changes.tools');
  const tools = byGravity(report.tools);
  return (
    <>
      {report.plugin_after == null ? (
        <Card className="grid gap-2 p-4">
          <Facts facts={[[t('place'), <Exact key="place" text={report.place} />]]} />
          <p className="text-sm text-soft">{t('placeHint')}</p>
        </Card>
      ) : (
        <Plugin report={report} after={report.plugin_after} />
      )}
      <h2 className="text-base font-semibold">{tools.length === 0 ? t('none') : t('count', { count: tools.length })}</h2>
      {tools.map((tool) => (
        <One key={tool.name} tool={tool} isPlugin={report.plugin_after != null} />
      ))}
    </>
  );
}

/** A name from outside, whole, with a mark for what would not be seen. */
function Exact({ text }: { text: string }) {
  return (
    <code dir="ltr" className="font-mono text-xs wrap-anywhere">
      {seen(text)}
    </code>
  );
}

/** What a plugin's code would reach, may use and who answers for it. */
function Plugin({ report, after }: { report: Report; after: Schemas['InstalledPlugin'] }) {
  const t = useTranslations('changes.tools');
  const before = report.plugin_before ?? null;
  const reach = reachOf(report);
  const signer = (plugin: Schemas['InstalledPlugin']) => (plugin.signed_by == null ? t('nobody') : plugin.signed_by);
  return (
    <Card className="grid gap-3 p-4">
      <h2 className="font-semibold">{before === null ? t('newPlugin') : t('upgrade')}</h2>
      <Facts
        facts={[
          [
            t('reaches'),
            <span key="reaches" className="grid gap-1">
              {reach.added.map((name) => (
                <Mark key={name} tone="bad" word={t('added')} text={name} />
              ))}
              {reach.removed.map((name) => (
                <Mark key={name} tone="good" word={t('removed')} text={name} />
              ))}
              {reach.kept.map((name) => (
                <Mark key={name} tone="plain" word={t('asBefore')} text={name} />
              ))}
              {reach.added.length + reach.kept.length === 0 && <span>{t('nothing')}</span>}
            </span>,
          ],
          [
            t('signedBy'),
            <span key="signed" className="grid gap-1">
              {before !== null && signerChanged(before, after) ? (
                <>
                  <Mark tone="bad" word={t('now')} text={signer(after)} />
                  <Mark tone="plain" word={t('was')} text={signer(before)} />
                </>
              ) : (
                <Mark tone={after.signed_by == null ? 'wait' : 'plain'} word={before === null ? t('new') : t('asBefore')} text={signer(after)} />
              )}
            </span>,
          ],
          [t('eachCall'), <Limits key="limits" limits={limitsOf(report)} />],
          [t('version'), <Was key="version" before={before?.version} after={after.version} />],
          [t('language'), <Was key="language" before={before?.language} after={after.language} />],
          [t('code'), <Was key="code" before={before?.digest} after={after.digest} />],
        ]}
      />
    </Card>
  );
}

function Mark({ tone, word, text }: { tone: BadgeTone; word: string; text: string }) {
  return (
    <span className="flex items-baseline gap-2">
      <Badge tone={tone}>{word}</Badge>
      <Exact text={text} />
    </span>
  );
}

/** A value, and the one that it takes the place of. */
function Was({ before, after }: { before: string | undefined; after: string }) {
  const t = useTranslations('changes.tools');
  if (before === undefined || before === after) return <Exact text={after} />;
  return (
    <span className="grid gap-1">
      <Mark tone="accent" word={t('now')} text={after} />
      <Mark tone="plain" word={t('was')} text={before} />
    </span>
  );
}

const LIMIT_TONES: Record<LimitChange['change'], BadgeTone> = { more: 'bad', less: 'good', same: 'plain', new: 'plain' };

function Limits({ limits }: { limits: LimitChange[] }) {
  const t = useTranslations('changes.tools');
  const formats = useFormats();
  const written: Record<Limit, (value: number) => string> = { memory_mb: (value) => formats.binary(value * MIB), fuel: formats.number, deadline_ms: formats.ms, output_kb: (value) => formats.binary(value * KIB) };
  const said = (limit: Limit, value: number) => t(`limit.${limit}`, { value: written[limit](value) });
  return (
    <span className="grid gap-1">
      {limits.map(({ limit, before, after, change }) => (
        <span key={limit} className="flex items-baseline gap-2">
          {change !== 'new' && <Badge tone={LIMIT_TONES[change]}>{t(change === 'same' ? 'asBefore' : change)}</Badge>}
          <span>{before === null || change === 'same' ? said(limit, after) : t('becomes', { before: said(limit, before), after: said(limit, after) })}</span>
        </span>
      ))}
    </span>
  );
}

const CHANGES = ['new', 'changed', 'gone'] as const;
const CHANGE_TONES: Record<(typeof CHANGES)[number], BadgeTone> = { new: 'accent', changed: 'wait', gone: 'plain' };

function One({ tool, isPlugin }: { tool: Tool; isPlugin: boolean }) {
  const t = useTranslations('changes.tools');
  const change = CHANGES.find((one) => one === tool.change);
  // An effect that the configuration does not name counts as the gravest: the reader is told why.
  const isUnnamed = !isPlugin && tool.effect === 'admin' && tool.change !== 'gone';
  const isHiding = PARTS.some((part) => [tool.before, tool.after].some((definition) => hasUnseen(rawPart(definition, part))));
  return (
    <Card className="grid grid-cols-[minmax(0,1fr)] gap-3 p-4" role="group" aria-label={seen(tool.name)}>
      <div className="flex flex-wrap items-center gap-2">
        <h3 className="min-w-0 flex-1 font-mono text-sm font-semibold wrap-anywhere">
          <bdi dir="ltr">{seen(tool.name)}</bdi>
        </h3>
        <EffectBadge effect={tool.effect} />
        <Badge tone={tool.reversible ? 'plain' : 'wait'}>{tool.reversible ? t('reversible') : t('irreversible')}</Badge>
        <Badge tone={change === undefined ? 'plain' : CHANGE_TONES[change]}>{change === undefined ? tool.change : t(change)}</Badge>
      </div>
      {isUnnamed && <p className="text-sm text-soft">{t('unnamed')}</p>}
      {isHiding && (
        <p className="flex items-start gap-2 rounded-lg bg-bad-wash px-3 py-2 text-sm text-bad">
          <TriangleAlert className="mt-0.5 size-4 shrink-0" aria-hidden />
          {t('unseen')}
        </p>
      )}
      {tool.change === 'gone' && <p className="text-sm text-soft">{t('goneHint')}</p>}
      {PARTS.map((part) => (
        <Part key={part} tool={tool} part={part} isPlugin={isPlugin} />
      ))}
    </Card>
  );
}

/** A part of a definition: how it differs, or the whole of it where there is nothing to compare it with. */
function Part({ tool, part, isPlugin }: { tool: Tool; part: (typeof PARTS)[number]; isPlugin: boolean }) {
  const t = useTranslations('changes.tools');
  const [before, after] = [partText(tool.before, part), partText(tool.after, part)];
  if (before === '' && after === '') return null;
  // A server's hints decide nothing; in their place a plugin has its manifest's words on the tool, which do.
  const label = t(`part.${part === 'hints' && isPlugin ? 'manifest' : part}`, { tool: seen(tool.name) });
  if (tool.before != null && tool.after != null && before !== after) return <DiffText before={before} after={after} label={label} isWhole />;
  return (
    <details open={tool.change === 'new'}>
      <summary className="text-sm text-soft">{tool.change === 'changed' ? t('same', { part: label }) : label}</summary>
      <pre tabIndex={0} dir="auto" className="mt-2 overflow-x-auto rounded-lg bg-sunken p-3 font-mono text-xs whitespace-pre-wrap wrap-anywhere">
        {after === '' ? before : after}
      </pre>
    </details>
  );
}
