'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { KeyRound } from 'lucide-react';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { ShownOnceDialog } from '@/components/shown-once';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Choices } from '@/components/ui/choices';
import { Input, Select } from '@/components/ui/field';
import { FormDialog } from '@/components/ui/form-dialog';
import { More } from '@/components/ui/more';
import { Failed, Loading, Problem } from '@/components/ui/states';
import { Ago } from '@/components/ui/time';
import { useToast } from '@/components/ui/toast';
import { answer, api, done, idempotencyKey, type Schemas } from '@/lib/api/client';
import { useList } from '@/lib/list';
import { may, useMe } from '@/lib/me';
import { useNow } from '@/lib/now';
import { Part } from './part';

type Token = Schemas['TokenView'];

const SCOPES = ['converse', 'read', 'write'] as const;
type Scope = (typeof SCOPES)[number];
const NAME_LETTERS_MAX = 100;
const DAYS = ['30', '90', '365'] as const;
const DAY_MS = 24 * 60 * 60 * 1_000;

/** One's own keys for programs. Their secret is shown when they are made, and never again. */
export function Tokens() {
  const t = useTranslations('settings');
  const me = useMe();
  const now = useNow();
  const [isMaking, setIsMaking] = useState(false);
  const isAllowed = may(me, 'tokens:manage');
  return (
    <Part title={t('tokens')} hint={t('tokensHint')}>
      {isAllowed && <List now={now} />}
      <div className="mt-3">
        <Button size="small" forbidden={isAllowed ? null : t('mayNotTokens')} onClick={() => setIsMaking(true)}>
          {t('makeToken')}
        </Button>
      </div>
      {isMaking && <MakeDialog onClose={() => setIsMaking(false)} />}
    </Part>
  );
}

function List({ now }: { now: number }) {
  const t = useTranslations('settings');
  const { query, items } = useList(['tokens'], (cursor) => answer(api.GET('/api/v1/tokens', { params: { query: { cursor } } })));
  return (
    <>
      {query.isPending && <Loading lines={2} className="px-0" />}
      {query.isError && <Failed error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && items.length === 0 && <p className="text-sm text-soft">{t('noTokens')}</p>}
      <ul className="divide-y divide-line">
        {items.map((token) => (
          <Row key={token.token_id} token={token} isOver={isOver(token, now)} />
        ))}
      </ul>
      <More query={query} />
    </>
  );
}

/** A program that was let in renews its token by itself: it is over when it cannot any more. */
function isOver(token: Token, now: number): boolean {
  const until = token.client?.renewed_until ?? token.expires_at;
  return until != null && Date.parse(until) < now;
}

/** The host of an address, or all of it where it is none. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

function Row({ token, isOver }: { token: Token; isOver: boolean }) {
  const t = useTranslations('settings');
  const toast = useToast();
  const client = useQueryClient();
  const [isSure, setIsSure] = useState(false);
  const revoke = useMutation({
    mutationFn: () => done(api.DELETE('/api/v1/tokens/{id}', { params: { path: { id: token.token_id } } })),
    onSuccess: async () => {
      toast(t('tokenRevoked'));
      await client.invalidateQueries({ queryKey: ['tokens'] });
    },
  });
  const scopes = SCOPES.filter((scope) => token.scopes.includes(scope));
  const isDead = token.revoked_at != null || isOver;
  return (
    <li className="flex flex-wrap items-center gap-3 py-2.5">
      <KeyRound className="size-4 shrink-0 text-soft" aria-hidden />
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-2 text-sm font-medium">
          <bdi className="min-w-0 truncate">{token.name}</bdi>
          {scopes.map((scope) => (
            <Badge key={scope}>{t(`scope.${scope}`)}</Badge>
          ))}
          {token.revoked_at != null ? <Badge tone="bad">{t('revoked')}</Badge> : isOver && <Badge tone="bad">{t('expired')}</Badge>}
        </p>
        <p className="text-xs text-soft">
          {token.used_at == null ? t('neverUsed') : <>{t('seen')} <Ago at={token.used_at} /></>}
          {token.client == null && token.expires_at != null && !isDead && <> · {t('expires')} <Ago at={token.expires_at} /></>}
          {token.client != null && !isDead && <> · {t('renews')} <Ago at={token.client.renewed_until} /></>}
        </p>
        {token.client != null && <p className="text-xs break-words text-soft">{t('letIn', { host: hostOf(token.client.client_id), agent: token.client.agent })}</p>}
        {revoke.isError && <Problem error={revoke.error} />}
      </div>
      {!isDead && (
        <Button size="small" tone={isSure ? 'danger' : 'quiet'} isBusy={revoke.isPending} onClick={() => (isSure ? revoke.mutate() : setIsSure(true))}>
          {isSure ? t('revokeSure') : t('revoke')}
        </Button>
      )}
    </li>
  );
}

function MakeDialog({ onClose }: { onClose: () => void }) {
  const t = useTranslations('settings');
  const client = useQueryClient();
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<Scope[]>([]);
  const [days, setDays] = useState('90');
  const [key, setKey] = useState(idempotencyKey);
  const make = useMutation({
    mutationFn: (now: number) =>
      answer(
        api.POST('/api/v1/tokens', {
          params: { header: { 'Idempotency-Key': key } },
          body: { name, scopes, expires_at: days === '' ? null : new Date(now + Number(days) * DAY_MS).toISOString() },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ['tokens'] }),
  });
  if (make.data !== undefined) {
    return <ShownOnceDialog title={make.data.name} label={t('secret')} secret={make.data.secret ?? null} hint={t('secretHint')} done={t('done')} onClose={onClose} />;
  }
  return (
    <FormDialog
      title={t('makeToken')}
      cancel={t('cancel')}
      submit={t('make')}
      isBusy={make.isPending}
      error={make.error}
      forbidden={scopes.length > 0 ? null : t('chooseScope')}
      onClose={onClose}
      onChange={() => setKey(idempotencyKey())}
      onSubmit={() => make.mutate(Date.now())}
    >
      <Input data-first label={t('tokenName')} hint={t('tokenNameHint')} value={name} required maxLength={NAME_LETTERS_MAX} dir="auto" onChange={(event) => setName(event.target.value)} />
      <Choices label={t('scopes')} options={SCOPES.map((value) => ({ value, label: t(`scope.${value}`), hint: t(`scopeHint.${value}`) }))} value={scopes} onChange={setScopes} />
      <Select label={t('lasts')} value={days} onChange={(event) => setDays(event.target.value)}>
        {DAYS.map((count) => (
          <option key={count} value={count}>
            {t('days', { count: Number(count) })}
          </option>
        ))}
        <option value="">{t('forever')}</option>
      </Select>
    </FormDialog>
  );
}
