'use client';

import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'use-intl';
import { EffectBadge } from '@/components/effect-badge';
import { Ranges } from '@/components/grant/ranges';
import { PersonName } from '@/components/person-name';
import { ToolName } from '@/components/tool-name';
import { Card, Facts } from '@/components/ui/card';
import { Link } from '@/components/ui/link';
import { useWorkspaces } from '@/components/workspace-select';
import type { Schemas } from '@/lib/api/client';
import { useFormats } from '@/lib/format';
import { rangesOf } from '@/lib/grant-ranges';
import { allTools } from '@/lib/whole-lists';

/** What an agent asks for, and what it would have let through. */
export function OfGrant({ content, report }: { content: Schemas['WishContent']; report: Schemas['WishReport'] }) {
  const t = useTranslations('changes.grant');
  const formats = useFormats();
  const workspaces = useWorkspaces();
  const tools = useQuery(allTools);
  const tool = tools.data?.find((one) => one.name === content.tool);
  return (
    <Card className="grid grid-cols-[minmax(0,1fr)] gap-3 p-4">
      <p className="flex flex-wrap items-center gap-2 font-semibold">
        <ToolName name={content.tool} />
        <code className="font-mono text-xs font-normal text-soft">{content.tool}</code>
        <EffectBadge effect={tool?.effect} />
      </p>
      {tool !== undefined && (
        <p dir="auto" className="text-sm text-soft">
          {tool.description}
        </p>
      )}
      <h2 className="text-sm font-semibold">{t('ranges')}</h2>
      <Ranges ranges={rangesOf(content.ranges)} />
      <Facts
        facts={[
          [t('agent'), <bdi key="agent">{content.agent}</bdi>],
          [t('for'), <PersonName key="for" id={content.person_id} />],
          [t('workspace'), <bdi key="workspace">{workspaces.find((one) => one.workspace_id === content.workspace_id)?.name ?? content.workspace_id}</bdi>],
          [t('bounds'), t('boundsOf', { uses: content.uses_max, days: content.days })],
          [t('before'), t('beforeOf', { judged: report.judged, allowed: formats.number(report.newly_allowed) })],
        ]}
      />
      {report.decisions.length > 0 && (
        <ul className="grid gap-1">
          {report.decisions.map((decision) => (
            <li key={decision}>
              <Link href={`/actions?tool=${encodeURIComponent(content.tool)}&open=${decision}`} className="font-mono text-xs break-all text-accent underline">
                {decision}
              </Link>
            </li>
          ))}
        </ul>
      )}
      <p className="text-sm text-soft">{t('yours')}</p>
    </Card>
  );
}
