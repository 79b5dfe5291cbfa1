import type { Config } from "../config/config.js";
import { ALGORITHM_TITLES } from "../methods.js";
import type { Engine } from "../networks/engine.js";
import type { Algorithm } from "../parts/algorithm.js";
import type { EpisodeGroup } from "../replay/group.js";
import { QMIX_COST } from "../sparse/flops.js";
import { chosenValues } from "../targets/actions.js";
import { tdLoss } from "../targets/loss.js";
import { judgesAlone, operatorOf } from "../targets/operators.js";
import { learningTargets } from "../targets/returns.js";
import { engineNextValues } from "./next-values.js";
import { type UpdateStatistics, addSteps } from "./statistics.js";
import { type TargetQuestion, targetPasses } from "./target-passes.js";

/**
 * One update of QMIX, Algorithm 2, lines 23-29: targets from the target networks, squared TD error, one RMSprop step.
 *
 * @param groups the sampled batch, laid out by `groupEpisodes`
 * @param stepsInBatch number of sampled steps of all groups, over which the loss is a mean
 * @param step environment steps so far; before T_0 targets are one-step (Eq. 6)
 */
export async function qmixUpdate(
  engine: Engine,
  groups: readonly EpisodeGroup[],
  stepsInBatch: number,
  config: Config,
  step: number,
): Promise<UpdateStatistics> {
  const { agent, mixer } = engine.networks;
  const operator = operatorOf(config);
  const { doubleQ } = config.operator;
  let [loss, qTotal, target] = [0, 0, 0];
  const totalsOf = (q: Float32Array, choosing: Float32Array | null, group: EpisodeGroup) =>
    mixer.forward("target", engineNextValues(engine, operator, q, choosing, group), 1);
  const question: TargetQuestion = judgesAlone(operator, doubleQ)
    ? { q: false, next: { rows: 1, from: (q, group) => totalsOf(q, null, group) } }
    : { q: true };

  for await (const pass of targetPasses(engine, groups, agent, question)) {
    const { group, online: onlineQ } = pass;
    const nextTotals = pass.target.next ?? (await totalsOf(pass.target.q!, doubleQ ? onlineQ : null, group));
    const targets = learningTargets(config.returns, step, group, nextTotals, config.discount);

    const qTot = await mixer.forward("online", chosenValues(onlineQ, group), 0, true);
    const gradient = new Float32Array(qTot.length);
    loss += tdLoss({ lengths: group.lengths, qTot, targets, normaliser: stepsInBatch }, gradient);
    await agent.backward(await mixer.backward(gradient));

    qTotal = addSteps(qTotal, qTot, group);
    target = addSteps(target, targets, group);
  }
  const gradientNorm = await engine.step(config.optimiser);
  return { loss, gradientNorm, qTotal: qTotal / stepsInBatch, target: target / stepsInBatch };
}

/** QMIX (Rashid et al. 2018): a monotonic mixing network makes Q_tot from the agents' values. */
export const qmix: Algorithm = {
  title: ALGORITHM_TITLES.qmix,
  networks: { agent: "recurrent", mixer: "monotonic" },
  cost: QMIX_COST,
  update: qmixUpdate,
};
