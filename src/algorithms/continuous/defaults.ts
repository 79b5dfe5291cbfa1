import type { ConfigInput } from "../../config/config.js";

/**
 * The authors' settings on Multi-Agent MuJoCo (repositories oxwhirl/facmac and oxwhirl/comix), which the paper keeps.
 * The beta2 of Adam has the name of the decay of squared gradients, `optimiser.alpha`.
 */
export const TRANSITION_DEFAULTS = {
  warmup: 1_000,
  targetTau: 1e-3,
  topology: { interval: 1_000 },
  exploration: { noise: 0.1, uniform: 10_000 },
  optimiser: { kind: "adam", learningRate: 1e-3, alpha: 0.999, beta1: 0.9, epsilon: 0.01, gradientClip: 0.5 },
  network: { hidden: 400, embed: 64, hypernetEmbed: 64 },
  evaluation: { interval: 4_000, episodes: 10 },
  replay: { offlineCapacity: 1_000_000, offlineBatch: 100, onlineBatch: 0 },
} as const satisfies ConfigInput;

/** Number of transitions in a batch. */
const BATCH = 100;
/** C_2 over C_1 in the paper's Table 3: 128 of 5,000 episodes. */
const ONLINE_SHARE = 128 / 5_000;

/**
 * Turns a method's replay buffers, which are meant for batches of episodes, into buffers for batches of transitions.
 * The online buffer keeps its share of a batch and of what is stored. With Table 3's 20 : 12, a batch of 100 is 62 :
 * 38.
 */
export function acrossTransitions({ replay }: ConfigInput): ConfigInput {
  const { offlineBatch = BATCH, onlineBatch = 0 } = replay ?? {};
  const online = Math.round((BATCH * onlineBatch) / (offlineBatch + onlineBatch));
  return {
    replay: {
      offlineBatch: BATCH - online,
      onlineBatch: online,
      ...(online > 0 && { onlineCapacity: ONLINE_SHARE * TRANSITION_DEFAULTS.replay.offlineCapacity }),
    },
  };
}
