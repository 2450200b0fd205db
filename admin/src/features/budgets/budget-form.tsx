'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { usePeopleNames } from '@/components/person-name';
import { useWorkspaces } from '@/components/workspace-select';
import { Input, Select } from '@/components/ui/field';
import { FormDialog } from '@/components/ui/form-dialog';
import { useToast } from '@/components/ui/toast';
import { answer, api, type Schemas } from '@/lib/api/client';
import { dollarsText, microsOf } from '@/lib/budget';
import { useFormats } from '@/lib/format';
import { allAgents } from '@/lib/whole-lists';

type Budget = Schemas['BudgetView'];
type Scope = Schemas['BudgetScope'];
type Period = Schemas['BudgetPeriod'];

export const SCOPES = ['organisation', 'workspace', 'person', 'agent'] as const satisfies readonly Scope[];
const PERIODS = ['day', 'month', 'total'] as const satisfies readonly Period[];

/** A limit: of what, for how long, how much. One of the same kind takes the place of the one before. */
export function BudgetForm({ budget, onClose }: { budget?: Budget; onClose: () => void }) {
  const t = useTranslations('budgets');
  const formats = useFormats();
  const toast = useToast();
  const client = useQueryClient();
  const [scope, setScope] = useState<Scope>(SCOPES.find((one) => one === budget?.scope) ?? 'organisation');
  const [scopeId, setScopeId] = useState(budget === undefined || budget.scope === 'organisation' ? '' : budget.scope_id);
  const [period, setPeriod] = useState<Period>(PERIODS.find((one) => one === budget?.period) ?? 'month');
  const [dollars, setDollars] = useState(budget === undefined ? '' : dollarsText(budget.cap_micros));
  const choices = useChoices(scope);
  const cap = microsOf(dollars);
  const which = scopeId === '' ? (choices[0]?.[0] ?? '') : scopeId;
  const save = useMutation({
    mutationFn: (cap_micros: number) => answer(api.PUT('/api/v1/budgets', { body: { scope, scope_id: scope === 'organisation' ? null : which, period, cap_micros } })),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['budgets'] });
      toast(t('saved'));
      onClose();
    },
  });
  const isFixed = budget !== undefined;
  return (
    <FormDialog
      title={isFixed ? t('edit') : t('new')}
      cancel={t('cancel')}
      submit={t('save')}
      isBusy={save.isPending}
      error={save.error}
      onClose={onClose}
      onSubmit={() => {
        if (cap !== null) save.mutate(cap);
      }}
    >
      {!isFixed && (
        <>
          <Select
            label={t('for')}
            value={scope}
            onChange={(event) => {
              setScope(SCOPES.find((one) => one === event.target.value) ?? 'organisation');
              setScopeId('');
            }}
          >
            {SCOPES.map((one) => (
              <option key={one} value={one}>
                {t(`scope.${one}`)}
              </option>
            ))}
          </Select>
          {scope !== 'organisation' && (
            <Select label={t('which')} value={which} onChange={(event) => setScopeId(event.target.value)}>
              {choices.map(([id, name]) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </Select>
          )}
          <Select label={t('periodLabel')} value={period} onChange={(event) => setPeriod(PERIODS.find((one) => one === event.target.value) ?? 'month')}>
            {PERIODS.map((one) => (
              <option key={one} value={one}>
                {t(`period.${one}`)}
              </option>
            ))}
          </Select>
        </>
      )}
      <Input
        data-first
        label={t('cap')}
        hint={cap === null ? t('capHint') : `${t('asRead', { amount: formats.usdExact(cap) })} ${t('capHint')}`}
        error={dollars !== '' && cap === null ? t('noAmount') : null}
        value={dollars}
        required
        inputMode="decimal"
        dir="ltr"
        onChange={(event) => setDollars(event.target.value)}
      />
      {cap === 0 && <p className="text-sm text-bad">{t('zero')}</p>}
    </FormDialog>
  );
}

/** Whom or what a budget can be for, by id and name. */
function useChoices(scope: Scope): [string, string][] {
  const people = usePeopleNames();
  const workspaces = useWorkspaces();
  const agents = useQuery(allAgents);
  if (scope === 'person') return [...people];
  if (scope === 'workspace') return workspaces.map((one) => [one.workspace_id, one.name]);
  if (scope === 'agent') return agents.data?.map((agent) => [agent.name, agent.name]) ?? [];
  return [];
}
