/** One of several ways, to be chosen among. */

interface ChoiceProps {
  /** Of all among which one is chosen. */
  name: string;
  title: string;
  about: string;
  isChosen: boolean;
  onChoose: () => void;
}

export function Choice({ name, title, about, isChosen, onChoose }: ChoiceProps) {
  return (
    <label className="choice">
      <input type="radio" name={name} checked={isChosen} onChange={onChoose} />
      <span>
        {title} <span className="faint">{about}</span>
      </span>
    </label>
  );
}
