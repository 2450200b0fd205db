'use client';

import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { Select } from '@/components/ui/field';
import { answer, api, type Schemas } from '@/lib/api/client';
import { readAll } from '@/lib/list';

const PAGE = 200;
/** Ten thousand workspaces. */
const PAGES_MAX = 50;

/** The workspaces one sees, once they are known. */
export function useWorkspacesQuery() {
  return useQuery({
    queryKey: ['workspaces', 'all'],
    queryFn: () => readAll((cursor) => answer(api.GET('/api/v1/workspaces', { params: { query: { limit: PAGE, cursor } } })), PAGES_MAX),
    staleTime: 60_000,
  });
}

/** The workspaces one sees. */
export function useWorkspaces(): Schemas['WorkspaceView'][] {
  return useWorkspacesQuery().data ?? [];
}

interface PlaceChoice {
  /** The workspace that was chosen, the first until one is; nothing until it is known which there are. */
  id: string | undefined;
  value: string;
  onChange: (id: string) => void;
}

/** Which workspace something new goes to. */
export function usePlace(): PlaceChoice {
  const [value, onChange] = useState('');
  const first = useWorkspaces()[0]?.workspace_id;
  return { id: value === '' ? first : value, value, onChange };
}

/** A form that asks for the workspace opens when it is known whether there are several: it would grow under the hand otherwise. */
export function WhenPlacesKnown({ children }: { children: React.ReactNode }) {
  return useWorkspacesQuery().isPending ? null : children;
}

/** Where something new belongs; not asked where there is one place only. */
export function WorkspaceSelect({ value, onChange }: { value: string; onChange: (id: string) => void }) {
  const t = useTranslations('workspaces');
  const all = useWorkspaces();
  if (all.length < 2) return null;
  return (
    <Select label={t('one')} value={value === '' ? (all[0]?.workspace_id ?? '') : value} onChange={(event) => onChange(event.target.value)}>
      {all.map((one) => (
        <option key={one.workspace_id} value={one.workspace_id}>
          {one.name}
        </option>
      ))}
    </Select>
  );
}
