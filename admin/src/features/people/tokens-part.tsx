'use client';

import { useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'use-intl';
import { TokenRow } from '@/components/token-row';
import { More } from '@/components/ui/more';
import { Failed, Loading } from '@/components/ui/states';
import { answer, api, done, type Schemas } from '@/lib/api/client';
import { useList } from '@/lib/list';

/** The keys of programs that act as somebody: for who may take them away, and for nobody else. */
export function TokensPart({ person }: { person: Schemas['PersonView'] }) {
  const t = useTranslations('people');
  const client = useQueryClient();
  const id = person.person_id;
  const queryKey = ['people', 'tokens', id];
  const { query, items } = useList(queryKey, (cursor) => answer(api.GET('/api/v1/people/{id}/tokens', { params: { path: { id }, query: { cursor } } })));
  const revoke = (token_id: string) => done(api.DELETE('/api/v1/people/{id}/tokens/{token_id}', { params: { path: { id, token_id } } }));
  return (
    <section className="grid gap-2 border-t border-line pt-4">
      <h3 className="text-sm font-semibold">{t('tokens')}</h3>
      {query.isPending && <Loading lines={2} className="px-0" />}
      {query.isError && <Failed error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && <p className="text-sm text-soft">{items.length === 0 ? t('noTokens') : t('tokensHint')}</p>}
      <ul className="divide-y divide-line">
        {items.map((token) => (
          <TokenRow key={token.token_id} token={token} revoke={revoke} onRevoked={() => client.invalidateQueries({ queryKey })} />
        ))}
      </ul>
      <More query={query} />
    </section>
  );
}
