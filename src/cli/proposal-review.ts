/** `proposal list`, `show`, `mark`, `diff` and `apply`. */
import {
  applyProposal,
  diffProposal,
  findProposal,
  listProposals,
  markProposal,
  proposalChange,
} from '../app/proposals/proposals.ts';
import type { Json } from '../model/json.ts';
import { Refusal } from '../model/refusal.ts';
import type { Proposal, ProposalKind, ProposalStatus } from '../model/run.ts';
import type { CliContext } from './context.ts';
import { placeOf, printJson, printYaml } from './program-edits.ts';
import { splitProgram } from './program-argument.ts';
import { makePaint } from './render/paint.ts';
import { plainLine, plainText } from './render/plain-text.ts';
import { printTable, type Column } from './render/table.ts';

export interface ListOptions {
  runId?: string;
  status?: ProposalStatus;
  kind?: ProposalKind;
  json?: boolean;
}

export interface MarkOptions {
  status: ProposalStatus;
  note?: string;
  json?: boolean;
}

export interface ApplyOptions {
  append?: boolean;
  force?: boolean;
  json?: boolean;
}

export async function list(
  words: string[],
  options: ListOptions,
  context: CliContext,
): Promise<void> {
  const usage = 'proposal list [PROGRAM] [options]';
  const { programDir } = splitProgram(words, { min: 0, max: 0, usage }, context);
  const { proposals, unreadable } = listProposals(programDir, {
    run: options.runId,
    status: options.status,
    kind: options.kind,
  });
  if (options.json === true) printJson(proposals, context);
  else printTable(context.stdout, proposals, columns, 'No proposals.');
  for (const line of unreadable) {
    context.stderr.line(
      `${makePaint(context.stderr.color).bad('cannot be read:')} ${plainLine(line)}`,
    );
  }
}

export async function show(
  words: string[],
  options: { json?: boolean },
  context: CliContext,
): Promise<void> {
  const { programDir, id } = idWords(words, 'proposal show [PROGRAM] ID', context);
  const proposal = findProposal(programDir, id);
  if (options.json === true) printJson(proposal, context);
  else printYaml(proposal as unknown as Json, context);
}

export async function mark(
  words: string[],
  options: MarkOptions,
  context: CliContext,
): Promise<void> {
  const { programDir, id } = idWords(words, 'proposal mark [PROGRAM] ID --status STATUS', context);
  const proposal = await markProposal(
    context,
    programDir,
    id,
    options.status,
    options.note ?? null,
  );
  if (options.json === true) printJson(proposal, context);
  else context.stdout.line(`${proposal.proposal_id}\t${proposal.status}`);
}

export async function diff(words: string[], context: CliContext): Promise<void> {
  const { programDir, id } = idWords(words, 'proposal diff [PROGRAM] ID', context);
  const change = await proposalChange(programDir, id);
  const { proposal, file, changedSince } = change;
  const patch = await diffProposal(change);
  const note = (text: string): void => context.stderr.line(plainLine(text));
  if (proposal.proposal.suggested_content_mode === 'snippet') {
    note('a snippet: this is what --append would do');
  }
  if (changedSince) note(`${file} has changed since the proposal was recorded`);
  if (patch === '') note(`${file} holds it already`);
  // Piped, it is a patch for another program, byte for byte.
  context.stdout.write(context.stdout.isTerminal ? coloured(patch, context) : patch);
}

export async function apply(
  words: string[],
  options: ApplyOptions,
  context: CliContext,
): Promise<void> {
  const usage = 'proposal apply [PROGRAM] ID [--append] [--force]';
  const { programDir, rest, globalRoot } = await placeOf(words, { min: 1, max: 1, usage }, context);
  const id = rest[0] ?? '';
  const choice = { append: options.append === true, force: options.force === true };
  try {
    const { proposal, file, written } = await applyProposal(
      context,
      { programDir, globalRoot },
      id,
      choice,
    );
    if (options.json === true) return printJson(proposal, context);
    const what = written ? 'applied to' : 'marked applied; it stood already in';
    context.stdout.line(`${proposal.proposal_id}\t${what} ${file}`);
  } catch (error) {
    if (error instanceof Refusal && error.code === 'proposal-snippet') {
      const { suggested_content: content } = findProposal(programDir, id).proposal;
      context.stdout.line(plainText(content).trimEnd());
    }
    throw error;
  }
}

function idWords(
  words: string[],
  usage: string,
  context: CliContext,
): { programDir: string; id: string } {
  const { programDir, rest } = splitProgram(words, { min: 1, max: 1, usage }, context);
  return { programDir, id: rest[0] ?? '' };
}

function coloured(patch: string, context: CliContext): string {
  const paint = makePaint(context.stdout.color);
  return plainText(patch)
    .split('\n')
    .map((line) => {
      if (line.startsWith('+++') || line.startsWith('---')) return paint.bold(line);
      if (line.startsWith('+')) return paint.good(line);
      if (line.startsWith('-')) return paint.bad(line);
      return line.startsWith('@@') ? paint.dim(line) : line;
    })
    .join('\n');
}

const columns: Column<Proposal>[] = [
  { title: 'ID', cell: ({ proposal_id }) => proposal_id },
  { title: 'RUN', cell: ({ run_id }) => run_id, piped: ({ run_id }) => `run=${run_id}` },
  {
    title: 'STATUS',
    cell: ({ status }) => status,
    piped: ({ status }) => `status=${status}`,
    paint: ({ status }, text, paint) =>
      status === 'proposed'
        ? paint.asks(text)
        : status === 'applied'
          ? paint.good(text)
          : paint.dim(text),
  },
  {
    title: 'KIND',
    cell: ({ proposal }) => proposal.kind,
    piped: ({ proposal }) => `kind=${proposal.kind}`,
  },
  {
    title: 'TARGET',
    cell: ({ target_file_path }) => target_file_path,
    piped: ({ target_file_path }) => `target=${target_file_path}`,
  },
  {
    title: 'SUMMARY',
    cell: ({ proposal }) => proposal.summary,
    only: 'table',
    flexible: true,
  },
];
