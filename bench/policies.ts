import "../src/node/host.js";
import type { Environment } from "../src/envs/environment.js";
import { playEpisodes, type PlaySummary, type Policy } from "../src/envs/play.js";
import { initialParameters, networkParameters } from "../src/networks/parameters.js";
import { createSparseEngine } from "../src/networks/sparse/engine.js";
import { createRandom } from "../src/random.js";
import { greedyPolicy } from "../src/training/rollout.js";

/**
 * Makes a policy that plays the same sequence of joint actions in every battle, whatever happens: all march east for
 * some steps, then attack the enemies one after the other in an order of the sequence's own, some steps each. Illegal
 * actions are replaced by stop. It can win only if battles repeat themselves.
 */
export function blindSequence(env: Environment, seed: number): Policy {
  const { agents, actions, episodeLimit } = env.sizes;
  const random = createRandom(seed);
  const march = random.below(14);
  const stay = 1 + random.below(8);
  const targets = Array.from({ length: actions - 6 }, (_, k) => 6 + k);
  for (let k = targets.length - 1; k > 0; k--) {
    const m = random.below(k + 1);
    [targets[k], targets[m]] = [targets[m], targets[k]];
  }
  const sequence = Array.from({ length: episodeLimit }, (_, t) =>
    t < march ? 4 : targets[Math.floor((t - march) / stay) % targets.length],
  );
  return ({ availableActions }, jointAction, t) => {
    for (let i = 0; i < agents; i++) {
      const isLegal = (action: number): boolean => availableActions[i * actions + action] === 1;
      jointAction[i] = isLegal(sequence[t]) ? sequence[t] : isLegal(1) ? 1 : 0;
    }
  };
}

/** Makes the greedy policy of untrained networks. */
export function untrainedNetwork(env: Environment, seed: number): Policy {
  const shape = { ...env.sizes, hidden: 64, embed: 1, hypernetEmbed: 1 };
  const parameters = initialParameters(networkParameters(shape), createRandom(seed));
  return greedyPolicy(createSparseEngine(shape, parameters, new Map()).createActor(1));
}

/** Number of sequences, each of which is tried on TRIALS battles that are not played afterwards. */
const SEQUENCES = 100;
const TRIALS = 5;

/** Returns the blind sequence that wins most and, among equals, has the highest return. */
export function bestBlind(env: Environment): Policy {
  let best: PlaySummary | undefined;
  let chosen = blindSequence(env, 0);
  for (let seed = 0; seed < SEQUENCES; seed++) {
    const policy = blindSequence(env, seed);
    const played = playEpisodes(env, policy, { episodes: TRIALS, seed: 1_000_000 });
    if (best !== undefined && played.wins + played.meanReturn / 1000 <= best.wins + best.meanReturn / 1000) continue;
    best = played;
    chosen = policy;
  }
  return chosen;
}
