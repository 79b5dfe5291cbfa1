import type { Config } from "../config.js";
import type { Engine } from "../networks/engine.js";
import { policyChange } from "../replay/distance.js";
import type { DualBuffer } from "../replay/dual.js";
import { groupEpisodes } from "../replay/group.js";
import { greedyActions } from "../targets/actions.js";

/**
 * RLx2's dynamic-capacity buffer for episodes: where the greedy policy has moved too far from what the oldest stored
 * batch did, the oldest part of the offline buffer is dropped. RLx2 compares the oldest 2,048 transitions every 1 % of
 * the buffer's capacity, by the mean squared distance of continuous actions; a batch of 32 episodes is about as many,
 * and discrete actions are compared as one-hot.
 *
 * @returns episodes dropped
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
    const change = policyChange(greedyActions(await engine.agent.forward("online"), group), group);
    decisions += change.decisions;
    changed += change.changed;
  }
  if (changed <= threshold * decisions) return 0;
  // A batch stays, so that training goes on; and so does what the online buffer holds, which is the end of the same
  // history.
  const kept = Math.max(offlineBatch + onlineBatch, online.size);
  const count = Math.min(Math.floor(drop * offline.size), Math.max(0, offline.size - kept));
  offline.drop(count);
  return count;
}
