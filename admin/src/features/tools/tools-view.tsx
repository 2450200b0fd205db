'use client';

import { useQuery } from '@tanstack/react-query';
import { Wrench } from 'lucide-react';
import { useCallback } from 'react';
import { useTranslations } from 'use-intl';
import { EffectBadge } from '@/components/effect-badge';
import { SearchField } from '@/components/search-field';
import { Page } from '@/components/shell/page';
import { ToolName } from '@/components/tool-name';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card, Facts } from '@/components/ui/card';
import { CardList } from '@/components/ui/card-list';
import { Digest } from '@/components/ui/digest';
import { ON_DEMAND } from '@/components/ui/rest';
import { Empty } from '@/components/ui/empty';
import { Failed, Loading, NoMatch } from '@/components/ui/states';
import type { Schemas } from '@/lib/api/client';
import { useFormats } from '@/lib/format';
import { may, useMe } from '@/lib/me';
import { asked, keeps, KIB, MIB } from '@/lib/tool-set';
import { useAddress } from '@/lib/url';
import { tookOf, type Took } from '@/lib/usage';
import { useUsage } from '@/lib/use-usage';
import { allPlugins, allTools } from '@/lib/whole-lists';
import { type AllKept, Kept, KeptFailed, LeftBehind, useKept } from './kept';
import { ProposeTools } from './propose-tools';
import { TOOK_DAYS, useTookFact } from './took';
import { ToolDialog } from './tool-dialog';
import { useWaiting, Waiting } from './waiting';

type Tool = Schemas['ToolView'];
type Plugin = Schemas['PluginView'];

/** About how tall a plugin with its tools is, and the row of a tool. */
const [GROUP_PX, TOOL_PX] = [500, 61];

/** The name of an MCP server, of whose tools a group is; nothing of a plugin. */
function serverOf(group: string): string | null {
  return group.endsWith('@mcp') ? group.slice(0, -'@mcp'.length) : null;
}

/** Every tool that agents can be given, by the plugin that offers it, with what the sandbox lets the plugin do. */
export function ToolsView() {
  const t = useTranslations('tools');
  const me = useMe();
  const { get, set } = useAddress();
  const words = get('q').toLocaleLowerCase();
  const search = useCallback((q: string) => set({ q }), [set]);
  const tools = useQuery(allTools);
  const plugins = useQuery(allPlugins);
  const all = tools.data ?? [];
  const found = all.filter((tool) => `${tool.name} ${tool.description} ${tool.effect}`.toLocaleLowerCase().includes(words));
  const groups = [...new Set(found.map((tool) => tool.plugin))];
  const open = all.find((tool) => tool.name === get('open'));
  const error = tools.error ?? plugins.error;
  const mayCount = may(me, 'budgets:read');
  const { usage } = useUsage('tool', TOOK_DAYS, mayCount);
  const took = (some: readonly Tool[]) => (usage.data === undefined ? null : tookOf(some.map((tool) => tool.name), usage.data));
  const waiting = useWaiting();
  const keeping = useKept();
  const { kept } = keeping;
  const servers = new Set(all.map((tool) => serverOf(tool.plugin)));
  const proposed = get('propose');
  // All of it at once: what comes later would push down what is read already.
  const isWhole = tools.isSuccess && plugins.isSuccess && waiting.isAnswered && keeping.isAnswered && !(mayCount && usage.isPending);
  const left = kept?.items.filter((one) => plugins.data?.some((plugin) => plugin.name === one.plugin) !== true) ?? [];
  return (
    <Page title={t('title')} bar={<div className="sm:max-w-sm"><SearchField label={t('search')} value={get('q')} onChange={search} /></div>} scrolls>
      {!isWhole && error === null && <Loading lines={8} />}
      {error !== null && <Failed error={error} onRetry={() => void Promise.all([tools.refetch(), plugins.refetch()])} />}
      {isWhole && all.length === 0 && <Empty icon={<Wrench className="size-5" aria-hidden />} title={t('none')} hint={t('noneHint')} />}
      {isWhole && all.length > 0 && found.length === 0 && <NoMatch onClear={() => set({ q: '' })} />}
      {isWhole && (
        <div className="mx-auto grid w-full max-w-5xl gap-5 p-4 sm:p-6">
          <Waiting waiting={waiting} />
          <KeptFailed keeping={keeping} />
          {groups.length > 0 && (
            <div className="min-w-0">
              <CardList items={groups} keyOf={(group) => group} guessPx={GROUP_PX} query={ON_DEMAND}>
                {(group) => (
                  <Group
                    name={group}
                    plugin={plugins.data.find((plugin) => `${plugin.name}@${plugin.version}` === group) ?? null}
                    kept={kept}
                    tools={found.filter((tool) => tool.plugin === group)}
                    took={took(all.filter((tool) => tool.plugin === group))}
                    onOpen={(name) => set({ open: name })}
                    onPropose={(server) => set({ propose: server })}
                  />
                )}
              </CardList>
            </div>
          )}
          {words === '' && left.length > 0 && <LeftBehind kept={left} />}
          {kept?.is_cut === true && <p className="text-sm text-soft">{t('kept.cut')}</p>}
          {all.length > 0 && <p className="text-sm text-soft">{t('atTheMachine')}</p>}
        </div>
      )}
      {open !== undefined && (isWhole || error !== null) && <ToolDialog tool={open} took={took([open])} onClose={() => set({ open: '' })} />}
      {servers.has(proposed) && may(me, 'changes:propose') && <ProposeTools server={proposed} onClose={() => set({ propose: '' })} />}
    </Page>
  );
}

interface GroupProps {
  name: string;
  plugin: Plugin | null;
  /** What all plugins keep; nothing where it is not known. */
  kept: AllKept | null;
  tools: Tool[];
  /** What all of its tools took. */
  took: Took | null;
  onOpen: (name: string) => void;
  onPropose: (server: string) => void;
}

function Group({ name, plugin, kept, tools, took, onOpen, onPropose }: GroupProps) {
  const t = useTranslations('tools');
  const tookFact = useTookFact();
  const me = useMe();
  const server = serverOf(name);
  const own = kept?.items.filter((one) => one.plugin === plugin?.name) ?? null;
  return (
    <section aria-label={name}>
      <Card className="overflow-hidden">
        <div className="grid gap-3 p-4">
          <div className="flex flex-wrap items-center gap-2">
            <h2 className="font-semibold">{name}</h2>
            <Badge>{plugin === null ? t('elsewhere') : plugin.language}</Badge>
            {server !== null && (
              <Button size="small" className="ms-auto" forbidden={may(me, 'changes:propose') ? null : t('mayNotPropose')} onClick={() => onPropose(server)}>
                {t('look')}
              </Button>
            )}
          </div>
          {plugin === null && <p className="text-sm text-soft">{t('elsewhereHint')}</p>}
          {plugin === null ? <Facts facts={tookFact(took, false)} /> : <Sandbox plugin={plugin} more={tookFact(took, false)} />}
          {plugin !== null && own !== null && (plugin.kv != null || own.length > 0) && <Kept plugin={plugin.name} kept={own} />}
        </div>
        <div className="border-t border-line">
          <CardList items={tools} keyOf={(tool) => tool.name} guessPx={TOOL_PX} hasLines query={ON_DEMAND}>
            {(tool) => (
              <button type="button" aria-haspopup="dialog" onClick={() => onOpen(tool.name)} className="grid w-full gap-x-4 gap-y-1 px-4 py-2.5 text-start hover:bg-sunken lg:grid-cols-[14rem_1fr_auto] lg:items-center">
                <span className="flex items-center justify-between gap-2 font-medium">
                  <ToolName name={tool.name} />
                  <span className="lg:hidden">
                    <EffectBadge effect={tool.effect} />
                  </span>
                </span>
                <span className="line-clamp-2 text-sm text-soft" dir="auto">
                  {tool.description}
                </span>
                <span className="hidden lg:block">
                  <EffectBadge effect={tool.effect} />
                </span>
              </button>
            )}
          </CardList>
        </div>
      </Card>
    </section>
  );
}

/** What the plugin's code may reach and use: nothing else is there for it. */
function Sandbox({ plugin, more }: { plugin: Plugin; more: [string, React.ReactNode][] }) {
  const t = useTranslations('tools');
  const formats = useFormats();
  const { limits } = plugin;
  return (
    <Facts
      facts={[
        [
          t('reaches'),
          plugin.imports.length === 0 ? (
            t('nothing')
          ) : (
            <span key="imports" className="flex flex-wrap gap-1">
              {[...plugin.imports, ...plugin.egress.map(asked), ...(plugin.kv == null ? [] : [keeps(plugin.kv)])].map((name) => (
                <Badge key={name}>
                  <span dir="ltr">{name}</span>
                </Badge>
              ))}
            </span>
          ),
        ],
        [t('limits'), t('limitsOf', { memory: formats.binary(limits.memory_mb * MIB), fuel: formats.large(limits.fuel), time: formats.ms(limits.deadline_ms), output: formats.binary(limits.output_kb * KIB) })],
        [t('digest'), <Digest key="digest" digest={plugin.digest} />],
        ...more,
      ]}
    />
  );
}
