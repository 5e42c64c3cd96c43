/** What a run or an instance has used, in a line; and, where something bounds it, how much of that. */
import type { CostView } from '../../api/cost.ts';
import type { BudgetLine } from '../../../app/run/budget-lines.ts';
import type { BudgetKey } from '../../../model/budget.ts';
import { count } from '../../../text/amounts.ts';
import { bareAmount, inWords } from '../../../text/budget-amounts.ts';
import { apiPath } from '../data/api.ts';
import { useResource } from '../data/resource.ts';
import { durationText } from '../data/clock.ts';
import './spent.css';

/** Above this much of a bound, a person should know. */
const nearShare = 0.8;

/** Of a run; with `instanceId`, of that instance alone. Nothing where nothing is known, and nothing bounds it. */
export function Spent(props: { runId: string; instanceId?: string; label?: string }) {
  const { runId, instanceId, label } = props;
  const query = instanceId === undefined ? '' : `?instance=${encodeURIComponent(instanceId)}`;
  const { data } = useResource<CostView>(`${apiPath('runs', runId, 'cost')}${query}`);
  if (!data) return null;
  const { spending, budget } = data;
  const { input_tokens: input, output_tokens: output } = spending;
  const isUsed = input + output > 0 || (spending.cost_usd ?? 0) > 0;
  if (!isUsed && budget.length === 0) return null;
  return (
    <>
      {label !== undefined && <span>{label}</span>}
      {isUsed && (
        <span
          className="num"
          title={`${input.toLocaleString()} tokens in (${spending.cached_input_tokens.toLocaleString()} cached), ${output.toLocaleString()} out, in ${spending.attempts} attempts`}
        >
          {spentText(
            { tokens: input + output, usd: spending.cost_usd },
            spending.unpriced_attempts,
          )}
        </span>
      )}
      {budget.map((line) => (
        <Bound key={line.key} line={line} />
      ))}
    </>
  );
}

/** `12.3k tokens, $0.41`; `≥` where a part has no price. */
export function spentText(
  { tokens, usd }: { tokens: number; usd: number | null },
  unpriced: number,
): string {
  const cost =
    usd === null ? 'cost unknown' : `${unpriced > 0 ? '≥ ' : ''}${inWords('cost_usd', usd)}`;
  return [...(tokens > 0 ? [`${count(tokens)} tokens`] : []), cost].join(', ');
}

const names: Record<BudgetKey, string> = {
  tokens: 'tokens',
  cost_usd: 'dollars',
  wall_sec: 'time',
  attempts: 'attempts',
};

function Bound({ line: { key, used, most } }: { line: BudgetLine }) {
  const share = most === 0 ? 1 : Math.min(1, used / most);
  const tone = share >= 1 ? 'bad' : share >= nearShare ? 'wait' : 'ok';
  const text =
    key === 'wall_sec'
      ? `${durationText(used * 1000)} of ${durationText(most * 1000)}`
      : `${bareAmount(key, used)} of ${inWords(key, most)}`;
  return (
    <span className="spent-bound num" title={`Its budget of ${names[key]}: ${text}`}>
      {text}
      <i aria-hidden="true">
        <i className={`bar-${tone}`} style={{ width: `${share * 100}%` }} />
      </i>
    </span>
  );
}
