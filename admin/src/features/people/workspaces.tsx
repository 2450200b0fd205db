'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Boxes, Pencil } from 'lucide-react';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { Button } from '@/components/ui/button';
import { Input } from '@/components/ui/field';
import { FormDialog } from '@/components/ui/form-dialog';
import { CardList } from '@/components/ui/card-list';
import { Empty } from '@/components/ui/empty';
import { Failed, Loading } from '@/components/ui/states';
import { At } from '@/components/ui/time';
import { useToast } from '@/components/ui/toast';
import { answer, api, idempotencyKey, type Schemas } from '@/lib/api/client';
import { useList } from '@/lib/list';
import { may, useMe } from '@/lib/me';

type Workspace = Schemas['WorkspaceView'];

const PAGE = 100;
const ROW_PX = 61;
const NAME_LETTERS_MAX = 200;

/** The parts of the organisation: records and conversations belong to one, and people see theirs. */
export function Workspaces({ label, isNew, onClose }: { label: string; isNew: boolean; onClose: () => void }) {
  const t = useTranslations('workspaces');
  const me = useMe();
  const [renamed, setRenamed] = useState<Workspace | null>(null);
  const { query, items } = useList(['workspaces', 'list'], (cursor) => answer(api.GET('/api/v1/workspaces', { params: { query: { limit: PAGE, cursor } } })));
  return (
    <>
      {query.isPending && <Loading lines={4} />}
      {query.isError && !query.isFetchNextPageError && <Failed error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && items.length === 0 && <Empty icon={<Boxes className="size-5" aria-hidden />} title={t('none')} hint={t('noneHint')} />}
      {items.length > 0 && (
        <CardList items={items} keyOf={(one) => one.workspace_id} label={label} guessPx={ROW_PX} hasLines query={query}>
          {(one) => (
            <div className="flex items-center gap-3 px-4 py-2.5 sm:px-6">
              <div className="min-w-0 flex-1">
                <p className="truncate font-medium">
                  <bdi>{one.name}</bdi>
                </p>
                <p className="text-xs text-soft">
                  {t('since')} <At at={one.created_at} />
                </p>
              </div>
              <Button size="small" forbidden={may(me, 'workspaces:manage') ? null : t('mayNotManage')} onClick={() => setRenamed(one)}>
                <Pencil className="size-4" aria-hidden />
                {t('rename')}
              </Button>
            </div>
          )}
        </CardList>
      )}
      {isNew && <NameDialog onClose={onClose} />}
      {renamed !== null && <NameDialog workspace={renamed} onClose={() => setRenamed(null)} />}
    </>
  );
}

function NameDialog({ workspace, onClose }: { workspace?: Workspace; onClose: () => void }) {
  const t = useTranslations('workspaces');
  const toast = useToast();
  const client = useQueryClient();
  const [name, setName] = useState(workspace?.name ?? '');
  const [key, setKey] = useState(idempotencyKey);
  const save = useMutation({
    mutationFn: () =>
      workspace === undefined
        ? answer(api.POST('/api/v1/workspaces', { params: { header: { 'Idempotency-Key': key } }, body: { name } }))
        : answer(api.PATCH('/api/v1/workspaces/{id}', { params: { path: { id: workspace.workspace_id } }, body: { name } })),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['workspaces'] });
      toast(t('saved'));
      onClose();
    },
  });
  return (
    <FormDialog
      title={workspace === undefined ? t('new') : t('rename')}
      cancel={t('cancel')}
      submit={t('save')}
      isBusy={save.isPending}
      error={save.error}
      onClose={onClose}
      onChange={() => setKey(idempotencyKey())}
      onSubmit={() => save.mutate()}
    >
      <Input data-first label={t('name')} value={name} required maxLength={NAME_LETTERS_MAX} dir="auto" onChange={(event) => setName(event.target.value)} />
    </FormDialog>
  );
}
