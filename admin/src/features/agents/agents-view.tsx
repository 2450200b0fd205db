'use client';

import { useQuery } from '@tanstack/react-query';
import { Bot } from 'lucide-react';
import { useTranslations } from 'use-intl';
import { Page } from '@/components/shell/page';
import { Badge, type BadgeTone } from '@/components/ui/badge';
import { Button, buttonLooks } from '@/components/ui/button';
import { Card, Facts } from '@/components/ui/card';
import { CardList } from '@/components/ui/card-list';
import { Link } from '@/components/ui/link';
import { ON_DEMAND } from '@/components/ui/rest';
import { Empty } from '@/components/ui/empty';
import { Failed, Loading, Problem } from '@/components/ui/states';
import type { Schemas } from '@/lib/api/client';
import { useFormats } from '@/lib/format';
import { may, useMe } from '@/lib/me';
import { allAgents, allTools } from '@/lib/whole-lists';

type Agent = Schemas['AgentView'];
type ToolsQuery = ReturnType<typeof useTools>;

const MODES = ['open', 'traced', 'sealed'] as const;
const TONES: Record<(typeof MODES)[number], BadgeTone> = { open: 'wait', traced: 'good', sealed: 'good' };
const SECOND_MS = 1_000;
/** How tall the line of a tool is. */
const TOOL_PX = 29;

/** Whether one of an agent's patterns names a tool. */
function covers(pattern: string, tool: string): boolean {
  return pattern.endsWith('*') ? tool.startsWith(pattern.slice(0, -1)) : pattern === tool;
}

function useTools() {
  return useQuery(allTools);
}

/** The agents of this installation, as the configuration made them: what each may use, how closely it is watched, and its bounds. */
export function AgentsView() {
  const t = useTranslations('agents');
  const agents = useQuery(allAgents);
  const tools = useTools();
  return (
    <Page title={t('title')} scrolls>
      {(agents.isPending || (agents.isSuccess && !tools.isFetched)) && <Loading lines={6} />}
      {agents.isError && <Failed error={agents.error} onRetry={() => void agents.refetch()} />}
      {agents.isSuccess && agents.data.length === 0 && <Empty icon={<Bot className="size-5" aria-hidden />} title={t('none')} hint={t('noneHint')} />}
      <ul className="mx-auto grid w-full max-w-5xl gap-5 p-4 sm:p-6">
        {/* What comes later would push down what is read already. */}
        {tools.isFetched && agents.data?.map((agent) => (
          <li key={agent.name}>
            <One agent={agent} tools={tools} />
          </li>
        ))}
      </ul>
    </Page>
  );
}

function One({ agent, tools }: { agent: Agent; tools: ToolsQuery }) {
  const t = useTranslations('agents');
  const me = useMe();
  const formats = useFormats();
  const mode = MODES.find((one) => one === agent.mode);
  const [prompt, version] = agent.prompt.split('@');
  return (
    <Card className="grid gap-4 p-4 sm:p-5">
      <div className="flex flex-wrap items-center gap-2">
        <h2 className="min-w-0 flex-1 font-semibold">
          <bdi>{agent.name}</bdi>
        </h2>
        {may(me, 'conversations:use') && (
          <Link href="/chat" className={buttonLooks('quiet', 'small')}>
            {t('talk')}
          </Link>
        )}
      </div>
      <Facts
        facts={[
          [
            t('mode'),
            <span key="mode">
              <Badge tone={mode === undefined ? 'plain' : TONES[mode]}>{mode === undefined ? agent.mode : t(`modes.${mode}`)}</Badge>
              {mode !== undefined && <span className="block pt-1 text-soft">{t(`modeHint.${mode}`)}</span>}
            </span>,
          ],
          [t('model'), <bdi key="model">{agent.model}</bdi>],
          [
            t('prompt'),
            <Link key="prompt" href={`/prompts?name=${encodeURIComponent(prompt ?? '')}&version=${encodeURIComponent(version ?? '')}`} className="text-accent underline">
              <bdi>{agent.prompt}</bdi>
            </Link>,
          ],
          [
            t('limits'),
            t('limitsOf', {
              steps: formats.number(agent.limits.steps),
              time: formats.ms(agent.limits.seconds * SECOND_MS),
              tokens: formats.number(agent.limits.tokens),
              cost: formats.usd(agent.limits.cost_micros),
            }),
          ],
          [
            t('plugins'),
            t('pluginsOf', {
              requests: formats.number(agent.limits.plugins.requests),
              bytes: formats.binary(agent.limits.plugins.egress_bytes),
              questions: formats.number(agent.limits.plugins.questions),
              fuel: formats.large(agent.limits.plugins.fuel),
            }),
          ],
          [
            t('tools'),
            <span key="tools" className="flex flex-wrap gap-1">
              {agent.tools.map((pattern) => (
                <Badge key={pattern}>
                  <code dir="ltr" className="font-mono">
                    {pattern}
                  </code>
                </Badge>
              ))}
            </span>,
          ],
        ]}
      />
      <ToolsNow agent={agent} tools={tools} />
      <p className="text-xs text-soft">{t('rulesToo')}</p>
    </Card>
  );
}

/** The tools that fit an agent's patterns now. Where nobody could say which there are, none are counted. */
function ToolsNow({ agent, tools }: { agent: Agent; tools: ToolsQuery }) {
  const t = useTranslations('agents');
  const common = useTranslations('common');
  if (tools.data === undefined) {
    return (
      <div className="grid justify-items-start gap-2">
        <p className="text-sm text-soft">{t('toolsUnknown')}</p>
        {tools.error !== null && <Problem error={tools.error} />}
        <Button size="small" isBusy={tools.isFetching} onClick={() => void tools.refetch()}>
          {common('retry')}
        </Button>
      </div>
    );
  }
  const own = tools.data.filter((tool) => agent.tools.some((pattern) => covers(pattern, tool.name)));
  return (
    <details>
      <summary className="text-sm text-soft">{t('toolsNow', { count: own.length })}</summary>
      <div className="mt-2 text-sm">
        <CardList items={own} keyOf={(tool) => tool.name} guessPx={TOOL_PX} hasLines query={ON_DEMAND}>
          {(tool) => (
            <Link href={`/tools?open=${encodeURIComponent(tool.name)}`} className="block py-1 text-accent underline wrap-anywhere">
              <bdi>{tool.name}</bdi>
            </Link>
          )}
        </CardList>
      </div>
    </details>
  );
}
