'use client';

import { useTranslations } from 'use-intl';
import { useArgumentRole } from '@/components/argument-role';
import { EffectBadge } from '@/components/effect-badge';
import { Badge, type BadgeTone } from '@/components/ui/badge';
import { buttonLooks } from '@/components/ui/button';
import { Facts } from '@/components/ui/card';
import { Dialog } from '@/components/ui/dialog';
import { Digest } from '@/components/ui/digest';
import { Link } from '@/components/ui/link';
import type { Schemas } from '@/lib/api/client';
import { useFormats } from '@/lib/format';
import { isRecord, pointerInWords, textOf } from '@/lib/json';
import { may, useMe } from '@/lib/me';
import type { Took } from '@/lib/usage';
import { useTookFact } from './took';

type Tool = Schemas['ToolView'];

/** Words from outside are the ones that rules look at most. */
const TONES: Record<string, BadgeTone> = { outside: 'wait', recipient: 'wait', payee: 'bad', amount: 'bad', value: 'accent' };

/** Where a manifest says that a part of a result comes from. */
const ORIGINS = ['system', 'directory', 'owner', 'fact', 'outside'] as const;

/** A tool whole: what it does to the world, what each argument is for, where each part of its result comes from. */
export function ToolDialog({ tool, took, onClose }: { tool: Tool; took: Took | null; onClose: () => void }) {
  const t = useTranslations('tools');
  const me = useMe();
  const formats = useFormats();
  const tookFact = useTookFact();
  const yes = (value: boolean) => (value ? t('yes') : t('no'));
  return (
    <Dialog title={tool.name} place="side" onClose={onClose}>
      <p dir="auto">{tool.description}</p>
      <Facts
        facts={[
          [t('effect'), <EffectBadge key="effect" effect={tool.effect} />],
          [t('reversible'), yes(tool.reversible)],
          [t('repeatable'), yes(tool.idempotent)],
          [t('within'), formats.ms(tool.timeout_ms)],
          [t('plugin'), <bdi key="plugin">{tool.plugin}</bdi>],
          [t('code'), <Digest key="code" digest={tool.plugin_digest} />],
          [t('schemas'), <Digest key="schemas" digest={tool.schema_digest} />],
          ...tookFact(took, true),
        ]}
      />
      <Arguments tool={tool} />
      <Labels tool={tool} />
      {tool.anchors.length > 0 && (
        <section className="grid gap-1">
          <h3 className="text-sm font-semibold">{t('anchors')}</h3>
          <p className="text-sm text-soft">{t('anchorsHint')}</p>
          <p className="flex flex-wrap gap-1">
            {tool.anchors.map((path) => (
              <Badge key={path}>{pointerInWords(path)}</Badge>
            ))}
          </p>
        </section>
      )}
      {tool.facts.length > 0 && (
        <section className="grid gap-1">
          <h3 className="text-sm font-semibold">{t('facts')}</h3>
          <p className="flex flex-wrap gap-1">
            {tool.facts.map((fact) => (
              <Badge key={fact}>{fact}</Badge>
            ))}
          </p>
        </section>
      )}
      <Schema title={t('argumentsSchema')} schema={tool.arguments} />
      <Schema title={t('resultSchema')} schema={tool.result} />
      {may(me, 'actions:read') && (
        <div>
          <Link href={`/actions?tool=${encodeURIComponent(tool.name)}`} className={buttonLooks('quiet', 'small')}>
            {t('calls')}
          </Link>
        </div>
      )}
    </Dialog>
  );
}

/** The arguments that the schema names, with what the manifest says each is for. */
function Arguments({ tool }: { tool: Tool }) {
  const t = useTranslations('tools');
  const roleName = useArgumentRole();
  const properties = isRecord(tool.arguments) && isRecord(tool.arguments['properties']) ? tool.arguments['properties'] : {};
  const required = isRecord(tool.arguments) && Array.isArray(tool.arguments['required']) ? tool.arguments['required'] : [];
  const names = [...new Set([...Object.keys(properties), ...Object.keys(tool.roles)])];
  return (
    <section className="grid gap-1">
      <h3 className="text-sm font-semibold">{t('arguments')}</h3>
      {names.length === 0 && <p className="text-sm text-soft">{t('noArguments')}</p>}
      <ul className="divide-y divide-line rounded-lg border border-line text-sm">
        {names.map((name) => {
          const role = tool.roles[name];
          const about = isRecord(properties[name]) ? textOf(properties[name]['description']) : null;
          return (
            <li key={name} className="grid gap-0.5 px-3 py-2">
              <span className="flex flex-wrap items-center gap-2">
                <code className="font-mono text-xs">{name}</code>
                {role !== undefined && <Badge tone={TONES[role] ?? 'plain'}>{roleName(role)}</Badge>}
                {required.includes(name) && <span className="text-xs text-soft">{t('required')}</span>}
              </span>
              {about !== null && (
                <span className="text-soft" dir="auto">
                  {about}
                </span>
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function Labels({ tool }: { tool: Tool }) {
  const t = useTranslations('tools');
  const labels = Object.entries(tool.result_labels);
  const named = (origin: string) => {
    const known = ORIGINS.find((one) => one === origin);
    return known === undefined ? origin : t(`from.${known}`);
  };
  return (
    <section className="grid gap-1">
      <h3 className="text-sm font-semibold">{t('result')}</h3>
      <p className="text-sm text-soft">{t('resultHint')}</p>
      {labels.length > 0 && (
        <ul className="divide-y divide-line rounded-lg border border-line text-sm">
          {labels.map(([path, origin]) => (
            <li key={path} className="flex items-center justify-between gap-2 px-3 py-1.5">
              <span className="min-w-0 break-words">{pointerInWords(path)}</span>
              <Badge tone={TONES[origin] ?? 'plain'}>{named(origin)}</Badge>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Schema({ title, schema }: { title: string; schema: unknown }) {
  return (
    <details>
      <summary className="text-sm text-soft">{title}</summary>
      <pre tabIndex={0} dir="ltr" className="mt-2 max-h-80 overflow-auto rounded-lg bg-sunken p-3 font-mono text-xs">
        {JSON.stringify(schema, null, 2)}
      </pre>
    </details>
  );
}
