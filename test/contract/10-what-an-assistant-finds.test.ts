/** Section 10: what an assistant finds in its environment, and where it leads. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { codexOrch, writeFiles } from '../support/built-program.ts';
import { standInCodex } from '../support/stand-in-codex.ts';
import { dir, orch, program, show } from './shell-program.ts';

it('an assistant finds the run, its instances, and the files of its role', async () => {
  const answer = {
    ...{ resolution_kind: 'auto_reply', answer: 'So.', rationale: 'R', confidence: 'high' },
    ...{ citations: [], payload: null, proposed_updates: [] },
  };
  const { env, calls } = standInCodex(path.join(dir, 'stand-in'), {
    policy: `cat <<'JSON'\n${JSON.stringify(answer)}\nJSON\n`,
  });
  const ask = 'codex-orch interrupt create --audience assistant --kind question --question Why?';
  program({ a: { run: `[ -e asked ] || ${ask} --target-role policy && touch asked` } });
  writeFiles(dir, {
    'assistant_roles/policy/role.yaml': 'id: policy\nmanaged_assets: [own.md, shared.md]\n',
    'assistant_roles/policy/instructions.md': 'Prefer the smaller change.\n',
    'assistant_roles/policy/own.md': 'own\n',
    'shared.md': 'shared\n',
  });
  expect((await orch('assistant-doc', 'install', '.')).code).toBe(0);
  expect((await orch('run', 'start', '--root', 'a')).code).toBe(3);
  const worker = await codexOrch(['inbox', 'worker', '.', '--once'], { cwd: dir, env });
  expect(worker.stdout).toContain('auto_replied=1');
  const [call] = calls();
  const { id } = await show();
  const run = path.join(dir, '.runs', id);
  const role = path.join(dir, 'assistant_roles/policy');
  const found = Object.entries(call?.env ?? {}).filter(([name]) =>
    /^CODEX_ORCH_(ASSISTANT|RUN)_/.test(name),
  );
  expect(Object.fromEntries(found)).toEqual({
    CODEX_ORCH_RUN_ID: id,
    CODEX_ORCH_RUN_DIR: run,
    CODEX_ORCH_RUN_INSTANCES_DIR: path.join(run, 'instances'),
    CODEX_ORCH_ASSISTANT_ROLE_ID: 'policy',
    CODEX_ORCH_ASSISTANT_ROLE_DIR: role,
    CODEX_ORCH_ASSISTANT_ROLE_WORKSPACE_DIR: call?.cwd,
    CODEX_ORCH_ASSISTANT_MANAGED_ASSET_PATHS: `${role}/own.md:${dir}/shared.md`,
    CODEX_ORCH_ASSISTANT_OPERATING_MODEL_PATH: path.join(
      dir,
      'assistant_roles/_shared/operating-model.md',
    ),
  });
  for (const [name, value] of found) {
    if (name.endsWith('_ID')) continue;
    for (const file of value.split(':')) expect(existsSync(file), file).toBe(true);
  }
});
