import type { Config } from "../config.js";
import { cutToBox } from "../envs/environment.js";
import type { Policy } from "../envs/play.js";
import { algorithmOf } from "../parts/algorithm.js";
import { createRandom } from "../random.js";
import { restoreNetworks, restoreTransitionNetworks } from "./networks.js";
import type { TrainState } from "./records.js";
import { greedyPolicy } from "./rollout.js";

/** A trained team that can play. */
export interface Team {
  /** Its greedy policy in one environment; with continuous actions, the policy without noise. */
  readonly policy: Policy;
  /** Frees native memory. */
  dispose(): void;
}

/**
 * Opens the team of a checkpoint for play. The random numbers of its policy, such as those of the cross-entropy method,
 * begin anew with each episode, so that an episode is determined by its seed.
 *
 * @example const team = openTeam(config, readRunCheckpoint(run.directory).state); const recording =
 *   recordEpisode(environmentOf(config), team.policy, 7);
 */
export function openTeam(config: Config, state: Pick<TrainState, "tensors" | "masks">): Team {
  const algorithm = algorithmOf(config);
  if (algorithm.learnsFrom !== "transitions") {
    const engine = restoreNetworks(config, state);
    return { policy: greedyPolicy(engine.createActor(1)), dispose: () => engine.dispose() };
  }
  const engine = restoreTransitionNetworks(config, state);
  let random = createRandom(0);
  return {
    policy(env, jointAction, t) {
      if (t === 0) random = createRandom(0);
      cutToBox(env.sizes.box!, algorithm.act(engine, env.observations, random, config), jointAction);
    },
    dispose: () => engine.dispose(),
  };
}
