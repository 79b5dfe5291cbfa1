import type { Config } from "../config.js";
import type { Engine } from "../networks/engine.js";
import type { EpisodeGroup } from "../replay/group.js";
import { tdLoss } from "../targets/loss.js";
import { type ValueOperator, chosenValues, nextValues } from "../targets/operators.js";
import { learningTargets } from "../targets/returns.js";

/** What one gradient update saw, as means over the sampled steps. */
export interface UpdateStatistics {
  /** Mean squared TD error, Eq. 7. */
  readonly loss: number;
  /** Global norm of the gradient before clipping. */
  readonly gradientNorm: number;
  readonly qTotal: number;
  readonly target: number;
}

/**
 * One update of QMIX, Algorithm 2, lines 23-29: targets from the target networks, squared TD error, one RMSprop step.
 *
 * @param groups the sampled batch, laid out by `groupEpisodes`
 * @param stepsInBatch sampled steps of all groups: the loss is their mean
 * @param step environment steps so far, which decides between one-step targets and what follows (Eq. 6)
 */
export function qmixUpdate(engine: Engine, groups: readonly EpisodeGroup[], stepsInBatch: number, config: Config, step: number): UpdateStatistics {
  const operator: ValueOperator = config.operator;
  const doubleQ = operator.kind === "max" && config.operator.doubleQ;
  let loss = 0;
  let qTotalSum = 0;
  let targetSum = 0;

  for (const group of groups) {
    engine.load(group);
    const onlineQ = engine.agentForward("online", true);
    const targetQ = engine.agentForward("target");

    const nextTotals = engine.mixerForward("target", nextValues(operator, targetQ, doubleQ ? onlineQ : null, group), 1);
    const targets = learningTargets(config.returns, step, group, nextTotals, config.discount);

    const qTot = engine.mixerForward("online", chosenValues(onlineQ, group), 0, true);
    const gradient = new Float32Array(qTot.length);
    loss += tdLoss({ lengths: group.lengths, qTot, targets, normaliser: stepsInBatch }, gradient);
    engine.agentBackward(engine.mixerBackward(gradient));

    for (let t = 0; t < group.steps; t++) {
      for (let i = t * group.lanes; i < t * group.lanes + group.running[t]; i++) {
        qTotalSum += qTot[i];
        targetSum += targets[i];
      }
    }
  }
  const gradientNorm = engine.step(config.optimiser);
  return { loss, gradientNorm, qTotal: qTotalSum / stepsInBatch, target: targetSum / stepsInBatch };
}
