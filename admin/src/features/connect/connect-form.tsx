'use client';

import { useMutation } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { useTranslations } from 'use-intl';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Choices } from '@/components/ui/choices';
import { Select } from '@/components/ui/field';
import { Refusal } from '@/components/step-up';
import { useWorkspaces } from '@/components/workspace-select';
import { answer, api, idempotencyKey, type Schemas } from '@/lib/api/client';
import { goBack } from './go-back';

type Request = Schemas['ClientRequestView'];

const SCOPES = ['read', 'write'] as const;
type Scope = (typeof SCOPES)[number];

/** Whose tools, where, and what for: less than was asked can always be given. Without `converse` a program could not connect, so it is not a choice. */
export function ConnectForm({ asked, request }: { asked: string; request: Request }) {
  const t = useTranslations('connect');
  const settings = useTranslations('settings');
  const workspaces = useWorkspaces();
  const form = useId();
  const possible = SCOPES.filter((scope) => request.scopes_possible.includes(scope));
  const [agent, setAgent] = useState(request.agents[0] ?? '');
  const [workspace, setWorkspace] = useState('');
  // What changes things is chosen, not left standing.
  const [scopes, setScopes] = useState<Scope[]>(possible.filter((scope) => scope === 'read'));
  const header = () => ({ 'Idempotency-Key': idempotencyKey() });
  const allow = useMutation({
    mutationFn: () =>
      answer(
        api.POST('/api/v1/oauth/allow', {
          params: { header: header() },
          body: { asked, agent, workspace_id: workspace === '' ? null : workspace, scopes: ['converse', ...scopes] },
        }),
      ),
    onSuccess: ({ return_to }) => goBack(return_to),
  });
  const refuse = useMutation({
    mutationFn: () => answer(api.POST('/api/v1/oauth/refuse', { params: { header: header() }, body: { asked } })),
    onSuccess: ({ return_to }) => goBack(return_to),
  });
  if (allow.isSuccess || refuse.isSuccess) {
    return (
      <p role="status" className="text-soft">
        {t('gone', { host: request.redirect_host })}
      </p>
    );
  }
  const isBusy = allow.isPending || refuse.isPending;
  const forbidden = request.agents.length === 0 ? t('noAgents') : request.scopes_possible.includes('converse') ? null : t('mayNot');
  return (
    <div className="grid gap-5">
      <form
        id={form}
        onSubmit={(event) => {
          event.preventDefault();
          if (forbidden === null) allow.mutate();
        }}
      >
        <Card className="grid gap-4 p-4">
          <Select label={t('agent')} value={agent} onChange={(event) => setAgent(event.target.value)}>
            {request.agents.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </Select>
          {workspaces.length > 1 && (
            <Select label={t('workspace')} value={workspace} onChange={(event) => setWorkspace(event.target.value)}>
              <option value="">{t('everyWorkspace')}</option>
              {workspaces.map((one) => (
                <option key={one.workspace_id} value={one.workspace_id}>
                  {one.name}
                </option>
              ))}
            </Select>
          )}
          {possible.length > 0 && (
            <Choices
              label={settings('scopes')}
              options={possible.map((value) => ({ value, label: settings(`scope.${value}`), hint: settings(`scopeHint.${value}`) }))}
              value={scopes}
              onChange={setScopes}
            />
          )}
          <p className="text-sm text-soft">{t('what')}</p>
        </Card>
      </form>
      {/* Outside of the form: what it asks for is a form of its own. */}
      {allow.isError && <Refusal error={allow.error} onGiven={() => allow.mutate()} />}
      {refuse.isError && <Refusal error={refuse.error} onGiven={() => refuse.mutate()} />}
      <div className="flex flex-wrap gap-3">
        <Button type="submit" form={form} tone="primary" isBusy={isBusy} forbidden={forbidden}>
          {t('allow')}
        </Button>
        <Button isBusy={isBusy} onClick={() => refuse.mutate()}>
          {t('refuse')}
        </Button>
      </div>
    </div>
  );
}
