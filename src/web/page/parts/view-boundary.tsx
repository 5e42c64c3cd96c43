/** Keeps the frame when a view fails: says so, and offers a way on. */
import { Component, type ReactNode } from 'react';
import { Box } from './pieces.tsx';

interface ViewBoundaryProps {
  /** Where the page is: another place is another try. */
  place: string;
  children: ReactNode;
}

interface ViewBoundaryState {
  failure: Error | null;
  place: string;
}

export class ViewBoundary extends Component<ViewBoundaryProps, ViewBoundaryState> {
  override state: ViewBoundaryState = { failure: null, place: this.props.place };

  static getDerivedStateFromError(failure: Error): Partial<ViewBoundaryState> {
    return { failure };
  }

  static getDerivedStateFromProps(
    { place }: ViewBoundaryProps,
    state: ViewBoundaryState,
  ): ViewBoundaryState {
    return place === state.place ? state : { failure: null, place };
  }

  override render(): ReactNode {
    const { failure } = this.state;
    if (!failure) return this.props.children;
    return (
      <main className="view narrow stack">
        <h1>This view failed</h1>
        <Box tone="bad" icon="error">
          {failure.message}
        </Box>
        <p className="faint">
          This is a defect of the page; nothing in the run or the program was changed by it.
        </p>
        <div className="row">
          <button type="button" onClick={() => location.reload()}>
            Load the page again
          </button>
        </div>
      </main>
    );
  }
}
