/**
 * Small real programs to be crashed: a chain, a loop with a route, a question to a person, a failure
 * that a resume retries. Every attempt appends a line to `attempts.log` when it begins.
 */

export interface CrashProgram {
  name: string;
  roots: string[];
  /** File → text, relative to the program. */
  files: Record<string, string>;
  /** What a person answers, whatever is asked. */
  answer?: string;
  /** Instances that one undisturbed run ends with: `task/iteration status attempts`. */
  expected: string[];
}

const project = 'name: crash\nworkspace: .\ndefault_agent: shell\nnode_terminate_grace_sec: 1\n';
const note = 'echo "$CODEX_ORCH_INSTANCE_ID ${CODEX_ORCH_ATTEMPT_DIR##*/}" >> attempts.log;';

function task(id: string, run: string, more = ''): [string, string] {
  const text = `id: ${id}\ntitle: ${id}\nstatus: ready\n${more}run: |\n  ${note}\n${run.replace(/^/gm, '  ')}\n`;
  return [`tasks/${id}.yaml`, text];
}

const after = (upstream: string): string => `depends_on: [{task: ${upstream}, kind: order}]\n`;

export const crashPrograms: CrashProgram[] = [
  {
    name: 'chain',
    roots: ['c'],
    files: Object.fromEntries([
      ['project.yaml', project],
      task('a', 'echo from a'),
      task(
        'b',
        'cat "$CODEX_ORCH_ATTEMPT_DIR/context/refs/deps/a/artifacts/final.md"',
        'depends_on: [{task: a, kind: context, consume: [final.md]}]\ncompose: [{kind: ref, ref: deps.a.artifacts.final.md}]\n',
      ),
      task('c', 'echo done', after('b')),
    ]),
    expected: ['a/0 done 1', 'b/0 done 1', 'c/0 done 1'],
  },
  {
    name: 'loop-and-route',
    roots: ['gate'],
    files: Object.fromEntries([
      ['project.yaml', `${project}user_inputs: {n: inputs/n.json}\n`],
      ['inputs/n.json', '0'],
      task('work', 'echo working', 'compose: [{kind: ref, ref: inputs.n}]\n'),
      task(
        'gate',
        [
          'n=$(cat "$CODEX_ORCH_ATTEMPT_DIR/context/refs/inputs/n.json")',
          'if [ "$n" -lt 2 ]; then',
          `  echo '{"control": {"kind": "loop", "action": "continue", "next_inputs": {"n": '$((n + 1))'}}}'`,
          'else',
          `  echo '{"control": {"kind": "loop", "action": "stop"}}'`,
          'fi',
        ].join('\n'),
        `kind: controller\n${after('work')}compose: [{kind: ref, ref: inputs.n}]\ncontrol: {mode: loop, continue_targets: [work], stop_targets: [choose]}\n`,
      ),
      task(
        'choose',
        `echo '{"control": {"kind": "route", "labels": ["left"]}}'`,
        `kind: controller\n${after('gate')}control: {mode: route, routes: [{label: left, targets: [left]}, {label: right, targets: [right]}]}\n`,
      ),
      task('left', 'echo left', after('choose')),
      task('right', 'echo right', after('choose')),
    ]),
    expected: [
      'choose/2 done 1',
      'gate/0 done 1',
      'gate/1 done 1',
      'gate/2 done 1',
      'left/2 done 1',
      'work/0 done 1',
      'work/1 done 1',
      'work/2 done 1',
    ],
  },
  {
    name: 'question',
    roots: ['after'],
    answer: 'go on',
    files: Object.fromEntries([
      ['project.yaml', project],
      task(
        'ask',
        [
          'if grep -q "go on" "$CODEX_ORCH_ATTEMPT_DIR/context/refs/runtime/latest_reply.json"; then',
          '  echo answered',
          'else',
          '  codex-orch interrupt create --audience human --kind approval --question "May I?"',
          'fi',
        ].join('\n'),
        'compose: [{kind: ref, ref: runtime.latest_reply}]\n',
      ),
      task('after', 'echo after', after('ask')),
    ]),
    expected: ['after/0 done 1', 'ask/0 done 2'],
  },
  {
    name: 'retry',
    roots: ['last'],
    files: Object.fromEntries([
      ['project.yaml', project],
      task('first', 'echo first'),
      // Fails once, and is forced by `run retry-instance`.
      task(
        'flaky',
        'if [ -e mended ]; then echo mended; else touch mended; exit 7; fi',
        after('first'),
      ),
      task('last', 'echo last', after('flaky')),
    ]),
    expected: ['first/0 done 1', 'flaky/0 done 2', 'last/0 done 1'],
  },
];
