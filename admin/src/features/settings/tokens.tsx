'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { ShownOnceDialog } from '@/components/shown-once';
import { Refusal } from '@/components/step-up';
import { SCOPES, TokenRow } from '@/components/token-row';
import { Button } from '@/components/ui/button';
import { Choices } from '@/components/ui/choices';
import { Dialog } from '@/components/ui/dialog';
import { Input, Select } from '@/components/ui/field';
import { FormDialog } from '@/components/ui/form-dialog';
import { More } from '@/components/ui/more';
import { Failed, Loading } from '@/components/ui/states';
import { answer, api, done, idempotencyKey } from '@/lib/api/client';
import { isNotProven, stepUpOf } from '@/lib/api/problem';
import { useList } from '@/lib/list';
import { may, useMe } from '@/lib/me';
import { Part } from './part';

type Scope = (typeof SCOPES)[number];
const NAME_LETTERS_MAX = 100;
const DAYS = ['30', '90', '365'] as const;
const DAY_MS = 24 * 60 * 60 * 1_000;

/** One's own keys for programs. Their secret is shown when they are made, and never again. */
export function Tokens() {
  const t = useTranslations('settings');
  const me = useMe();
  const [isMaking, setIsMaking] = useState(false);
  const isAllowed = may(me, 'tokens:manage');
  return (
    <Part title={t('tokens')} hint={t('tokensHint')}>
      {isAllowed && <List />}
      <div className="mt-3">
        <Button size="small" forbidden={isAllowed ? null : t('mayNotTokens')} onClick={() => setIsMaking(true)}>
          {t('makeToken')}
        </Button>
      </div>
      {isMaking && <MakeDialog onClose={() => setIsMaking(false)} />}
    </Part>
  );
}

const revoke = (id: string) => done(api.DELETE('/api/v1/tokens/{id}', { params: { path: { id } } }));

function List() {
  const t = useTranslations('settings');
  const client = useQueryClient();
  const { query, items } = useList(['tokens'], (cursor) => answer(api.GET('/api/v1/tokens', { params: { query: { cursor } } })));
  return (
    <>
      {query.isPending && <Loading lines={2} className="px-0" />}
      {query.isError && <Failed error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && items.length === 0 && <p className="text-sm text-soft">{t('noTokens')}</p>}
      <ul className="divide-y divide-line">
        {items.map((token) => (
          <TokenRow key={token.token_id} token={token} revoke={revoke} onRevoked={() => client.invalidateQueries({ queryKey: ['tokens'] })} />
        ))}
      </ul>
      <More query={query} />
    </>
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
  if (isNotProven(make.error) || stepUpOf(make.error)?.bound != null) {
    return (
      <Dialog title={t('makeToken')} onClose={onClose}>
        {/* The very same is sent again: what a second factor is given for names when the token ends, too. */}
        <Refusal error={make.error} onGiven={() => make.mutate(make.variables ?? Date.now())} />
      </Dialog>
    );
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
