import type { Config } from "../config/config.js";
import type { Engine } from "../networks/engine.js";
import type { Algorithm } from "../parts/algorithm.js";
import type { EpisodeGroup } from "../replay/group.js";
import { AGENTS_COST } from "../sparse/flops.js";
import { chosenValues } from "../targets/actions.js";
import { tdLoss } from "../targets/loss.js";
import { judgesAlone, operatorOf } from "../targets/operators.js";
import { learningTargets } from "../targets/returns.js";
import { engineNextValues } from "./next-values.js";
import { addSteps, type UpdateStatistics } from "./statistics.js";
import { type TargetQuestion, targetPasses } from "./target-passes.js";

/**
 * One update of independent Q-learning as in PyMARL: no mixer. The value of each agent's action moves towards a target
 * of its own: the team's reward plus the discounted value of that agent's next state. The loss is the mean over agents
 * and steps.
 *
 * The arguments are those of `qmixUpdate`. Of the statistics, `qTotal` and `target` are means over agents.
 */
export async function iqlUpdate(
  engine: Engine,
  groups: readonly EpisodeGroup[],
  stepsInBatch: number,
  config: Config,
  step: number,
): Promise<UpdateStatistics> {
  const operator = operatorOf(config);
  const { doubleQ } = config.operator;
  const { agents } = engine.shape;
  let [loss, qTotal, target] = [0, 0, 0];
  const question: TargetQuestion = judgesAlone(operator, doubleQ)
    ? { q: false, next: { rows: agents, from: (q, group) => engineNextValues(engine, operator, q, null, group) } }
    : { q: true };

  for await (const pass of targetPasses(engine, groups, engine.networks.agent, question)) {
    const { group, online: onlineQ } = pass;
    const next =
      pass.target.next ?? engineNextValues(engine, operator, pass.target.q!, doubleQ ? onlineQ : null, group);
    const chosen = chosenValues(onlineQ, group);

    const gradient = new Float32Array(chosen.length);
    for (let agent = 0; agent < agents; agent++) {
      const targets = learningTargets(config.returns, step, group, ofAgent(next, group, agent), config.discount);
      const q = ofAgent(chosen, group, agent);
      const own = new Float32Array(q.length);
      loss += tdLoss({ lengths: group.lengths, qTot: q, targets, normaliser: stepsInBatch * agents }, own);
      setAgent(gradient, own, group, agent);
      qTotal = addSteps(qTotal, q, group);
      target = addSteps(target, targets, group);
    }
    await engine.networks.agent.backward(gradient);
  }
  const gradientNorm = await engine.step(config.optimiser);
  const values = stepsInBatch * agents;
  return { loss, gradientNorm, qTotal: qTotal / values, target: target / values };
}

/** Copies one agent's part of [steps, agents, lanes] to [steps, lanes]. */
function ofAgent(values: Float32Array, { steps, agents, lanes }: EpisodeGroup, agent: number): Float32Array {
  const own = new Float32Array(steps * lanes);
  for (let t = 0; t < steps; t++)
    own.set(values.subarray((t * agents + agent) * lanes, (t * agents + agent + 1) * lanes), t * lanes);
  return own;
}

/** Writes one agent's [steps, lanes] into [steps, agents, lanes]. */
function setAgent(
  values: Float32Array,
  own: Float32Array,
  { steps, agents, lanes }: EpisodeGroup,
  agent: number,
): void {
  for (let t = 0; t < steps; t++) values.set(own.subarray(t * lanes, (t + 1) * lanes), (t * agents + agent) * lanes);
}

/** Independent Q-learning (Tan 1993) with PyMARL's recurrent agents. */
export const iql: Algorithm = {
  title: "IQL",
  networks: { agent: "recurrent", mixer: "none" },
  cost: AGENTS_COST,
  update: iqlUpdate,
};
