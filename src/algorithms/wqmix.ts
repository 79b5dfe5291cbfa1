import { LabError } from "../errors.js";
import type { Config } from "../config/config.js";
import { ALGORITHM_TITLES } from "../methods.js";
import type { Engine } from "../networks/engine.js";
import type { EpisodeAlgorithm } from "../parts/algorithm.js";
import type { EpisodeGroup } from "../replay/group.js";
import { WQMIX_COST } from "../sparse/flops.js";
import { chosenValues, greedyActions } from "../targets/actions.js";
import { tdLoss } from "../targets/loss.js";
import { judgesAlone, operatorOf } from "../targets/operators.js";
import { learningTargets } from "../targets/returns.js";
import { centralWeights, optimisticWeights } from "../targets/weights.js";
import { engineNextValues } from "./next-values.js";
import { type UpdateStatistics, addSteps } from "./statistics.js";
import { type TargetQuestion, targetPasses } from "./target-passes.js";

/** QMIX's networks, and the unrestricted ones (Algorithm 3, phi). */
export const wqmixNetworks = {
  agent: "recurrent",
  mixer: "monotonic",
  central_agent: "recurrent",
  central_mixer: "unrestricted",
} as const;

/** WQMIX's networks by name. */
export type WqmixNetworks = typeof wqmixNetworks;

/**
 * One update of OW-QMIX or CW-QMIX, Algorithm 3, lines 23-36: an unrestricted Q* learns beside QMIX's Q_tot and gives
 * the targets of both, and the squared errors of Q_tot are weighted. Both losses have the same weight and share one
 * gradient clip and one RMSprop step, as in WQMIX's code.
 *
 * The target networks of Q* value the next state. With the max operator this follows WQMIX's own rule: QMIX's online
 * agents choose the joint action. Any other operator takes the place of max and reads the unrestricted agents' values
 * alone, as in line 27 and as Eq. 18 counts. QMIX's own target networks are not used.
 *
 * The arguments are those of `qmixUpdate`.
 *
 * @throws {Error} when the config has no `wqmix`
 */
export async function wqmixUpdate(
  engine: Engine<boolean, WqmixNetworks>,
  groups: readonly EpisodeGroup[],
  stepsInBatch: number,
  config: Config,
  step: number,
): Promise<UpdateStatistics> {
  if (!config.wqmix)
    throw new LabError(
      `${config.algorithm} has no settings: config.wqmix is missing. Configure it with algorithm "ow-qmix" or "cw-qmix".`,
    );
  const { agent, mixer, central_agent: centralAgent, central_mixer: centralMixer } = engine.networks;
  const operator = operatorOf(config);
  const { alpha } = config.wqmix;
  const isCentral = config.algorithm === "cw-qmix";
  let [loss, qTotal, target] = [0, 0, 0];
  const totalsOf = (centralQ: Float32Array, choosing: Float32Array | null, group: EpisodeGroup) =>
    centralMixer.forward("target", engineNextValues(engine, operator, centralQ, choosing, group), 1);
  const question: TargetQuestion = judgesAlone(operator, true)
    ? { q: isCentral, next: { rows: 1, from: (q, group) => totalsOf(q, null, group) } }
    : { q: true };

  for await (const pass of targetPasses(engine, groups, centralAgent, question)) {
    const { group, online: centralQ } = pass;
    const centralTargetQ = pass.target.q;
    const q = await agent.forward("online", true);

    const nextTotals = pass.target.next ?? (await totalsOf(centralTargetQ!, q, group));
    const targets = learningTargets(config.returns, step, group, nextTotals, config.discount);

    const qTot = await mixer.forward("online", chosenValues(q, group), 0, true);
    const qStar = await centralMixer.forward("online", chosenValues(centralQ, group), 0, true);

    let weights: Float32Array;
    if (isCentral) {
      const greedy = greedyActions(q, group);
      const greedyTotals = await centralMixer.forward("target", chosenValues(centralTargetQ!, group, greedy), 0);
      weights = centralWeights(group, greedy, greedyTotals, targets, alpha);
    } else {
      weights = optimisticWeights(group, qTot, targets, alpha);
    }

    const gradient = new Float32Array(qTot.length);
    loss += tdLoss({ lengths: group.lengths, qTot, targets, weights, normaliser: stepsInBatch }, gradient);
    await agent.backward(await mixer.backward(gradient));
    loss += tdLoss({ lengths: group.lengths, qTot: qStar, targets, normaliser: stepsInBatch }, gradient);
    await centralAgent.backward(await centralMixer.backward(gradient));

    qTotal = addSteps(qTotal, qTot, group);
    target = addSteps(target, targets, group);
  }
  const gradientNorm = await engine.step(config.optimiser);
  return { loss, gradientNorm, qTotal: qTotal / stepsInBatch, target: target / stepsInBatch };
}

/** The fields that OW-QMIX and CW-QMIX have in common, with Table 3's settings where they differ from QMIX's. */
const weighted = {
  networks: wqmixNetworks,
  cost: WQMIX_COST,
  defaults: { wqmix: {}, network: { centralEmbed: 256 }, exploration: { anneal: 100_000 }, returns: { lambda: 0.6 } },
  sections: ["wqmix"],
  alwaysDoubleQ: true,
  update: wqmixUpdate,
} as const;

/** OW-QMIX (Rashid et al. 2020): WQMIX that gives overestimated steps a small weight. */
export const owQmix: EpisodeAlgorithm<WqmixNetworks> = { ...weighted, title: ALGORITHM_TITLES["ow-qmix"] };

/** CW-QMIX (Rashid et al. 2020): WQMIX that gives steps whose joint action seems not the best a small weight. */
export const cwQmix: EpisodeAlgorithm<WqmixNetworks> = { ...weighted, title: ALGORITHM_TITLES["cw-qmix"] };
