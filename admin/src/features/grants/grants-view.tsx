'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { KeySquare } from 'lucide-react';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { EffectBadge } from '@/components/effect-badge';
import { Ranges } from '@/components/grant/ranges';
import { PersonName } from '@/components/person-name';
import { useRoleNames } from '@/components/role-names';
import { Page } from '@/components/shell/page';
import { ToolName } from '@/components/tool-name';
import { AddButton } from '@/components/ui/add-button';
import { Badge, type BadgeTone } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card, Facts } from '@/components/ui/card';
import { CardList } from '@/components/ui/card-list';
import { More } from '@/components/ui/more';
import { ON_DEMAND } from '@/components/ui/rest';
import { Segments } from '@/components/ui/segments';
import { Empty } from '@/components/ui/empty';
import { Failed, Loading, NoMatch, Problem } from '@/components/ui/states';
import { Ago } from '@/components/ui/time';
import { useToast } from '@/components/ui/toast';
import { WhenPlacesKnown } from '@/components/workspace-select';
import { answer, api, done, type Schemas } from '@/lib/api/client';
import { useFormats } from '@/lib/format';
import { rangesOf } from '@/lib/grant-ranges';
import { useList } from '@/lib/list';
import { may, useMe } from '@/lib/me';
import { useNow } from '@/lib/now';
import { useAddress } from '@/lib/url';
import { NewGrant } from './new-grant';

type Grant = Schemas['GrantView'];

const SHOWN = ['live', 'over'] as const;
const PAGE = 100;
/** About how tall a card is. */
const CARD_PX = 320;

type State = 'live' | 'used' | 'ended' | 'back';
const TONES: Record<State, BadgeTone> = { live: 'good', used: 'plain', ended: 'plain', back: 'bad' };

function stateOf(grant: Grant, now: number): State {
  if (grant.revoked_at != null) return 'back';
  if (Date.parse(grant.expires_at) <= now) return 'ended';
  return grant.uses >= grant.uses_max ? 'used' : 'live';
}

/** What may run without asking because somebody said so in advance: within which values, how often, how long. */
export function GrantsView() {
  const t = useTranslations('grants');
  const { get, set } = useAddress();
  const me = useMe();
  const now = useNow();
  const shown = SHOWN.find((one) => one === get('show')) ?? 'live';
  const { query, items } = useList(['grants'], (cursor) => answer(api.GET('/api/v1/grants', { params: { query: { limit: PAGE, cursor } } })));
  const found = items.filter((grant) => (stateOf(grant, now) === 'live') === (shown === 'live'));
  return (
    <Page
      title={t('title')}
      actions={<AddButton label={t('give')} forbidden={may(me, 'grants:manage') ? null : t('mayNotGive')} onClick={() => set({ new: '1' })} />}
      bar={<Segments label={t('show')} options={SHOWN.map((value) => ({ value, label: t(`shown.${value}`) }))} value={shown} onChange={(value) => set({ show: value === 'live' ? '' : value })} />}
      scrolls
    >
      {query.isPending && <Loading lines={8} />}
      {query.isError && <Failed error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess &&
        !query.hasNextPage &&
        found.length === 0 &&
        (shown === 'live' ? <Empty icon={<KeySquare className="size-5" aria-hidden />} title={t('none')} hint={t('noneHint')} /> : <NoMatch onClear={() => set({ show: '' })} />)}
      {found.length > 0 && (
        <div className="mx-auto w-full max-w-4xl p-4 sm:p-6">
          {/* Which are in force is looked for among what is here: the rest comes on demand. */}
          <CardList items={found} keyOf={(grant) => grant.grant_id} label={t('title')} guessPx={CARD_PX} query={ON_DEMAND} isCut={query.hasNextPage}>
            {(grant) => <One grant={grant} state={stateOf(grant, now)} />}
          </CardList>
        </div>
      )}
      <More query={query} />
      {get('new') === '1' && may(me, 'grants:manage') && (
        <WhenPlacesKnown>
          <NewGrant onClose={() => set({ new: '' })} />
        </WhenPlacesKnown>
      )}
    </Page>
  );
}

function One({ grant, state }: { grant: Grant; state: State }) {
  const t = useTranslations('grants');
  const formats = useFormats();
  const roles = useRoleNames();
  return (
    <Card className="grid gap-3 p-4">
      <div className="flex flex-wrap items-center gap-2">
        <h2 className="min-w-0 flex-1 font-semibold">
          <ToolName name={grant.tool} />
        </h2>
        <EffectBadge effect={grant.effect} />
        <Badge tone={TONES[state]}>{t(`state.${state}`)}</Badge>
      </div>
      <Facts
        facts={[
          [t('agent'), <bdi key="agent">{grant.agent}</bdi>],
          [t('for'), grant.person_id == null ? t('anybody') : <PersonName key="for" id={grant.person_id} />],
          [t('used'), t('usedOf', { uses: formats.number(grant.uses), max: formats.number(grant.uses_max) })],
          [
            t('until'),
            <span key="until" title={formats.exact(grant.expires_at)}>
              <Ago at={grant.expires_at} />
            </span>,
          ],
          [
            t('given'),
            <span key="given">
              <PersonName id={grant.given_by} /> · {formats.list(grant.roles.map(roles))} · <Ago at={grant.given_at} />
            </span>,
          ],
        ]}
      />
      <Ranges ranges={rangesOf(grant.ranges)} />
      <details>
        <summary className="text-sm text-soft">{t('rule')}</summary>
        <pre tabIndex={0} dir="ltr" className="mt-2 overflow-x-auto rounded-lg bg-sunken p-3 font-mono text-xs whitespace-pre-wrap">
          {grant.rule}
        </pre>
      </details>
      {state === 'live' && <TakeBack id={grant.grant_id} />}
    </Card>
  );
}

function TakeBack({ id }: { id: string }) {
  const t = useTranslations('grants');
  const me = useMe();
  const toast = useToast();
  const client = useQueryClient();
  const [isSure, setIsSure] = useState(false);
  const back = useMutation({
    mutationFn: () => done(api.DELETE('/api/v1/grants/{id}', { params: { path: { id } } })),
    onSuccess: async () => {
      toast(t('takenBack'));
      await client.invalidateQueries({ queryKey: ['grants'] });
    },
  });
  return (
    <div className="grid justify-items-start gap-2">
      {back.isError && <Problem error={back.error} />}
      <Button size="small" tone="danger" isBusy={back.isPending} forbidden={may(me, 'grants:manage') ? null : t('mayNotManage')} onClick={() => (isSure ? back.mutate() : setIsSure(true))}>
        {isSure ? t('takeBackSure') : t('takeBack')}
      </Button>
    </div>
  );
}
