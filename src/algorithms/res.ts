import { LabError } from "../errors.js";
import type { Config } from "../config/config.js";
import { ALGORITHM_TITLES } from "../methods.js";
import type { Engine, NetworkSide } from "../networks/engine.js";
import type { Algorithm } from "../parts/algorithm.js";
import type { EpisodeGroup } from "../replay/group.js";
import { RES_COST } from "../sparse/flops.js";
import { chosenValues } from "../targets/actions.js";
import { softmaxOverJointActions } from "../targets/joint-softmax.js";
import { tdLoss } from "../targets/loss.js";
import { judgesAlone, operatorOf } from "../targets/operators.js";
import { learningTargets, monteCarloReturns } from "../targets/returns.js";
import { engineNextValues } from "./next-values.js";
import { type UpdateStatistics, addSteps } from "./statistics.js";
import { type TargetQuestion, targetPasses } from "./target-passes.js";

/**
 * One update of RES: that of QMIX, except that a softmax over joint actions values the next state instead of the greedy
 * joint action, and Q_tot is drawn towards the Monte-Carlo return G: loss = mean of (Q_tot - y)^2 + lambda (Q_tot -
 * G)^2.
 *
 * The softmax runs over joint actions in which one agent takes any available action while the others keep a fixed
 * value. In RES this is the value of their greedy actions, where online and target networks value the same actions.
 * MAST-RES replaces that max by soft mellowmax (or any `operator`) and keeps RES's softmax over the resulting totals,
 * because
 * - section 3.1 replaces the max over each Q_i by soft mellowmax, and RES takes this max where it fixes the other
 *   agents;
 * - Table 3 gives MAST-RES alpha and omega of soft mellowmax, and beta and lambda of RES;
 * - Eq. 23 and 24 still count n m passes through the mixer on either side, as do Table 1's FLOPs.
 *
 * The arguments are those of `qmixUpdate`.
 *
 * @throws {Error} when the config has no `res`
 */
export async function resUpdate(
  engine: Engine,
  groups: readonly EpisodeGroup[],
  stepsInBatch: number,
  config: Config,
  step: number,
): Promise<UpdateStatistics> {
  const { agent, mixer } = engine.networks;
  if (!config.res) throw new LabError('res has no settings: config.res is missing. Configure it with algorithm "res".');
  const operator = operatorOf(config);
  const { beta, lambda } = config.res;
  const { doubleQ } = config.operator;
  const { agents, actions } = engine.shape;
  let [loss, qTotal, target] = [0, 0, 0];
  /** Computes Q_tot of all those joint actions at the next states, by the networks of one side. */
  const totalsOf = (side: NetworkSide, q: Float32Array, choosing: Float32Array | null, group: EpisodeGroup) =>
    mixer.counterfactuals(
      side,
      engineNextValues(engine, operator, q, choosing, group),
      q.subarray(agents * actions * group.lanes),
      1,
    );
  const question: TargetQuestion = judgesAlone(operator, doubleQ)
    ? {
        q: operator.kind === "max",
        next: { rows: agents * actions, from: (q, group) => totalsOf("target", q, q, group) },
      }
    : { q: true };

  for await (const pass of targetPasses(engine, groups, agent, question)) {
    const { group, online: onlineQ } = pass;
    const { q: targetQ, next } = pass.target;
    // With max one network chooses for both sides: the other agents keep the same actions, whichever network values
    // them.
    const choosingQ = doubleQ ? onlineQ : (targetQ ?? null);
    const onlineTotals = await totalsOf("online", onlineQ, choosingQ, group);
    const targetTotals = next ?? (await totalsOf("target", targetQ!, choosingQ, group));
    const nextTotals = softmaxOverJointActions(onlineTotals, targetTotals, group, { beta });
    const targets = learningTargets(config.returns, step, group, nextTotals, config.discount);
    const returns = monteCarloReturns(group, null, { gamma: config.discount });

    const qTot = await mixer.forward("online", chosenValues(onlineQ, group), 0, true);
    const gradient = new Float32Array(qTot.length);
    const towardsReturns = new Float32Array(qTot.length);
    loss += tdLoss({ lengths: group.lengths, qTot, targets, normaliser: stepsInBatch }, gradient);
    loss +=
      lambda * tdLoss({ lengths: group.lengths, qTot, targets: returns, normaliser: stepsInBatch }, towardsReturns);
    for (let i = 0; i < gradient.length; i++) gradient[i] += lambda * towardsReturns[i];
    await agent.backward(await mixer.backward(gradient));

    qTotal = addSteps(qTotal, qTot, group);
    target = addSteps(target, targets, group);
  }
  const gradientNorm = await engine.step(config.optimiser);
  return { loss, gradientNorm, qTotal: qTotal / stepsInBatch, target: target / stepsInBatch };
}

/** RES (Pan et al. 2021): regularised softmax deep multi-agent Q-learning. */
export const res: Algorithm = {
  title: ALGORITHM_TITLES.res,
  networks: { agent: "recurrent", mixer: "monotonic" },
  cost: RES_COST,
  defaults: { res: {} },
  sections: ["res"],
  update: resUpdate,
};
