/** The assistants of the program: what each may be asked, and what it is told. */
import { Link } from 'wouter';
import type { RoleView } from '../../../api/program.ts';
import { filePath } from '../../data/api.ts';
import { Artifact } from '../../parts/artifact.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Command, Empty, Fact } from '../../parts/pieces.tsx';
import { roleFile } from '../../../../model/program-files.ts';

export function Roles({ roles, chosen }: { roles: RoleView[]; chosen: string | null }) {
  if (roles.length === 0) {
    return (
      <div className="panel">
        <Empty title="No assistant roles">
          A role under assistant_roles/ answers what needs no person.
          <br />
          <Command words={['assistant-doc', 'install']} />
        </Empty>
      </div>
    );
  }
  const shown = chosen === null ? roles : roles.filter(({ id }) => id === chosen);
  return (
    <div className="stack">
      {shown.map((role) => (
        <section key={role.id} className="panel" aria-label={role.title}>
          <h2>
            <Icon name="robot" />
            <Link href={`/program/roles/${role.id}`}>{role.title}</Link>
            <span className="faint mono">{role.id}</span>
          </h2>
          <div className="panel-body stack">
            {role.description && <p>{role.description}</p>}
            <dl className="facts">
              <Fact name="Asked for">
                {[...role.policy.decision_kinds, ...role.policy.request_kinds]
                  .map((each) => each.replaceAll('_', ' '))
                  .join(', ') || '–'}
              </Fact>
              {role.policy.ask_when.length > 0 && (
                <Fact name="When">{role.policy.ask_when.join('; ')}</Fact>
              )}
              {role.policy.task_labels_any.length > 0 && (
                <Fact name="Task labels">{role.policy.task_labels_any.join(', ')}</Fact>
              )}
              <Fact name="Model">{role.model ?? 'default'}</Fact>
              <Fact name="Sandbox">{role.sandbox}</Fact>
            </dl>
          </div>
          <p className="panel-body row">
            <Link href={filePath('/program/files', roleFile(role.id))}>Edit the role</Link>
            <Link href={filePath('/program/files', role.instructions_file)}>
              Edit its instructions
            </Link>
          </p>
          <Artifact
            name={role.instructions_file}
            size={null}
            render="markdown"
            href={filePath('/api/program/files', role.instructions_file)}
            open={chosen !== null}
          />
        </section>
      ))}
    </div>
  );
}
