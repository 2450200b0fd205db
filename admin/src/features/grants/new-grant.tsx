'use client';

import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { GrantForm } from '@/components/grant/grant-form';
import { useWorkspaces, WorkspaceSelect } from '@/components/workspace-select';
import { Dialog } from '@/components/ui/dialog';
import { Select } from '@/components/ui/field';
import { Failed } from '@/components/ui/states';
import { fieldsOfTool } from '@/lib/grant-form';
import { GRANTABLE } from '@/lib/grantable';
import { allAgents, allTools } from '@/lib/whole-lists';

/** A grant from nothing: which agent, where, which tool, within which values. */
export function NewGrant({ onClose }: { onClose: () => void }) {
  const t = useTranslations('grants');
  const tools = useQuery(allTools);
  const agents = useQuery(allAgents);
  const workspaces = useWorkspaces();
  const [toolName, setTool] = useState('');
  const [agentName, setAgent] = useState('');
  const [place, setPlace] = useState('');
  const all = tools.data?.filter((one) => GRANTABLE.includes(one.effect)) ?? [];
  const tool = all.find((one) => one.name === toolName);
  const agent = agentName === '' ? (agents.data?.[0]?.name ?? '') : agentName;
  const workspaceId = place === '' ? (workspaces[0]?.workspace_id ?? '') : place;
  // It opens when it is known whether there is an agent to choose: it would grow otherwise.
  if (agents.isPending) return null;
  return (
    <Dialog title={t('give')} onClose={onClose}>
      {tools.isError && <Failed error={tools.error} onRetry={() => void tools.refetch()} />}
      <div className="grid gap-4">
        <Select data-first label={t('tool')} hint={t('toolHint')} value={toolName} onChange={(event) => setTool(event.target.value)}>
          <option value="">{t('chooseTool')}</option>
          {all.map((one) => (
            <option key={one.name} value={one.name}>
              {one.name}
            </option>
          ))}
        </Select>
        {(agents.data?.length ?? 0) > 1 && (
          <Select label={t('agent')} value={agent} onChange={(event) => setAgent(event.target.value)}>
            {agents.data?.map((one) => (
              <option key={one.name} value={one.name}>
                {one.name}
              </option>
            ))}
          </Select>
        )}
        <WorkspaceSelect value={workspaceId} onChange={setPlace} />
      </div>
      {tool !== undefined && agent !== '' && workspaceId !== '' && (
        <GrantForm key={`${tool.name} ${workspaceId} ${agent}`} draft={{ workspaceId, agent, tool: tool.name, personId: null, fields: fieldsOfTool(tool) }} onClose={onClose} />
      )}
    </Dialog>
  );
}
