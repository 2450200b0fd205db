import { isRecord } from '@/lib/json';
import type { paths } from './schema';

/** The paths that answer to a method. */
type PathsOf<M extends 'get' | 'post'> = { [P in keyof paths]: paths[P][M] extends { parameters: object } ? P : never }[keyof paths];
type Read = PathsOf<'get'>;
type SentTo = PathsOf<'post'>;

/** What can be asked of a path that is read. */
export type QueryOf<P extends Read> = NonNullable<paths[P]['get']['parameters']['query']>;
/** What can be said along with what is sent to a path. */
export type PostQueryOf<P extends SentTo> = NonNullable<paths[P]['post']['parameters']['query']>;

/**
 * The address of what is read where `api` cannot read it: as a stream or as a file. Paths, their parts and their filters are those of the interface, as with `api`.
 * A filter that says nothing is left out.
 */
export function addressOf<P extends Read>(path: P, given: Pick<paths[P]['get']['parameters'], 'path' | 'query'>): string {
  return filled(path, given);
}

/** The same of what is sent to. */
export function addressToPost<P extends SentTo>(path: P, given: Pick<paths[P]['post']['parameters'], 'path' | 'query'>): string {
  return filled(path, given);
}

function filled(path: string, given: { path?: unknown; query?: unknown }): string {
  const parts = isRecord(given.path) ? given.path : {};
  const place = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(parts[name])));
  const said = Object.entries(isRecord(given.query) ? given.query : {}).flatMap(([name, value]): [string, string][] => (value === undefined || value === '' ? [] : [[name, String(value)]]));
  return said.length === 0 ? place : `${place}?${new URLSearchParams(said).toString()}`;
}
