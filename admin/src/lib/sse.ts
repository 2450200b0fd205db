/** One frame of a stream of server-sent events. */
export interface Frame {
  event: string;
  data: string;
  id: string | null;
}

/** Cuts text that arrives in pieces into frames. Comments and fields that are not ours are left out. */
export class FrameReader {
  private rest = '';

  push(text: string): Frame[] {
    // The two letters of a line's end may come in two pieces.
    this.rest = (this.rest + text).replaceAll('\r\n', '\n');
    const frames: Frame[] = [];
    for (let end = this.rest.indexOf('\n\n'); end >= 0; end = this.rest.indexOf('\n\n')) {
      const block = this.rest.slice(0, end);
      this.rest = this.rest.slice(end + 2);
      const frame: Frame = { event: 'message', data: '', id: null };
      const data: string[] = [];
      for (const line of block.split('\n')) {
        const colon = line.indexOf(':');
        if (colon <= 0) continue;
        const [field, value] = [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
        if (field === 'event') frame.event = value;
        if (field === 'data') data.push(value);
        if (field === 'id') frame.id = value;
      }
      if (data.length > 0) frames.push({ ...frame, data: data.join('\n') });
    }
    return frames;
  }
}
