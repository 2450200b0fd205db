'use client';

import { useMutation } from '@tanstack/react-query';
import { KeyRound } from 'lucide-react';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Problem } from '@/components/ui/states';
import { Ago } from '@/components/ui/time';
import { useToast } from '@/components/ui/toast';
import type { Schemas } from '@/lib/api/client';
import { useNow } from '@/lib/now';

type Token = Schemas['TokenView'];

export const SCOPES = ['converse', 'read', 'write'] as const;

/** A program that was let in renews its token by itself: it is over when it cannot any more. */
function isOver(token: Token, now: number): boolean {
  const until = token.client?.renewed_until ?? token.expires_at;
  return until != null && Date.parse(until) < now;
}

/** The host of an address, or all of it where it is none. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

/** A token in a line: what it may do, when it was used, and taking it away for good. */
export function TokenRow({ token, revoke, onRevoked }: { token: Token; revoke: (id: string) => Promise<unknown>; onRevoked: () => Promise<void> }) {
  const t = useTranslations('settings');
  const toast = useToast();
  const now = useNow();
  const [isSure, setIsSure] = useState(false);
  const end = useMutation({
    mutationFn: () => revoke(token.token_id),
    onSuccess: async () => {
      toast(t('tokenRevoked'));
      await onRevoked();
    },
  });
  const scopes = SCOPES.filter((scope) => token.scopes.includes(scope));
  const isPast = isOver(token, now);
  const isDead = token.revoked_at != null || isPast;
  return (
    <li className="flex flex-wrap items-center gap-3 py-2.5">
      <KeyRound className="size-4 shrink-0 text-soft" aria-hidden />
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-2 text-sm font-medium">
          <bdi className="min-w-0 truncate">{token.name}</bdi>
          {scopes.map((scope) => (
            <Badge key={scope}>{t(`scope.${scope}`)}</Badge>
          ))}
          {token.revoked_at != null ? <Badge tone="bad">{t('revoked')}</Badge> : isPast && <Badge tone="bad">{t('expired')}</Badge>}
        </p>
        <p className="text-xs text-soft">
          {token.used_at == null ? t('neverUsed') : <>{t('seen')} <Ago at={token.used_at} /></>}
          {token.client == null && token.expires_at != null && !isDead && <> · {t('expires')} <Ago at={token.expires_at} /></>}
          {token.client != null && !isDead && <> · {t('renews')} <Ago at={token.client.renewed_until} /></>}
        </p>
        {token.client != null && <p className="text-xs break-words text-soft">{t('letIn', { host: hostOf(token.client.client_id), agent: token.client.agent })}</p>}
        {end.isError && <Problem error={end.error} />}
      </div>
      {!isDead && (
        <Button size="small" tone={isSure ? 'danger' : 'quiet'} isBusy={end.isPending} onClick={() => (isSure ? end.mutate() : setIsSure(true))}>
          {isSure ? t('revokeSure') : t('revoke')}
        </Button>
      )}
    </li>
  );
}
