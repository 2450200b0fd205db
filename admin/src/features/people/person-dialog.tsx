'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { SessionLine } from '@/components/session-line';
import { ShownOnce } from '@/components/shown-once';
import { Refusal } from '@/components/step-up';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Facts } from '@/components/ui/card';
import { Dialog } from '@/components/ui/dialog';
import { Failed, Loading, Problem } from '@/components/ui/states';
import { Ago, At } from '@/components/ui/time';
import { useToast } from '@/components/ui/toast';
import { answer, api, done, idempotencyKey, type Schemas } from '@/lib/api/client';
import { grantsOf, rolesOf } from '@/lib/grants';
import { may, useMe } from '@/lib/me';
import { Arrival } from './arrival';
import { isComplete, RolesField } from './roles-field';
import { TokensPart } from './tokens-part';

type Person = Schemas['PersonView'];

/** Somebody's roles, their way in, and whether they may come in at all. */
export function PersonDialog({ person, onClose }: { person: Person; onClose: () => void }) {
  const t = useTranslations('people');
  const me = useMe();
  const forbidden = may(me, 'people:manage') ? null : t('mayNotManage');
  return (
    <Dialog title={person.display_name} place="side" onClose={onClose}>
      <Facts
        facts={[
          [t('email'), <bdi key="email">{person.email}</bdi>],
          [t('state'), person.disabled_at == null ? <span key="state"><Badge tone="good">{t('active')}</Badge><Arrival person={person} /></span> : <span key="state"><Badge tone="bad">{t('disabled')}</Badge> <Ago at={person.disabled_at} /></span>],
          [t('password'), person.has_password ? t('hasPassword') : t('noPassword')],
          [t('since'), <At key="since" at={person.created_at} />],
        ]}
      />
      <RolesForm key={JSON.stringify(person.roles)} person={person} forbidden={forbidden} />
      <LinkPart person={person} forbidden={forbidden} />
      <FactorsPart person={person} forbidden={forbidden} />
      {forbidden === null && <SessionsPart person={person} />}
      {forbidden === null && <TokensPart person={person} />}
      <AccessPart person={person} forbidden={forbidden} />
    </Dialog>
  );
}

function RolesForm({ person, forbidden }: { person: Person; forbidden: string | null }) {
  const t = useTranslations('people');
  const toast = useToast();
  const client = useQueryClient();
  const before = rolesOf(person.roles);
  const [roles, setRoles] = useState(before);
  const isChanged = JSON.stringify(grantsOf(roles)) !== JSON.stringify(grantsOf(before));
  const save = useMutation({
    mutationFn: () => answer(api.PATCH('/api/v1/people/{id}', { params: { path: { id: person.person_id } }, body: { roles: grantsOf(roles) } })),
    onSuccess: async () => {
      toast(t('rolesSet'));
      await client.invalidateQueries({ queryKey: ['people'] });
      await client.invalidateQueries({ queryKey: ['me'] });
    },
  });
  return (
    <section className="grid gap-3 border-t border-line pt-4">
      <RolesField value={roles} onChange={setRoles} forbidden={forbidden} />
      {save.isError && <Refusal error={save.error} onGiven={() => save.mutate()} />}
      <p className="text-sm text-soft">{t('rolesHint')}</p>
      <div>
        <Button size="small" isBusy={save.isPending} disabled={forbidden === null && !isChanged} forbidden={forbidden ?? (isComplete(roles) ? null : t('chooseRole'))} onClick={() => save.mutate()}>
          {t('setRoles')}
        </Button>
      </div>
    </section>
  );
}

function LinkPart({ person, forbidden }: { person: Person; forbidden: string | null }) {
  const t = useTranslations('people');
  const client = useQueryClient();
  const make = useMutation({
    mutationFn: (key: string) => answer(api.POST('/api/v1/people/{id}/links', { params: { path: { id: person.person_id }, header: { 'Idempotency-Key': key } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['people', 'list'] }),
  });
  const why = forbidden ?? (person.disabled_at == null ? null : t('enableFirst'));
  return (
    <section className="grid justify-items-start gap-2 border-t border-line pt-4">
      <h3 className="text-sm font-semibold">{t('newLink')}</h3>
      <p className="text-sm text-soft">{t('newLinkHint')}</p>
      {make.isError && <Refusal error={make.error} onGiven={() => make.mutate(idempotencyKey())} />}
      {make.data !== undefined && <ShownOnce label={t('link')} secret={make.data.sign_in_link ?? null} hint={t('linkHint')} />}
      <Button size="small" isBusy={make.isPending} forbidden={why} onClick={() => make.mutate(idempotencyKey())}>
        {t('makeLink')}
      </Button>
    </section>
  );
}

function FactorsPart({ person, forbidden }: { person: Person; forbidden: string | null }) {
  const t = useTranslations('people');
  const toast = useToast();
  const [isSure, setIsSure] = useState(false);
  const remove = useMutation({
    mutationFn: () => done(api.DELETE('/api/v1/people/{id}/factors', { params: { path: { id: person.person_id } } })),
    onSuccess: () => {
      setIsSure(false);
      toast(t('factorsRemoved'));
    },
  });
  return (
    <section className="grid justify-items-start gap-2 border-t border-line pt-4">
      <h3 className="text-sm font-semibold">{t('factors')}</h3>
      <p className="text-sm text-soft">{t('factorsHint')}</p>
      {remove.isError && <Refusal error={remove.error} onGiven={() => remove.mutate()} />}
      {isSure ? (
        <div className="flex flex-wrap gap-2">
          <Button size="small" tone="danger" isBusy={remove.isPending} forbidden={forbidden} onClick={() => remove.mutate()}>
            {t('removeFactorsSure', { name: person.display_name })}
          </Button>
          <Button size="small" onClick={() => setIsSure(false)}>
            {t('cancel')}
          </Button>
        </div>
      ) : (
        <Button size="small" tone="danger" forbidden={forbidden} onClick={() => setIsSure(true)}>
          {t('removeFactors')}
        </Button>
      )}
    </section>
  );
}

/** Where somebody is signed in: for who may end that, and for nobody else. */
function SessionsPart({ person }: { person: Person }) {
  const t = useTranslations('people');
  const toast = useToast();
  const client = useQueryClient();
  const path = { params: { path: { id: person.person_id } } };
  const queryKey = ['people', 'sessions', person.person_id];
  const sessions = useQuery({ queryKey, queryFn: () => answer(api.GET('/api/v1/people/{id}/sessions', path)) });
  const end = useMutation({
    mutationFn: () => done(api.DELETE('/api/v1/people/{id}/sessions', path)),
    onSuccess: async () => {
      toast(t('sessionsEnded'));
      await client.invalidateQueries({ queryKey });
    },
  });
  const open = sessions.data?.items ?? [];
  return (
    <section className="grid gap-2 border-t border-line pt-4">
      <h3 className="text-sm font-semibold">{t('sessions')}</h3>
      {sessions.isPending && <Loading lines={2} className="px-0" />}
      {sessions.isError && <Failed error={sessions.error} onRetry={() => void sessions.refetch()} />}
      {end.isError && <Problem error={end.error} />}
      {sessions.isSuccess && <p className="text-sm text-soft">{open.length === 0 ? t('noSessions') : t('sessionsHint')}</p>}
      <ul className="divide-y divide-line">
        {open.map((session) => (
          <li key={session.session_id} className="flex items-center gap-3 py-2.5">
            <SessionLine session={session} />
          </li>
        ))}
      </ul>
      {open.length > 0 && (
        <div>
          <Button size="small" tone="danger" isBusy={end.isPending} onClick={() => end.mutate()}>
            {t('endSessions')}
          </Button>
        </div>
      )}
    </section>
  );
}

function AccessPart({ person, forbidden }: { person: Person; forbidden: string | null }) {
  const t = useTranslations('people');
  const me = useMe();
  const toast = useToast();
  const client = useQueryClient();
  const [isSure, setIsSure] = useState(false);
  const id = person.person_id;
  const isOut = person.disabled_at != null;
  const turn = useMutation({
    mutationFn: async () => {
      if (isOut) await answer(api.POST('/api/v1/people/{id}/enable', { params: { path: { id }, header: { 'Idempotency-Key': idempotencyKey() } } }));
      else await done(api.DELETE('/api/v1/people/{id}', { params: { path: { id } } }));
    },
    onSuccess: async () => {
      setIsSure(false);
      toast(isOut ? t('enabledNow') : t('disabledNow'));
      await client.invalidateQueries({ queryKey: ['people'] });
    },
  });
  const why = forbidden ?? (id === me.person_id ? t('notYourself') : null);
  return (
    <section className="grid justify-items-start gap-2 border-t border-line pt-4">
      <h3 className="text-sm font-semibold">{t('access')}</h3>
      <p className="text-sm text-soft">{isOut ? t('enableHint') : t('disableHint')}</p>
      {turn.isError && <Problem error={turn.error} />}
      {isOut ? (
        <Button size="small" isBusy={turn.isPending} forbidden={why} onClick={() => turn.mutate()}>
          {t('enable')}
        </Button>
      ) : isSure ? (
        <div className="flex flex-wrap gap-2">
          <Button size="small" tone="danger" isBusy={turn.isPending} forbidden={why} onClick={() => turn.mutate()}>
            {t('disableSure', { name: person.display_name })}
          </Button>
          <Button size="small" onClick={() => setIsSure(false)}>
            {t('cancel')}
          </Button>
        </div>
      ) : (
        <Button size="small" tone="danger" forbidden={why} onClick={() => setIsSure(true)}>
          {t('disable')}
        </Button>
      )}
    </section>
  );
}
