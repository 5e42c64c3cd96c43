/** The server's reasons: as sentences, with the times in them as people say them. */
import { Fragment } from 'react';
import { useNow } from '../data/clock.ts';
import { sentence } from './sentence.ts';
import { Ago, ClockTime } from './time.tsx';

const instant = /(?:since |at )?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)/;

export function Reason({ text }: { text: string }) {
  // Splitting by a pattern with a group gives text and times in turn.
  return sentence(text)
    .split(instant)
    .map((part, index) =>
      index % 2 === 1 ? <When key={index} time={part} /> : <Fragment key={index}>{part}</Fragment>,
    );
}

/** What is still to come has a time of day; what was, an age. */
function When({ time }: { time: string }) {
  const now = useNow(10_000);
  if (Date.parse(time) <= now) return <Ago time={time} />;
  return (
    <>
      at <ClockTime time={time} />
    </>
  );
}
