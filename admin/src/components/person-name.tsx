'use client';

import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'use-intl';
import { answer, api } from '@/lib/api/client';
import { readAll } from '@/lib/list';
import { may, useMe } from '@/lib/me';

const PAGE = 200;
/** Ten thousand people. */
const PAGES_MAX = 50;
const NOBODY: ReadonlyMap<string, string> = new Map();

/** People by id, for whoever may know them. */
export function usePeopleNames(): ReadonlyMap<string, string> {
  const me = useMe();
  const people = useQuery({
    queryKey: ['people', 'names'],
    queryFn: async () => {
      const people = await readAll((cursor) => answer(api.GET('/api/v1/people', { params: { query: { limit: PAGE, cursor } } })), PAGES_MAX);
      return new Map(people.map((person) => [person.person_id, person.display_name]));
    },
    enabled: may(me, 'people:read'),
    staleTime: 60_000,
  });
  return people.data ?? NOBODY;
}

/** Somebody's name: “you” for oneself, the end of the id for those one may not know. */
export function PersonName({ id }: { id: string }) {
  const t = useTranslations('common');
  const me = useMe();
  const names = usePeopleNames();
  if (id === me.person_id) return t('you');
  return <bdi title={id}>{names.get(id) ?? `…${id.slice(-6)}`}</bdi>;
}
