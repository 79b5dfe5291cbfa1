import { PartError } from "../parts/registry.js";

/**
 * An episode that cannot be finished because what plays it has failed: a child process died, hung, or raised an error.
 * The environment itself goes on: the next `reset` starts it again. Training throws the episode away and counts it.
 */
export class EpisodeLost extends PartError {}
