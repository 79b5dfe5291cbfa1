import type { Config } from "../config.js";
import type { Engine } from "../networks/engine.js";
import { policyChange } from "../replay/distance.js";
import type { DualBuffer } from "../replay/dual.js";
import { groupEpisodes } from "../replay/group.js";
import { greedyActions } from "../targets/actions.js";

/**
 * Applies RLx2's dynamic buffer capacity to episodes: when the greedy policy differs too much from the actions of the
 * oldest stored batch, the oldest part of the offline buffer is dropped. RLx2 compares the oldest 2,048 transitions
 * every 1 % of the buffer's capacity by the mean squared distance of continuous actions; a batch of 32 episodes has
 * about as many transitions, and discrete actions are compared as one-hot vectors.
 *
 * @returns the number of episodes dropped
 */
export async function forgetOldPlay(
  engine: Engine,
  { offline, online, offlineBatch, onlineBatch }: DualBuffer,
  { threshold, drop, minimum }: NonNullable<Config["replay"]["dynamic"]>,
): Promise<number> {
  if (offline.size < offlineBatch || offline.size <= minimum * offline.capacity) return 0;
  let decisions = 0;
  let changed = 0;
  for (const group of groupEpisodes(offline.oldest(offlineBatch), engine.shape, engine.lanes)) {
    engine.load(group);
    const change = policyChange(greedyActions(await engine.networks.agent.forward("online"), group), group);
    decisions += change.decisions;
    changed += change.changed;
  }
  if (changed <= threshold * decisions) return 0;
  // At least one batch stays, so that training can continue, and so do the episodes of the online buffer, which are the
  // end of the same history.
  const kept = Math.max(offlineBatch + onlineBatch, online.size);
  const count = Math.min(Math.floor(drop * offline.size), Math.max(0, offline.size - kept));
  offline.drop(count);
  return count;
}
