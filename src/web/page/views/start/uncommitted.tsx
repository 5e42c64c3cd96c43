/** What to do with uncommitted changes of a repository in which tasks get trees of their own. */
import { Choice } from '../../parts/choice.tsx';
import { uncommittedChoices, type Uncommitted } from '../../../../model/trees.ts';

const words: Record<Uncommitted, { title: string; about: string }> = {
  include: { title: 'Take uncommitted changes along', about: 'the run starts from them' },
  ignore: { title: 'Leave them out', about: 'it starts from the last commit' },
};

interface UncommittedProps {
  chosen: Uncommitted | null;
  onChoose: (choice: Uncommitted) => void;
}

export function UncommittedChoice({ chosen, onChoose }: UncommittedProps) {
  return (
    <fieldset className="stack">
      <legend className="label">Uncommitted changes</legend>
      {uncommittedChoices.map((choice) => (
        <Choice
          key={choice}
          name="uncommitted"
          {...words[choice]}
          isChosen={choice === chosen}
          onChoose={() => onChoose(choice)}
        />
      ))}
    </fieldset>
  );
}
