import type { Config } from "../config/config.js";
import type { AdamOptions, Engine } from "../networks/engine.js";
import type { EpisodeAlgorithm, UpdateContext } from "../parts/algorithm.js";
import type { EpisodeGroup } from "../replay/group.js";
import { FACMAC_DISCRETE_COST } from "../sparse/flops.js";
import { greedyActions } from "../targets/actions.js";
import { addEntropyGradient, gumbelSoftmax, oneHotActions, softmaxGradient } from "../targets/gumbel.js";
import { tdLoss } from "../targets/loss.js";
import { learningTargets } from "../targets/returns.js";
import { type UpdateStatistics, addSteps } from "./statistics.js";

/** The recurrent agents are the actor; the critic values the action of each, and the mixer joins these values. */
export const facmacDiscreteNetworks = { agent: "recurrent", critic: "action-value", mixer: "monotonic" } as const;

/**
 * One update of FACMAC with discrete actions. The critic and the mixer learn TD(lambda) targets of Qtot_target(s',
 * Q(o', u')), where u' is what the target actor likes best; then the actor climbs Qtot(s, Q(o, u)), where all agents'
 * actions u are drawn from their present policies by the straight-through Gumbel softmax. The entropy of the policies
 * adds to that with weight `exploration.entropy`, which the authors do without.
 */
export async function facmacDiscreteUpdate(
  engine: Engine<boolean, typeof facmacDiscreteNetworks>,
  groups: readonly EpisodeGroup[],
  stepsInBatch: number,
  config: Config,
  step: number,
  { update, random, stepped, dense }: UpdateContext,
): Promise<UpdateStatistics> {
  const { agent, critic, mixer } = engine.networks;
  const { entropy = 0 } = config.exploration;
  const adam = (learningRate: number): AdamOptions => {
    const { alpha, beta1 = 0.9, epsilon, gradientClip } = config.optimiser;
    return { kind: "adam", learningRate, beta1, beta2: alpha, epsilon, gradientClip, step: update };
  };

  let [loss, qTotal, target] = [0, 0, 0];
  for (const group of groups) {
    engine.load(group);
    if (dense && group === groups[0]) engine.requestDenseGradients();
    const next = oneHotActions(greedyNextActions(await agent.forward("target"), group), group);
    const nextValues = (await critic.forward("target", next, 1)).slice();
    const nextTotals = (await mixer.forward("target", nextValues, 1)).slice();
    const targets = learningTargets(config.returns, step, group, nextTotals, config.discount);

    const taken = oneHotActions(group.actions, group);
    const values = (await critic.forward("online", taken, 0, true)).slice();
    const totals = (await mixer.forward("online", values, 0, true)).slice();
    const gradient = new Float32Array(totals.length);
    loss += tdLoss({ lengths: group.lengths, qTot: totals, targets, normaliser: stepsInBatch }, gradient);
    await critic.backward((await mixer.backward(gradient)).slice());
    qTotal = addSteps(qTotal, totals, group);
    target = addSteps(target, targets, group);
  }
  const gradientNorm = await engine.step(adam(config.optimiser.learningRate), ["critic", "mixer"]);
  await stepped(["critic", "mixer"]);

  for (const group of groups) {
    engine.load(group);
    if (dense && group === groups[0]) engine.requestDenseGradients();
    const output = await agent.forward("online", true);
    // What comes next overwrites the output, of which only the entropy needs a copy.
    const logits = entropy > 0 ? output.slice() : output;
    const { drawn, soft } = gumbelSoftmax(logits, group, random);
    const values = (await critic.forward("online", drawn, 0, true)).slice();
    await mixer.forward("online", values, 0, true);
    const gradient = new Float32Array(group.steps * group.lanes);
    for (let t = 0; t < group.steps; t++)
      gradient.fill(-1 / stepsInBatch, t * group.lanes, t * group.lanes + group.running[t]);
    const dValues = (await mixer.backward(gradient)).slice();
    const dActions = (await critic.backward(dValues, { adds: false, through: true }))!;
    const dLogits = softmaxGradient(soft, dActions, group);
    if (entropy > 0) addEntropyGradient(logits, entropy, stepsInBatch, group, dLogits);
    await agent.backwardAll!(dLogits);
  }
  await engine.step(adam(config.optimiser.actorLearningRate ?? config.optimiser.learningRate), ["agent"]);
  await stepped(["agent"]);
  return { loss, gradientNorm, qTotal: qTotal / stepsInBatch, target: target / stepsInBatch };
}

/** Finds the available action that each policy prefers after each step. [steps, agents, lanes] */
function greedyNextActions(logits: Float32Array, group: EpisodeGroup): Uint8Array {
  const { agents, actionCount, lanes } = group;
  const step = agents * actionCount * lanes;
  const next = new Float32Array(logits.length);
  next.set(logits.subarray(step));
  return greedyActions(next, {
    ...group,
    availableActions: group.availableActions.subarray(step),
  });
}

/**
 * FACMAC (Peng et al. 2021) on environments with discrete actions, as its authors train it on SMAC: recurrent agents
 * are the actor and act by the softmax of what they give, a critic shared by all agents values what each sees and does,
 * and QMIX's mixer joins these values. In MAST-FACMAC topology evolves in actor, critic and mixer, batches come from
 * dual buffers, and targets are one-step until T_0 and TD(lambda)'s from then on. There is no maximum that a soft
 * mellowmax could soften: the target actor names the one next action that counts.
 */
export const facmacDiscrete: EpisodeAlgorithm<typeof facmacDiscreteNetworks> = {
  title: "FACMAC",
  networks: facmacDiscreteNetworks,
  cost: FACMAC_DISCRETE_COST,
  actor: true,
  defaults: {
    exploration: { start: 0.5, end: 0.05, anneal: 50_000 },
    optimiser: {
      kind: "adam",
      learningRate: 5e-4,
      actorLearningRate: 2.5e-3,
      alpha: 0.999,
      beta1: 0.9,
      epsilon: 1e-7,
      gradientClip: 10,
    },
  },
  adapt: ({ returns }) => ({
    operator: { kind: "max" },
    // The authors' own targets, in every baseline; MAST waits for T_0 with them, and RLx2 has its own.
    ...(returns?.kind === "one-step" && { returns: { kind: "td-lambda", lambda: 0.8, burnIn: 0 } }),
  }),
  update: facmacDiscreteUpdate,
};
