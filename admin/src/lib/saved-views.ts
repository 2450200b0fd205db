'use client';

import { useState } from 'react';
import { isRecord, textOf } from './json';
import { recall, remember } from './remember';

/** The most that one person keeps for one page, and the letters of a name. */
const VIEWS_MAX = 12;
export const VIEW_NAME_LETTERS_MAX = 40;

/** The pages whose filters are kept, each by itself. */
export type Viewed = 'holds' | 'blocked' | 'actions';

/** Filters under a name. */
export interface View {
  name: string;
  filters: Record<string, string>;
}

/** What is kept may be of another version, or written by somebody else: what cannot be read is left out. */
export function viewsFrom(text: string | null): View[] {
  try {
    const found: unknown = JSON.parse(text ?? '[]');
    return (Array.isArray(found) ? found : []).flatMap((one) => {
      const name = isRecord(one) ? textOf(one['name']) : null;
      if (!isRecord(one) || name === null || !isRecord(one['filters'])) return [];
      const filters = Object.entries(one['filters']).flatMap(([key, value]): [string, string][] => (typeof value === 'string' ? [[key, value]] : []));
      return [{ name, filters: Object.fromEntries(filters) }];
    });
  } catch {
    return [];
  }
}

/** Named filters of one person for one page. They stay in this browser: the server has no place for them. */
export function useSavedViews(page: Viewed, personId: string) {
  const [views, setViews] = useState(() => viewsFrom(recall(`views.${page}.${personId}`)));
  const keep = (next: View[]) => {
    setViews(next);
    remember(`views.${page}.${personId}`, JSON.stringify(next));
  };
  return {
    views,
    isFull: views.length >= VIEWS_MAX,
    save: (view: View) => keep([...views.filter((one) => one.name !== view.name), view].slice(-VIEWS_MAX)),
    drop: (name: string) => keep(views.filter((one) => one.name !== name)),
  };
}
