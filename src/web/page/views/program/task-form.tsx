/** All fields of a task as a form. What was not changed stays in the file as it is, to the byte. */
import type { JsonObject } from '../../../../model/json.ts';
import type { ProgramView } from '../../../api/program.ts';
import type { TaskView } from '../../../api/task.ts';
import { SchemaForm } from '../../form/schema-form.tsx';
import { FailureBox } from '../../parts/failure.tsx';
import { Box, Panel } from '../../parts/pieces.tsx';
import { ChangedMeanwhile } from '../../parts/changed-meanwhile.tsx';
import { useTaskEdit, type TaskEdit } from './task-edit.ts';
import { fieldGroups, schemaOf, type FieldGroup } from './task-fields.ts';

interface TaskFormProps {
  view: TaskView;
  /** The fields as they stand in the file. */
  written: JsonObject;
  program: ProgramView | null;
}

export function TaskForm({ view, written, program }: TaskFormProps) {
  const edit = useTaskEdit(view, written);
  return (
    <form
      className="stack task-form"
      data-save=""
      onSubmit={(event) => {
        event.preventDefault();
        void edit.save();
      }}
    >
      {edit.outdated && <ChangedMeanwhile onBegin={edit.begin} />}
      {edit.isBack && (
        <Box tone="info" icon="info">
          What you had not saved is back.
        </Box>
      )}
      <div className="stack task-groups" key={edit.round}>
        {fieldGroups(written).map((group) => (
          <Group key={group.title} group={group} edit={edit} program={program} />
        ))}
      </div>
      {edit.failure && <FailureBox failure={edit.failure} />}
      <Foot edit={edit} />
    </form>
  );
}

const noProblems: ReadonlyMap<string, string[]> = new Map();

function Group(props: { group: FieldGroup; edit: TaskEdit; program: ProgramView | null }) {
  const { group, edit, program } = props;
  const { title, names, across = false } = group;
  const known = {
    project: program?.project ?? null,
    roles: program?.roles.map(({ id }) => id) ?? [],
  };
  const own = Object.entries(edit.draft).filter(([name]) => names.includes(name));
  return (
    <Panel title={title} inset="plain">
      <div className={across ? 'across' : undefined}>
        <SchemaForm
          schema={schemaOf(names, known)}
          value={Object.fromEntries(own)}
          onChange={(next) => {
            const others = Object.entries(edit.draft).filter(([name]) => !names.includes(name));
            edit.change({ ...Object.fromEntries(others), ...((next ?? {}) as JsonObject) });
          }}
          problems={noProblems}
          showAll={false}
          keepsEmpty
        />
      </div>
    </Panel>
  );
}

function Foot({ edit: { changed, saved, busy, begin } }: { edit: TaskEdit }) {
  const dirty = changed.length > 0;
  return (
    <div className="row form-foot">
      <button type="submit" className="primary" disabled={!dirty || busy}>
        Save
      </button>
      <button type="button" disabled={!dirty} onClick={begin}>
        Discard
      </button>
      <span className="faint" role="status">
        {saved && !dirty
          ? 'Saved. Runs that have started keep what they froze.'
          : dirty
            ? `Changes: ${changed.join(', ')}`
            : 'Only what you change is written.'}
      </span>
    </div>
  );
}
