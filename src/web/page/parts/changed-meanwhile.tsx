/** The file is not what it was when an edit began: saving would be refused. */
import { Box } from './pieces.tsx';

export function ChangedMeanwhile({ onBegin }: { onBegin: () => void }) {
  return (
    <Box tone="wait" icon="warn">
      <div className="row between">
        <span>The file has changed since you began.</span>
        <button type="button" onClick={onBegin}>
          Begin again with what is there
        </button>
      </div>
    </Box>
  );
}
