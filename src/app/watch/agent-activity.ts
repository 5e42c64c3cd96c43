/** What an agent did, as a type for those above this layer. */
export type { AgentActivity } from '../../model/activity.ts';
