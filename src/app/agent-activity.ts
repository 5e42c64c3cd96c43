/** What an agent did, as a type for those above this layer. */
export type { AgentActivity, ItemStatus } from '../agents/activity.ts';
