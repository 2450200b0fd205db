'use client';

import { useTranslations } from 'use-intl';
import { ROLES, useRoleNames } from '@/components/role-names';
import { useWorkspaces } from '@/components/workspace-select';
import { Choices } from '@/components/ui/choices';
import { Segments } from '@/components/ui/segments';
import type { Roles } from '@/lib/grants';

const PLACES = ['everywhere', 'some'] as const;

/** As what somebody is here, and where. */
export function RolesField({ value, onChange, forbidden = null }: { value: Roles; onChange: (roles: Roles) => void; forbidden?: string | null }) {
  const t = useTranslations('people');
  const names = useRoleNames();
  const workspaces = useWorkspaces();
  const isOwner = value.roles.includes('owner');
  const place = value.workspaces === null || isOwner ? 'everywhere' : 'some';
  return (
    <>
      <Choices
        label={t('roles')}
        options={ROLES.map((role) => ({ value: role, label: names(role), hint: t(`about.${role}`) }))}
        value={ROLES.filter((role) => value.roles.includes(role))}
        onChange={(roles) => onChange({ ...value, roles })}
        forbidden={forbidden}
      />
      {isOwner ? (
        <p className="text-sm text-soft">{t('ownsAll')}</p>
      ) : (
        <div className="grid gap-2">
          <p className="text-sm font-medium" aria-hidden>
            {t('where')}
          </p>
          <Segments
            label={t('where')}
            options={PLACES.map((one) => ({ value: one, label: t(`place.${one}`) }))}
            value={place}
            onChange={(one) => {
              if (forbidden === null) onChange({ ...value, workspaces: one === 'everywhere' ? null : (value.workspaces ?? []) });
            }}
          />
          {place === 'some' && (
            <Choices
              label={t('workspaces')}
              options={workspaces.map((one) => ({ value: one.workspace_id, label: one.name }))}
              value={value.workspaces ?? []}
              onChange={(chosen) => onChange({ ...value, workspaces: chosen })}
              forbidden={forbidden}
            />
          )}
        </div>
      )}
    </>
  );
}

/** Whether it says anything yet. */
export function isComplete({ roles, workspaces }: Roles): boolean {
  return roles.length > 0 && (workspaces === null || workspaces.length > 0 || roles.includes('owner'));
}
