/** Folds a frame of the graph, or opens it. */
import { createContext } from 'react';

export const FoldContext = createContext<(frameId: string) => void>(() => undefined);
