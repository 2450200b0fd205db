import { AwayError, ProblemError, readProblem } from './problem';

/** All of a list at an address, as a file. The kind of file is asked for by a header, which a link cannot carry. */
export async function fileAt(address: string, accept: string): Promise<Blob> {
  let response: Response;
  try {
    response = await fetch(address, { headers: { accept }, credentials: 'same-origin' });
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
