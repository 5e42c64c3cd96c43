/** Sizes of what a graph is made of, in px at full size: what it is drawn at, so that its text can be read. */
export const nodeWidth = 202;
export const nodeHeight = 64;
/** Between the tasks of a block. */
export const blockGap = 12;
export const frameHead = 40;
export const framePad = 14;
/** A block or a loop that is folded to one node: its head, and what is in it. */
export const foldedHeight = 96;
/** Below the tasks of a loop, for the line that leads back. */
export const loopFoot = 18;
