import { AwayError, ProblemError, readProblem } from './problem';

/** All of a list that fits a query, as a file. The kind of file is asked for by a header, which a link cannot carry. */
export async function fileOf(path: string, query: Readonly<Record<string, string | undefined>>, accept: string): Promise<Blob> {
  const given = Object.entries(query).flatMap(([name, value]): [string, string][] => (value === undefined || value === '' ? [] : [[name, value]]));
  let response: Response;
  try {
    response = await fetch(`${path}?${new URLSearchParams(given).toString()}`, { headers: { accept }, credentials: 'same-origin' });
  } catch (cause) {
    throw new AwayError({ cause });
  }
  if (!response.ok) {
    const body: unknown = await response.json().catch(() => null);
    throw new ProblemError(readProblem(body, response));
  }
  // A page where a file was asked for is not handed on as one.
  if (response.headers.get('content-type')?.startsWith(accept) !== true) throw new TypeError('a file was asked for, and something else came');
  return response.blob();
}
