/** The server's reasons: as sentences, with the times in them as people say them. */
import { Fragment } from 'react';
import { sentence } from './sentence.ts';
import { Ago } from './time.tsx';

const instant = /(?:since |at )?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)/;

export function Reason({ text }: { text: string }) {
  // Splitting by a pattern with a group gives text and times in turn.
  return sentence(text)
    .split(instant)
    .map((part, index) =>
      index % 2 === 1 ? <Ago key={index} time={part} /> : <Fragment key={index}>{part}</Fragment>,
    );
}
