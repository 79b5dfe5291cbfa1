import type { Random } from "../../random.js";

/**
 * COMIX's and FACMAC's updates of continuous actions, written exactly as their equations, in float64 and one number
 * after another, with gradients by reverse-mode differentiation. Engines and updates are tested against this slow code.
 */

/** A number that remembers how it was made. */
export interface Num {
  readonly value: number;
  /** The numbers that it was computed from, and its derivative with respect to each. */
  readonly from: readonly (readonly [Num, number])[];
  /** dL / d this, after `differentiate`. */
  gradient: number;
}

const num = (value: number, ...from: (readonly [Num, number])[]): Num => ({ value, from, gradient: 0 });
/** Returns a number through which nothing is differentiated. */
export const constant = (value: number): Num => num(value);
export const add = (a: Num, b: Num): Num => num(a.value + b.value, [a, 1], [b, 1]);
export const subtract = (a: Num, b: Num): Num => num(a.value - b.value, [a, 1], [b, -1]);
export const times = (a: Num, b: Num): Num => num(a.value * b.value, [a, b.value], [b, a.value]);
export const sum = (terms: readonly Num[]): Num =>
  num(
    terms.reduce((total, { value }) => total + value, 0),
    ...terms.map((term) => [term, 1] as const),
  );
export const mean = (terms: readonly Num[]): Num => times(sum(terms), constant(1 / terms.length));
export const relu = (a: Num): Num => num(Math.max(0, a.value), [a, a.value > 0 ? 1 : 0]);
export const elu = (a: Num): Num =>
  a.value > 0 ? num(a.value, [a, 1]) : num(Math.expm1(a.value), [a, Math.exp(a.value)]);
export const absolute = (a: Num): Num => num(Math.abs(a.value), [a, Math.sign(a.value)]);
export const tanh = (a: Num): Num => num(Math.tanh(a.value), [a, 1 - Math.tanh(a.value) ** 2]);

/** Fills in dL / dx of every number from which `loss` was computed. */
export function differentiate(loss: Num): void {
  const order: Num[] = [];
  const seen = new Set<Num>();
  const visit = (n: Num): void => {
    if (seen.has(n)) return;
    seen.add(n);
    for (const [parent] of n.from) visit(parent);
    order.push(n);
  };
  visit(loss);
  for (const n of order) n.gradient = 0;
  loss.gradient = 1;
  for (const n of order.reverse()) for (const [parent, slope] of n.from) parent.gradient += n.gradient * slope;
}

/** Parameters by name, row-major. */
export type Weights = ReadonlyMap<string, readonly Num[]>;

/** Returns numbers as parameters that can be differentiated. */
export function weightsOf(values: ReadonlyMap<string, ArrayLike<number>>): Weights {
  return new Map([...values].map(([name, list]) => [name, Array.from(list, constant)]));
}

/** Computes y = W x + b. */
function linear(weights: Weights, name: string, x: readonly Num[]): Num[] {
  const w = weights.get(`${name}.weight`)!;
  return weights
    .get(`${name}.bias`)!
    .map((bias, row) => sum([bias, ...x.map((value, column) => times(w[row * x.length + column], value))]));
}

/**
 * Computes a network of two hidden layers with ReLU: COMIX's Q-network, FACMAC's critic and, with a tanh after it, its
 * actor.
 */
export function feedForward(weights: Weights, name: string, x: readonly Num[]): Num[] {
  const h1 = linear(weights, `${name}.fc1`, x).map(relu);
  const h2 = linear(weights, `${name}.fc2`, h1).map(relu);
  return linear(weights, `${name}.fc3`, h2);
}

/** Computes Q_tot(s, q_1..q_N), equation 1 of the QMIX paper, with two-layer hypernetworks. */
export function mixer(weights: Weights, state: readonly number[], q: readonly Num[]): Num {
  const s = state.map(constant);
  const hyper = (name: string) => linear(weights, `mixer.${name}.2`, linear(weights, `mixer.${name}.0`, s).map(relu));
  const b1 = linear(weights, "mixer.hyper_b_1", s);
  const w1 = hyper("hyper_w_1").map(absolute);
  const wFinal = hyper("hyper_w_final").map(absolute);
  const hidden = b1.map((bias, e) => elu(sum([bias, ...q.map((value, i) => times(value, w1[i * b1.length + e]))])));
  return sum([...hyper("V"), ...hidden.map((h, e) => times(h, wFinal[e]))]);
}

/** One transition. Observations and actions are [agents][numbers]. */
export interface Transition {
  readonly observations: readonly (readonly number[])[];
  readonly state: readonly number[];
  readonly actions: readonly (readonly number[])[];
  readonly reward: number;
  readonly nextObservations: readonly (readonly number[])[];
  readonly nextState: readonly number[];
  readonly terminal: boolean;
}

/** Computes Q_i(o_i, a_i) of each agent; `name` is that of the network. */
export function utilities(
  weights: Weights,
  name: string,
  observations: readonly (readonly number[])[],
  actions: readonly (readonly Num[])[],
): Num[] {
  return observations.map((seen, i) => feedForward(weights, name, [...seen.map(constant), ...actions[i]])[0]);
}

/**
 * Computes y = r + gamma (1 - terminal) Qtot_target(s', Q_target(o', a')) of each transition.
 *
 * @param nextActions a' of each agent in the next state, [agents][numbers]: COMIX's by the cross-entropy method,
 *   FACMAC's of the target actor
 */
export function targets(
  batch: readonly Transition[],
  target: Weights,
  name: string,
  nextActions: (transition: Transition) => readonly (readonly number[])[],
  gamma: number,
): number[] {
  return batch.map((transition) => {
    const { reward, terminal, nextObservations, nextState } = transition;
    if (terminal) return reward;
    const actions = nextActions(transition).map((action) => action.map(constant));
    return reward + gamma * mixer(target, nextState, utilities(target, name, nextObservations, actions)).value;
  });
}

/** Computes the mean of (Qtot(s, Q(o, a)) - y)^2, which is the loss of COMIX and of FACMAC's critic. */
export function valueLoss(batch: readonly Transition[], online: Weights, name: string, y: readonly number[]): Num {
  return mean(
    batch.map(({ observations, state, actions }, k) => {
      const taken = actions.map((action) => action.map(constant));
      const error = subtract(mixer(online, state, utilities(online, name, observations, taken)), constant(y[k]));
      return times(error, error);
    }),
  );
}

/** Computes mu(o_i) of each agent, within (-1, 1). [agents][numbers] */
export function policy(weights: Weights, observations: readonly (readonly number[])[]): Num[][] {
  return observations.map((seen) => feedForward(weights, "actor", seen.map(constant)).map(tanh));
}

/**
 * Computes FACMAC's actor loss: minus the mean of Qtot(s, Q(o, mu(o))), with all agents' actions by their present
 * policies at once, plus 1e-3 times the mean square of what the policies give.
 */
export function policyLoss(batch: readonly Transition[], online: Weights): Num {
  const actions = batch.map(({ observations }) => policy(online, observations));
  const values = batch.map(({ observations, state }, k) =>
    mixer(online, state, utilities(online, "critic", observations, actions[k])),
  );
  const squares = actions.flat(2).map((a) => times(a, a));
  return add(times(mean(values), constant(-1)), times(mean(squares), constant(1e-3)));
}

/** Settings of the cross-entropy method. COMIX: 64, 6, 2. */
export interface CrossEntropy {
  readonly samples: number;
  readonly elites: number;
  readonly iterations: number;
}

/**
 * Returns the action of the largest value that the cross-entropy method finds. Samples are drawn before a tanh from a
 * normal distribution, which begins at N(0, 1) and is fitted again to the best ones, with n - 1 in its variance. The
 * result is the best sample of the last iteration.
 *
 * @param normal draws from N(0, 1): sample by sample, number by number
 */
export function crossEntropy(
  value: (action: readonly number[]) => number,
  numbers: number,
  { samples, elites, iterations }: CrossEntropy,
  normal: () => number,
): number[] {
  let centre = new Array<number>(numbers).fill(0);
  let spread = new Array<number>(numbers).fill(1);
  let best: number[] = [];
  for (let iteration = 0; iteration < iterations; iteration++) {
    const drawn = Array.from({ length: samples }, () => centre.map((c, d) => c + spread[d] * normal()));
    const scored = drawn.map((sample) => ({ sample, score: value(sample.map(Math.tanh)) }));
    // Array.prototype.sort is stable, so that of equal samples the earlier one wins.
    const elite = scored.sort((a, b) => b.score - a.score).slice(0, elites);
    centre = centre.map((_, d) => elite.reduce((total, { sample }) => total + sample[d], 0) / elites);
    spread = centre.map((c, d) =>
      Math.sqrt(elite.reduce((total, { sample }) => total + (sample[d] - c) ** 2, 0) / (elites - 1)),
    );
    best = elite[0].sample.map(Math.tanh);
  }
  return best;
}

/** Adam's state for one number. */
export interface Moments {
  m: number;
  v: number;
}

/**
 * Takes step `t` (from 1) of Adam as in PyTorch for one number. Epsilon is added to the root of the corrected second
 * moment.
 */
export function adam(
  value: number,
  gradient: number,
  moments: Moments,
  t: number,
  { rate, beta1 = 0.9, beta2 = 0.999, epsilon }: { rate: number; beta1?: number; beta2?: number; epsilon: number },
): number {
  moments.m = beta1 * moments.m + (1 - beta1) * gradient;
  moments.v = beta2 * moments.v + (1 - beta2) * gradient * gradient;
  const [m, v] = [moments.m / (1 - beta1 ** t), moments.v / (1 - beta2 ** t)];
  return value - (rate * m) / (Math.sqrt(v) + epsilon);
}

/** Returns a target parameter that follows the online one: target + tau (online - target). */
export function follow(target: number, online: number, tau: number): number {
  return target + tau * (online - target);
}

/** Sizes of a small problem. */
export interface Sizes {
  readonly agents: number;
  readonly numbers: number;
  readonly observation: number;
  readonly state: number;
  readonly hidden: number;
  readonly embed: number;
  readonly hypernetEmbed: number;
}

/** Returns random parameters of the networks with these names, each uniform in +-1/sqrt(fan in), and of a mixer. */
export function randomValues(
  { agents, numbers, observation, state, hidden, embed, hypernetEmbed }: Sizes,
  networks: readonly ("agent" | "critic" | "actor")[],
  random: Random,
): Map<string, Float64Array> {
  const values = new Map<string, Float64Array>();
  const layer = (name: string, out: number, input: number) => {
    const draw = (count: number) =>
      Float64Array.from({ length: count }, () => (2 * random.float() - 1) / Math.sqrt(input));
    values.set(`${name}.weight`, draw(out * input));
    values.set(`${name}.bias`, draw(out));
  };
  for (const name of networks) {
    layer(`${name}.fc1`, hidden, name === "actor" ? observation : observation + numbers);
    layer(`${name}.fc2`, hidden, hidden);
    layer(`${name}.fc3`, name === "actor" ? numbers : 1, hidden);
  }
  layer("mixer.hyper_w_1.0", hypernetEmbed, state);
  layer("mixer.hyper_w_1.2", agents * embed, hypernetEmbed);
  layer("mixer.hyper_w_final.0", hypernetEmbed, state);
  layer("mixer.hyper_w_final.2", embed, hypernetEmbed);
  layer("mixer.hyper_b_1", embed, state);
  layer("mixer.V.0", embed, state);
  layer("mixer.V.2", 1, embed);
  return values;
}

/** Returns random transitions. */
export function randomBatch(
  { agents, numbers, observation, state }: Sizes,
  count: number,
  random: Random,
): Transition[] {
  const draw = (length: number, size = 1) => Array.from({ length }, () => size * (2 * random.float() - 1));
  const rows = (length: number, size = 1) => Array.from({ length: agents }, () => draw(length, size));
  return Array.from({ length: count }, (_, k) => ({
    observations: rows(observation),
    state: draw(state),
    actions: rows(numbers, 0.9),
    reward: draw(1)[0],
    nextObservations: rows(observation),
    nextState: draw(state),
    terminal: k % 3 === 2,
  }));
}
