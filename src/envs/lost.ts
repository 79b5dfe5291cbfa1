import { PartError } from "../parts/registry.js";

/**
 * Thrown when an episode cannot be finished because the process or simulation that plays it has failed: it died, hung,
 * or raised an error. The environment itself can go on: the next `reset` starts it again. Training discards the episode
 * and counts it.
 */
export class EpisodeLost extends PartError {}
