import { describe, expect, it } from "vitest";
import { algorithmShape } from "../sparse/flops.js";
import type { WqmixNetworks } from "./wqmix.js";
import { resolveConfig } from "../config.js";
import { climbing } from "../envs/games/climbing.js";
import { initialParameters, networkParameters } from "../networks/parameters.js";
import { createSparseEngine } from "../networks/sparse/engine.js";
import { createRandom } from "../random.js";
import { type EpisodeGroup, groupEpisodes } from "../replay/group.js";
import { chosenValues } from "../targets/actions.js";
import { updateNetworks } from "./update.js";

/**
 * Payoffs of the joint actions, [agent 0, agent 1], of QTRAN's matrix game (Son et al. 2019), in which the best one
 * lies beside the worst ones.
 */
const QTRAN = [8, -12, -12, -12, 0, 0, -12, 0, 0];
const CLIMBING = [0, 1, 2].flatMap((a) => [0, 1, 2].map((b) => climbing.payoff(0, [a, b])));
const sizes = { agents: 2, actions: 3, observation: 1, state: 1 };

/**
 * Every joint action occurs once, as in uniform exploration, so that the projection itself is learned, without noise.
 */
function everyJointAction(payoff: readonly number[]): EpisodeGroup {
  const episodes = payoff.map((reward, i) => ({
    index: i,
    seed: i,
    length: 1,
    observations: new Float32Array(4).fill(1),
    states: new Float32Array(2).fill(1),
    availableActions: new Uint8Array(12).fill(1),
    actions: Uint8Array.of(Math.floor(i / 3), i % 3),
    rewards: Float32Array.of(reward),
    terminal: true,
  }));
  return groupEpisodes(episodes, sizes)[0];
}

/** Returns Q_tot, and Q* if there is one, of the nine joint actions after training. */
async function learn(
  algorithm: "qmix" | "ow-qmix" | "cw-qmix" | "res",
  seed: number,
  payoff: readonly number[],
  alpha = 0.1,
): Promise<{ qTot: number[]; qStar?: number[] }> {
  const group = everyJointAction(payoff);
  const weighted = algorithm === "ow-qmix" || algorithm === "cw-qmix";
  const network = { hidden: 32, embed: 16, hypernetEmbed: 16, ...(weighted && { centralEmbed: 32 }) };
  const config = resolveConfig({ algorithm, method: "dense", network, ...(weighted && { wqmix: { alpha } }) });
  const shape = algorithmShape(algorithm, { ...sizes, ...config.network });
  const engine = createSparseEngine<WqmixNetworks>(
    shape,
    initialParameters(networkParameters(shape), createRandom(seed)),
    new Map(),
  );
  for (const learningRate of [3e-3, 3e-4]) {
    for (let update = 0; update < 1000; update++) {
      await updateNetworks(engine, [group], 9, { ...config, optimiser: { ...config.optimiser, learningRate } }, 0);
      if (update % 50 === 0) engine.copyToTarget();
    }
  }
  engine.load(group);
  const { agent, mixer, ...rest } = engine.networks;
  const { central_agent, central_mixer }: Partial<typeof rest> = rest;
  const qTot = [...mixer.forward("online", chosenValues(agent.forward("online"), group), 0).subarray(0, 9)];
  const qStar = central_agent &&
    central_mixer && [
      ...central_mixer.forward("online", chosenValues(central_agent.forward("online"), group), 0).subarray(0, 9),
    ];
  engine.dispose();
  return { qTot, qStar };
}

function expectClose(table: readonly number[] | undefined, expected: readonly number[]): void {
  expect(table).toHaveLength(9);
  table!.forEach((value, i) =>
    expect(Math.abs(value - expected[i]), `joint action ${i}: ${value}, expected ${expected[i]}`).toBeLessThan(0.5),
  );
}

describe("on QTRAN's matrix game", () => {
  // A monotonic Q_tot has one value, v, for what it cannot tell apart: v minimises the weighted squares of those
  // payoffs.
  it.each(["qmix", "res"] as const)(
    "%s underestimates the best joint action, and would not choose it",
    async (algorithm) => {
      // Where one agent plays action 0 the mean is (8 - 4 x 12) / 5 = -8, so 0 is the safe value.
      for (const seed of [1, 2])
        expectClose((await learn(algorithm, seed, QTRAN)).qTot, [-8, -8, -8, -8, 0, 0, -8, 0, 0]);
    },
  );

  it("OW-QMIX recovers it, and Q* all payoffs", async () => {
    // Payoffs of -12 are overestimated and count 0.1, those of 0 are underestimated and count 1: v = -12 x 0.1 / 1.1.
    const v = -1.2 / 1.1;
    for (const seed of [1, 2]) {
      const { qTot, qStar } = await learn("ow-qmix", seed, QTRAN);
      expectClose(qTot, [8, v, v, v, v, v, v, v, v]);
      expectClose(qStar, QTRAN);
    }
  });

  it("CW-QMIX recovers it, and Q* all payoffs", async () => {
    // All joint actions but the best count alike, so v is the mean of four times -12 and four times 0.
    for (const seed of [1, 2]) {
      const { qTot, qStar } = await learn("cw-qmix", seed, QTRAN);
      expectClose(qTot, [8, -6, -6, -6, -6, -6, -6, -6, -6]);
      expectClose(qStar, QTRAN);
    }
  });
});

describe("on the climbing game, whose optimum is beside penalties of -30", () => {
  const best = (table: readonly number[] | undefined) => table!.indexOf(Math.max(...table!));

  it("Q*, CW-QMIX and, with a small alpha, OW-QMIX find the optimum that QMIX gives up", async () => {
    expect(best(CLIMBING)).toBe(0);
    for (const seed of [1, 2]) {
      expect(CLIMBING[best((await learn("qmix", seed, CLIMBING)).qTot)]).toBeLessThan(7);
      for (const [algorithm, alpha] of [
        ["ow-qmix", 0.02],
        ["cw-qmix", 0.1],
      ] as const) {
        const { qTot, qStar } = await learn(algorithm, seed, CLIMBING, alpha);
        expect([best(qTot), best(qStar)], algorithm).toEqual([0, 0]);
      }
    }
  });
});
