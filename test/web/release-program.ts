/** A program in which people have something to do: to accept, to find what failed, to wait, to start again. */
const isFirst = '[ "$(basename "$CODEX_ORCH_ATTEMPT_DIR")" = 0001 ]';

/** For the round trips: an agent that costs something and has checks, who accepts its work, and tasks that fail in ways of their own. */
export function releaseProgram(itemCount: number): Record<string, unknown> {
  const after = (...ids: string[]) => ids.map((task) => ({ task, kind: 'order' }));
  const text = 'May the **mended cut** go out?';
  const tasks = {
    mend: {
      ...{ title: 'Mend the cut', agent: 'coder', isolation: 'tree' },
      compose: [{ kind: 'literal', text: 'Mend it.' }],
      checks: [{ run: 'grep -q mended app.txt' }],
    },
    accept: {
      ...{ title: 'A person accepts it', depends_on: after('mend'), publish: [] },
      run:
        `if ${isFirst}; then codex-orch interrupt create --audience human --kind approval ` +
        `--decision-kind review --question "${text}" --option "ship it" --option "not yet"; fi`,
    },
    ship: {
      ...{ title: 'Ship it', depends_on: after('accept'), publish: [] },
      run: `echo '{"summary":"The mended cut is out"}' > "$CODEX_ORCH_ATTEMPT_DIR/result.json"`,
    },
    later: {
      ...{ title: 'Later', publish: [], run: `if ${isFirst}; then exit 3; fi` },
      retry: { on: ['nonzero_exit'], delay_sec: 3000, max_delay_sec: 3000 },
    },
    spoil: {
      ...{ title: 'Spoil', isolation: 'tree', publish: [] },
      run:
        `if ${isFirst}; then echo spoilt > app.txt; echo "AssertionError: the cut is gone" >&2; exit 3; fi; ` +
        'echo "found: $(cat app.txt)"',
    },
    report: { title: 'Report', publish: [], depends_on: after('spoil'), run: 'true' },
    look: {
      ...{ title: 'Look at one', publish: [] },
      for_each: {
        items: Array.from({ length: itemCount }, (_, at) => ({ name: `item-${at}` })),
        ...{ as: 'each', key: 'name', ask_above: null },
      },
      // The first two of them fail, whichever they are.
      run:
        'cd "$CODEX_ORCH_PROGRAM_DIR/.."; if [ ! -d two ] && { mkdir one || mkdir two; } 2> /dev/null; ' +
        'then echo "this one does not hold"; exit 3; fi',
    },
    panel: {
      ...{ title: 'Panel', publish: [], run: 'true' },
      depends_on: [{ task: 'look', kind: 'order', gather: 'settled' }],
    },
  };
  const price = { input: 1_000_000, cached_input: 0, output: 1_000_000 };
  return {
    'project.yaml': {
      ...{ name: 'Release', workspace: '../repo', edition: 2, max_concurrency: 4 },
      ...{ default_agent: 'shell', agents: { coder: { backend: 'codex' } } },
      ...{ prices: { '*': price }, budget: { tokens: 1000 } },
      user_inputs: { topic: 'topic.txt' },
    },
    'topic.txt': 'fish',
    ...Object.fromEntries(
      Object.entries(tasks).map(([id, task]) => [
        `tasks/${id}.yaml`,
        { id, status: 'ready', ...('agent' in task ? {} : { agent: 'shell' }), ...task },
      ]),
    ),
  };
}
