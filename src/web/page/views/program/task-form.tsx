/** The fields of a task that a form suits; the rest is edited as YAML. Comments in the file stay. */
import { sandboxes, taskStatuses, type TaskSpec } from '../../../../model/program.ts';
import type { ProgramView } from '../../../api/program.ts';
import type { TaskView } from '../../../api/task.ts';
import { FailureBox } from '../../parts/failure.tsx';
import { ChangedMeanwhile } from './changed-meanwhile.tsx';
import { useTaskEdit, type TaskEdit } from './task-edit.ts';
import { ChoiceField, LineField, LinesField, WhomItMayAsk } from './task-fields.tsx';

interface TaskFormProps {
  view: TaskView;
  task: TaskSpec;
  program: ProgramView | null;
}

export function TaskForm({ view, task, program }: TaskFormProps) {
  const edit = useTaskEdit(view, task);
  return (
    <form
      className="stack task-form"
      onSubmit={(event) => {
        event.preventDefault();
        void edit.save();
      }}
    >
      {edit.outdated && <ChangedMeanwhile onBegin={edit.begin} />}
      <LineField edit={edit} of="title" label="Title" />
      <LinesField edit={edit} of="description" label="Description" optional />
      <ShortFields edit={edit} task={task} program={program} />
      <LinesField
        edit={edit}
        of="publish"
        label="Publishes"
        note="One file a line; the task must leave each of them"
        className="mono"
        grows
      />
      <LineField
        edit={edit}
        of="run"
        label="Command line"
        optional
        note="For agents that run a command"
        className="mono"
      />
      {task.control?.mode === 'loop' && (
        <LineField
          edit={edit}
          of="max_iterations"
          label="Iterations at most"
          optional
          note="Empty: no limit"
          type="number"
          min={0}
        />
      )}
      <WhomItMayAsk edit={edit} roles={program?.roles.map(({ id }) => id) ?? []} />
      {edit.failure && <FailureBox failure={edit.failure} />}
      <Foot edit={edit} />
    </form>
  );
}

/** What stands side by side. */
function ShortFields(props: { edit: TaskEdit; task: TaskSpec; program: ProgramView | null }) {
  const { edit, task, program } = props;
  const { agents = {}, default_model: model, default_sandbox: sandbox } = program?.project ?? {};
  return (
    <div className="fields">
      <ChoiceField
        edit={edit}
        of="status"
        label="Status"
        note="Your own board. Blocked and archived tasks keep runs from starting."
        options={taskStatuses}
      />
      <LineField edit={edit} of="labels" label="Labels" optional note="With commas between them" />
      <LineField
        edit={edit}
        of="agent"
        label="Agent"
        suggestions={[...new Set([task.agent, ...Object.keys(agents), 'default', 'shell'])]}
      />
      <LineField
        edit={edit}
        of="model"
        label="Model"
        optional
        placeholder={model ?? 'the default'}
      />
      <ChoiceField
        edit={edit}
        of="sandbox"
        label="Sandbox"
        optional
        options={sandboxes}
        none={sandbox ? `as the project: ${sandbox}` : 'as the project'}
      />
      <LineField
        edit={edit}
        of="workspace"
        label="Workspace"
        optional
        note="Relative to the project’s"
        className="mono"
      />
    </div>
  );
}

function Foot({ edit: { changed, saved, begin } }: { edit: TaskEdit }) {
  const dirty = changed.length > 0;
  return (
    <div className="row form-foot">
      <button type="submit" className="primary" disabled={!dirty}>
        Save
      </button>
      <button type="button" disabled={!dirty} onClick={begin}>
        Discard
      </button>
      <span className="faint" role="status">
        {saved
          ? 'Saved. Runs that have started keep what they froze.'
          : dirty
            ? `Changes: ${changed.join(', ')}`
            : 'Dependencies, prompt and control are edited as YAML or under Edges.'}
      </span>
    </div>
  );
}
