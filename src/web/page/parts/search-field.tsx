/** A field that searches the list below it. What is searched for stands in the address; `/` leads here. */
import { useSearchParams } from 'wouter';
import { Icon } from './icons.tsx';

/** What is searched for, and a way to change it or another parameter of the address; null takes one away. */
export function useSearchText(): [string, (name: string, value: string | null) => void] {
  const [params, setParams] = useSearchParams();
  const set = (name: string, value: string | null): void =>
    setParams(
      (old) => {
        const next = new URLSearchParams(old);
        if (value === null || value === '') next.delete(name);
        else next.set(name, value);
        return next;
      },
      { replace: true },
    );
  return [params.get('q') ?? '', set];
}

/** Whether each word that is searched for stands in a text. */
export function matches(text: string, search: string): boolean {
  const lower = text.toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => lower.includes(word));
}

/** `found`: how many rows are left. */
export function SearchField({ label, found }: { label: string; found: number | null }) {
  const [text, set] = useSearchText();
  return (
    <div className="search-field">
      <Icon name="search" />
      <input
        type="search"
        value={text}
        placeholder={label}
        aria-label={label}
        data-search=""
        onChange={({ target }) => set('q', target.value)}
      />
      {text !== '' && found !== null && (
        <span className="faint num" role="status">
          {found} found
        </span>
      )}
    </div>
  );
}
