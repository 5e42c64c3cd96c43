/** Server-sent events: one answer that does not end, in bounded memory however slowly it is read. */
import { stringifyJson } from '../../model/json.ts';
import type { Context } from 'hono';
import type { WebContext } from './context.ts';

export interface EventSink {
  /** `id`: what a client that comes back says it has seen. */
  send(event: string, data: unknown, id?: number): void;
  /** Ends the stream; the client will come back. */
  end(): void;
}

const HEARTBEAT_MS = 15_000;
/** Who reads more slowly than this much behind is cut off, and resumes by its last id. */
const MAX_BEHIND_BYTES = 8 << 20;
const RETRY_MS = 1000;

/**
 * `open` is called once and returns what ends the watching; it is called when the client goes, when it
 * falls behind, or when the server stops.
 */
export function eventStream(
  c: Context,
  web: WebContext,
  open: (sink: EventSink) => () => void,
): Response {
  c.header('content-type', 'text/event-stream; charset=utf-8');
  c.header('cache-control', 'no-store');
  c.header('x-accel-buffering', 'no');
  // Nobody would read the stream, and nothing would end it.
  if (c.req.method === 'HEAD') return c.body(null);
  const encoder = new TextEncoder();
  let finish: () => void = () => undefined;
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        let isOpen = true;
        let stop: () => void = () => undefined;
        const write = (text: string): void => {
          if (!isOpen) return;
          controller.enqueue(encoder.encode(text));
          if ((controller.desiredSize ?? 0) < -MAX_BEHIND_BYTES) finish();
        };
        const beat = setInterval(() => write(': \n\n'), HEARTBEAT_MS);
        finish = () => {
          if (!isOpen) return;
          isOpen = false;
          clearInterval(beat);
          web.streams.delete(finish);
          try {
            stop();
            controller.close();
          } catch (error) {
            // The client may have gone first.
            if (!(error instanceof TypeError)) web.onDefect(error);
          }
        };
        web.streams.add(finish);
        const sink: EventSink = {
          send(event, data, id) {
            const line = id === undefined ? '' : `id: ${id}\n`;
            write(`${line}event: ${event}\ndata: ${stringifyJson(data)}\n\n`);
          },
          end: () => finish(),
        };
        write(`retry: ${RETRY_MS}\n\n`);
        try {
          stop = open(sink);
          // It may have ended while it was being opened.
          if (!isOpen) stop();
        } catch (error) {
          finish();
          throw error;
        }
      },
      cancel() {
        finish();
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: 64 * 1024 }),
  );
  return c.body(body);
}
