/**
 * What neighbouring tools call our fields: GitHub Actions, GitLab CI, Dagu, Airflow, Prefect, Make, Taskfile,
 * docker compose, and what models write by themselves. Such a name in a file is an error: its author relies on
 * it, and it would be ignored. Names that mean nothing of ours are not here.
 */

/** Another tool's word → the name of our field at the same place, or else what to write instead, as a sentence. */
export type OtherWords = Readonly<Record<string, string>>;

/** Several words for one thing. */
function all(words: string, meant: string): Record<string, string> {
  return Object.fromEntries(words.split(' ').map((word) => [word, meant]));
}

const timeouts = 'timeout timeouts timeout_sec timeout_seconds timeout-minutes timeout_minutes';
const limits = `${timeouts} execution_timeout wall_timeout max_runtime deadline ttl timeoutSec`;
const places = 'cwd dir directory working_dir working-directory working_directory workdir';
const sandboxWords = 'sandbox_mode permissions permission_mode access approval_mode';
const modelWords = 'model_name llm engine_model';

export const projectWords: OtherWords = {
  ...all(
    'tasks steps jobs nodes stages dag flow workflow pipeline services targets',
    'Write each task into a file of its own: "tasks/<id>.yaml".',
  ),
  ...all('roles assistants_roles assistant_roles', 'Write "assistant_roles/<id>/role.yaml".'),
  ...all('presets templates', 'Write each into a file of its own: "presets/<id>.yaml".'),
  ...all('title project program project_name', 'name'),
  ...all('desc summary about', 'description'),
  ...all(`${places} repo repository root path project_dir workspace_dir`, 'workspace'),
  ...all('inputs input params parameters vars variables args with user_input', 'user_inputs'),
  ...all(
    'concurrency parallelism parallel max_parallel max-parallel max_active_runs max_active_tasks workers jobs_limit maxActiveRuns maxActiveSteps',
    'max_concurrency',
  ),
  ...all(limits, 'node_wall_timeout_sec'),
  ...all('idle_timeout idle_timeout_sec inactivity_timeout stall_timeout', 'node_idle_timeout_sec'),
  ...all(
    'grace_period stop_grace_period terminate_grace_sec kill_timeout kill_after',
    'node_terminate_grace_sec',
  ),
  ...all('agent runner worker executor_agent', 'default_agent'),
  ...all(`model ${modelWords}`, 'default_model'),
  ...all(`sandbox ${sandboxWords}`, 'default_sandbox'),
  ...all('runners executors profiles', 'agents'),
  ...all('env environment', 'Write "env" into an agent: "agents.<name>.env".'),
};

export const agentWords: OtherWords = {
  ...all('type kind provider engine tool runner executor', 'backend'),
  ...all('cmd entrypoint argv exec executable binary program path', 'command'),
  ...all('script shell bash sh line commands cmds', 'run'),
  ...all('environment envs env_vars variables vars', 'env'),
  ...all('arguments flags options extra_args params', 'args'),
  ...all(modelWords, 'model'),
  ...all(sandboxWords, 'sandbox'),
  ...all(limits, 'Write "node_wall_timeout_sec" into project.yaml: it holds for all tasks.'),
};

export const taskWords: OtherWords = {
  ...all(
    'needs depends depend requires require after deps dependency dependencies upstream upstreams parents prerequisites prereqs wait_for waits_for previous runs_after',
    'depends_on',
  ),
  ...all(
    'before downstream next triggers on_success then',
    'Write "depends_on" into the task that comes after this one.',
  ),
  ...all(
    'prompt prompts prompt_file prompt_path prompt_template system_prompt user_prompt instructions instruction message messages input_prompt body content goal objective',
    'compose',
  ),
  ...all(
    'inputs input with context params parameters vars arguments args',
    'Write a part of "compose": {kind: ref, ref: inputs.<key>}.',
  ),
  ...all('command commands script scripts cmd cmds bash sh shell exec entrypoint call', 'run'),
  ...all('name summary heading', 'title'),
  ...all('desc about details doc', 'description'),
  ...all('task_id key slug', 'id'),
  ...all('type', 'kind'),
  ...all('state', 'status'),
  ...all('tags tag groups categories', 'labels'),
  ...all('executor operator runner worker assignee agent_name uses', 'agent'),
  ...all(
    'outputs output artifacts artifact produces product generates creates files deliverables publishes',
    'publish',
  ),
  ...all(
    'schema output_schema json_schema response_schema response_format output_format result',
    'result_schema',
  ),
  ...all(
    'routes branches branch switch cases loop repeat repeat_policy repeatPolicy until while continue_targets stop_targets max_iterations iterations mode',
    'control',
  ),
  ...all(
    'if condition conditions preconditions unless only_if skip_if run_if',
    'Write "when: {ref: deps.<task>.result.<path>, matches: {const: …}}".',
  ),
  ...all('foreach each matrix strategy with_items with_list map map_over items', 'for_each'),
  ...all(`${places} repo`, 'workspace'),
  ...all(
    'writable_roots writable_dirs writable add_dirs volumes mounts allowed_paths',
    'extra_writable_roots',
  ),
  ...all('consume consumes', 'Write "consume" into an item of "depends_on".'),
  ...all('default_model llm model_name', 'model'),
  ...all(`default_sandbox ${sandboxWords}`, 'sandbox'),
  ...all('default_agent', 'agent'),
  ...all('queue task_queue pool node_pool', 'runs_on'),
  ...all('roles assistants reviewers approvers', 'interaction_policy'),
  ...all('decisions approvals approval', 'required_decisions'),
  ...all('ask_when preferred_roles decision_kind_overrides hints', 'assistant_hints'),
  ...all('allow_human allowed_assistant_roles policy', 'interaction_policy'),
  ...all('user_inputs', 'Write "user_inputs" into project.yaml.'),
  ...all(
    `${limits} node_wall_timeout_sec`,
    'Write "node_wall_timeout_sec" into project.yaml: it holds for all tasks.',
  ),
  ...all(
    'idle_timeout node_idle_timeout_sec',
    'Write "node_idle_timeout_sec" into project.yaml: it holds for all tasks.',
  ),
  ...all(
    'env environment',
    'Write "env" into an agent, and name it in "agent": project.yaml, "agents.<name>.env".',
  ),
};

export const dependencyWords: OtherWords = {
  ...all('id name job step on from upstream task_id needs depends_on target', 'task'),
  ...all('type mode condition', 'kind'),
  ...all(
    'artifacts artifact files file paths outputs take takes with consumes use uses',
    'consume',
  ),
  ...all('alias scope scope_alias rename', 'as'),
  ...all('collect join wait_for fan_in reduce aggregate', 'gather'),
};

export const forEachWords: OtherWords = {
  ...all('in list over values of ref from with_items matrix', 'items'),
  ...all('item item_name var variable loop_var iterator name', 'as'),
  ...all('id item_key named_by label', 'key'),
  ...all('parallel parallelism concurrency max_concurrency max_workers workers', 'max_parallel'),
  ...all('ask confirm_above approve_above', 'ask_above'),
  ...all('limit max max_length', 'max_items'),
  ...all('fail_fast max_failures max_fail stop_on_failure max_failed', 'stop_after'),
};

export const composeWords: OtherWords = {
  ...all('type', 'kind'),
  ...all('file filename file_path filepath src source include from', 'path'),
  ...all('reference input dep deps inputs artifact var variable', 'ref'),
  ...all('content literal value prompt body message string', 'text'),
};

export const controlWords: OtherWords = {
  ...all('type kind', 'mode'),
  ...all('branches cases options targets labels', 'routes'),
  ...all('continue continue_to next again start body targets repeat', 'continue_targets'),
  ...all('stop stop_to exit done end finally then', 'stop_targets'),
  ...all('max limit iterations max_loops max_attempts max_rounds max_iter', 'max_iterations'),
};

export const routeWords: OtherWords = {
  ...all('name case when if key value id', 'label'),
  ...all('to tasks task then target next goto', 'targets'),
};

export const hintsWords: OtherWords = {
  ...all('roles role assistants preferred', 'preferred_roles'),
  ...all('overrides decision_kinds decisions', 'decision_kind_overrides'),
  ...all('when ask situations', 'ask_when'),
};

export const interactionWords: OtherWords = {
  ...all(
    'roles allowed_roles assistants allowed_assistants assistant_roles',
    'allowed_assistant_roles',
  ),
  ...all('human humans allow_humans ask_human', 'allow_human'),
};

export const decisionWords: OtherWords = {
  ...all('kind type decision', 'decision_kind'),
  ...all('by who whom from role to asker', 'audience'),
  ...all('question text reason', 'description'),
};

export const roleWords: OtherWords = {
  ...all('name', 'title'),
  ...all('desc about summary', 'description'),
  ...all('engine provider type runner', 'backend'),
  ...all('prompt system_prompt prompt_file instruction guide', 'instructions'),
  ...all('assets files managed_files managed documents docs knowledge', 'managed_assets'),
  ...all('default_model llm model_name', 'model'),
  ...all(`default_sandbox ${sandboxWords}`, 'sandbox'),
  ...all('policies routing rules', 'policy'),
  ...all(
    'request_kinds decision_kinds task_labels_any ask_when labels',
    'Write it into "policy": request_kinds, decision_kinds, task_labels_any, ask_when.',
  ),
};

export const rolePolicyWords: OtherWords = {
  ...all('requests kinds', 'request_kinds'),
  ...all('decisions', 'decision_kinds'),
  ...all('labels task_labels labels_any tags', 'task_labels_any'),
  ...all('when situations', 'ask_when'),
};

export const presetWords: OtherWords = {
  ...all('name', 'title'),
  ...all('desc about summary', 'description'),
  ...all('vars params parameters inputs arguments args', 'variables'),
  ...all('steps jobs nodes stages', 'tasks'),
};

export const variableWords: OtherWords = {
  ...all('value fallback default_value', 'default'),
  ...all('desc help title', 'description'),
  ...all('optional mandatory', 'required'),
};
