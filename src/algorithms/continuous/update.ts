import type { Config } from "../../config/config.js";
import { type ActionBox, cutToBox } from "../../envs/environment.js";
import type { AdamStep } from "../../networks/engine.js";
import type { NetworkShape } from "../../networks/parameters.js";
import type {
  CrossEntropyOptions,
  Draws,
  FeedForward,
  TransitionEngine,
  TransitionMixer,
} from "../../networks/transition-engine.js";
import type { TransitionBatch } from "../../replay/transitions.js";
import type { UpdateStatistics } from "../../parts/algorithm.js";

/**
 * Settings of an update of continuous actions. The values named below are those of COMIX and FACMAC on Multi-Agent
 * MuJoCo.
 */
export interface ContinuousOptions extends Omit<AdamStep, "step"> {
  /** Discount gamma; 0.99. */
  readonly discount: number;
  /** Greatest norm of the gradient of the networks that step together; 0.5. */
  readonly gradientClip: number;
  /**
   * tau of the soft target update after each update; 0.001. Without it, only `copyToTarget` changes target networks.
   */
  readonly follow?: number;
  /** Settings of COMIX's search for a'. */
  readonly crossEntropy: CrossEntropyOptions;
  /**
   * Bounds of actions, [agents, actions]: those of the next state are cut to them, as all that replay holds. Default:
   * -1 to 1.
   */
  readonly box?: ActionBox | undefined;
  /** Turns the values of COMIX's sampled actions into the value of the next state. Default: the largest. */
  readonly judge?: Judge | undefined;
}

/**
 * Returns the value of an agent's next state from the values of its sampled actions, their number and the largest of
 * them.
 */
export type Judge = (values: Float64Array, count: number, largest: number) => number;

/** The settings of the authors' runs. */
export const CONTINUOUS_DEFAULTS: ContinuousOptions = {
  discount: 0.99,
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 0.01,
  gradientClip: 0.5,
  follow: 1e-3,
  crossEntropy: { samples: 64, elites: 6, iterations: 2 },
};

/** Returns a configuration's settings of its updates. */
export function continuousOptions({ discount, optimiser, targetTau, crossEntropy }: Config): ContinuousOptions {
  const { learningRate, alpha, beta1 = CONTINUOUS_DEFAULTS.beta1, epsilon, gradientClip } = optimiser;
  return {
    discount,
    learningRate,
    beta1,
    beta2: alpha,
    epsilon,
    gradientClip,
    follow: targetTau,
    crossEntropy: crossEntropy ?? CONTINUOUS_DEFAULTS.crossEntropy,
  };
}

/** Called after the step of some networks, while their gradients can be read, so that their topology can evolve. */
export type Stepped = (networks: readonly string[]) => void | Promise<void>;

/** Weight of the actions' mean square in FACMAC's policy loss. */
const ACTION_PENALTY = 1e-3;

/** COMIX's networks: the agents' utilities of what each sees and does, and QMIX's mixer. */
export const comixNetworks = { agent: "action-value", mixer: "monotonic" } as const;

/** FACMAC's networks: a critic and an actor, each shared by all agents, and QMIX's mixer. */
export const facmacNetworks = { critic: "action-value", actor: "policy", mixer: "monotonic" } as const;

/**
 * Performs one update of COMIX, with y = r + gamma Qtot_target(s', V(o')). V of each agent is the largest value that
 * the cross-entropy method finds by the target utilities, of the action as it is after it was cut to the box (in MAST,
 * the soft mellowmax of its last samples' values, which are not cut).
 * Then it takes a step on the mean of (Qtot(s, Q(o, a)) - y)^2.
 *
 * @param update number of this update, from 1
 * @param draws the numbers from N(0, 1) for the cross-entropy method
 * @param stepped called after the step
 * @param dense whether gradients of pruned connections are wanted too
 */
export async function comixUpdate(
  engine: TransitionEngine<boolean, typeof comixNetworks>,
  batch: TransitionBatch,
  options: ContinuousOptions,
  update: number,
  draws: Draws,
  stepped: Stepped = () => undefined,
  dense = false,
): Promise<UpdateStatistics> {
  const { agent, mixer } = engine.networks;
  const { observation, actions: numbers } = engine.shape;
  const { samples } = options.crossEntropy;
  const after = moment(batch.observations, 1, batch);
  const { actions, values } = await engine.search!("target", after, options.crossEntropy, draws);
  const best = cutAll(actions, options.box);
  const next =
    options.judge === undefined && best !== actions
      ? (await agent.forward("target", joined(after, observation, best, numbers))).slice()
      : judged(values, samples, options.judge);
  engine.begin();
  if (dense) engine.requestDenseGradients();
  const statistics = await learnValues({ utilities: agent, mixer }, batch, next, options, engine.shape);
  const gradientNorm = await engine.step({ ...options, kind: "adam", step: update }, ["agent", "mixer"]);
  await stepped(["agent", "mixer"]);
  if (options.follow !== undefined) engine.follow(options.follow);
  return { ...statistics, gradientNorm };
}

/**
 * Performs one update of FACMAC: the critic's as in COMIX with a' of the target actor, cut to the box, then the
 * actor's. The latter goes up the gradient of Qtot(s, Q(o, mu(o))), with all agents' actions by their present policies,
 * less 1e-3 times the mean square of those actions.
 *
 * @param update number of this update, from 1
 * @param stepped called after each of its two steps
 * @param dense whether gradients of pruned connections are wanted too
 */
export async function facmacUpdate(
  engine: TransitionEngine<boolean, typeof facmacNetworks>,
  batch: TransitionBatch,
  options: ContinuousOptions,
  update: number,
  stepped: Stepped = () => undefined,
  dense = false,
): Promise<UpdateStatistics> {
  const { actor, critic, mixer } = engine.networks;
  const { observation, actions, agents } = engine.shape;
  const adam = { ...options, kind: "adam", step: update } as const;
  engine.begin();
  if (dense) engine.requestDenseGradients();
  const after = moment(batch.observations, 1, batch);
  const best = cutAll(await actor.forward("target", after), options.box);
  const next = await critic.forward("target", joined(after, observation, best, actions));
  const statistics = await learnValues({ utilities: critic, mixer }, batch, next, options, engine.shape);
  const gradientNorm = await engine.step(adam, ["critic", "mixer"]);
  // This has to happen before the actor's backward pass through the mixer changes the mixer's gradients.
  await stepped(["critic", "mixer"]);

  const count = batch.rewards.length;
  const seen = moment(batch.observations, 0, batch);
  const mu = (await actor.forward("online", seen, true)).slice();
  const q = await critic.forward("online", joined(seen, observation, mu, actions), true);
  await mixer.forward("online", moment(batch.states, 0, batch), q, true);
  const dq = await mixer.backward(new Float32Array(count).fill(-1 / count));
  const dInputs = (await critic.backward(dq, { adds: false, through: true }))!;
  const dMu = mu.map((value) => (2 * ACTION_PENALTY * value) / mu.length);
  for (let row = 0; row < count * agents; row++)
    for (let d = 0; d < actions; d++)
      dMu[row * actions + d] += dInputs[row * (observation + actions) + observation + d];
  await actor.backward(dMu);
  await engine.step(adam, ["actor"]);
  await stepped(["actor"]);
  if (options.follow !== undefined) engine.follow(options.follow);
  return { ...statistics, gradientNorm };
}

/**
 * Adds the gradients of the mean of (Qtot(s, Q(o, a)) - y)^2 to the utilities and the mixer.
 *
 * @param next values of the agents in the next state, [B * agents]
 */
async function learnValues(
  { utilities, mixer }: { readonly utilities: FeedForward; readonly mixer: TransitionMixer },
  batch: TransitionBatch,
  next: Float32Array,
  { discount }: ContinuousOptions,
  { observation, actions }: NetworkShape,
): Promise<Omit<UpdateStatistics, "gradientNorm">> {
  const count = batch.rewards.length;
  const following = await mixer.forward("target", moment(batch.states, 1, batch), next);
  const y = following.map(
    (total, k) => batch.rewards[k] + (batch.terminal[k] === 1 ? 0 : discount ** batch.steps[k] * total),
  );
  const taken = joined(moment(batch.observations, 0, batch), observation, batch.actions, actions);
  const values = await utilities.forward("online", taken, true);
  const totals = await mixer.forward("online", moment(batch.states, 0, batch), values, true);
  let [loss, qTotal, target] = [0, 0, 0];
  const gradient = totals.map((total, k) => {
    const error = total - y[k];
    loss += (error * error) / count;
    qTotal += total / count;
    target += y[k] / count;
    return (2 * error) / count;
  });
  await utilities.backward(await mixer.backward(gradient));
  return { loss, qTotal, target };
}

/** Cuts the agents' actions, [B * agents, actions], to their bounds; returns them as they are if these are -1 and 1. */
function cutAll(actions: Float32Array, box: ActionBox | undefined): Float32Array {
  if (box === undefined || (box.low.every((low) => low <= -1) && box.high.every((high) => high >= 1))) return actions;
  const cut = new Float32Array(actions.length);
  const joint = box.low.length;
  for (let at = 0; at < cut.length; at += joint)
    cutToBox(box, actions.subarray(at, at + joint), cut.subarray(at, at + joint));
  return cut;
}

/** Applies `judge` to each row's values, [rows, samples] to [rows]. Without one, returns the largest. */
function judged(values: Float32Array, samples: number, judge?: Judge): Float32Array {
  const own = new Float64Array(samples);
  return Float32Array.from({ length: values.length / samples }, (_, row) => {
    own.set(values.subarray(row * samples, (row + 1) * samples));
    let largest = own[0];
    for (const value of own) if (value > largest) largest = value;
    return judge === undefined ? largest : judge(own, samples, largest);
  });
}

/** Selects the part of a batch before (0) or after (1) the steps: [B, 2, width] to [B, width]. */
function moment(values: Float32Array, time: 0 | 1, { rewards }: TransitionBatch): Float32Array {
  const width = values.length / rewards.length / 2;
  const chosen = new Float32Array(rewards.length * width);
  for (let k = 0; k < rewards.length; k++)
    chosen.set(values.subarray((2 * k + time) * width, (2 * k + time + 1) * width), k * width);
  return chosen;
}

/** Joins the rows of two arrays side by side. */
export function joined(left: Float32Array, leftWidth: number, right: Float32Array, rightWidth: number): Float32Array {
  const rows = left.length / leftWidth;
  const width = leftWidth + rightWidth;
  const both = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    both.set(left.subarray(row * leftWidth, (row + 1) * leftWidth), row * width);
    both.set(right.subarray(row * rightWidth, (row + 1) * rightWidth), row * width + leftWidth);
  }
  return both;
}
