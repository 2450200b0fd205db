import { AwayError, ProblemError, readProblem } from '@/lib/api/problem';
import { FrameReader } from '@/lib/sse';

/** A live stream falls silent once what is recorded was sent; a run that waits would hold it open for ever. */
const SILENCE_MS = 1_500;

/** What is recorded of a run until now: each event with its name and number, as a line of JSON. */
export async function recordedEvents(runId: string): Promise<string[]> {
  const line = new AbortController();
  const found: string[] = [];
  let silence: ReturnType<typeof setTimeout> | undefined;
  const wait = () => {
    clearTimeout(silence);
    silence = setTimeout(() => line.abort(), SILENCE_MS);
  };
  try {
    const response = await fetch(`/api/v1/runs/${encodeURIComponent(runId)}/events`, { headers: { accept: 'text/event-stream' }, credentials: 'same-origin', signal: line.signal });
    if (response.status === 204) return found;
    if (!response.ok || response.body === null) throw new ProblemError(readProblem(await response.json().catch(() => null), response));
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    const frames = new FrameReader();
    for (wait(); ; wait()) {
      const { done, value } = await reader.read();
      if (done) return found;
      for (const frame of frames.push(value)) {
        // Pieces of text that is being written have no number: they are not recorded.
        if (frame.id === null) continue;
        found.push(JSON.stringify({ seq: Number(frame.id), event: frame.event, data: dataOf(frame.data) }));
        if (frame.event === 'run.ended') return found;
      }
    }
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    if (line.signal.aborted) return found;
    throw new AwayError({ cause: error });
  } finally {
    clearTimeout(silence);
    line.abort();
  }
}

function dataOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
