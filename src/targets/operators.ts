import { LabError } from "../errors.js";
import type { Config } from "../config/config.js";
import { type OperatorPart, operators, type OperatorSettings } from "../parts/operator.js";
import { registerParts } from "../parts/registry.js";
import type { EpisodeGroup } from "../replay/group.js";
import { checkLength, noAction } from "./actions.js";
import { negativeExponential } from "./exponential.js";

/**
 * The way in which one agent's action values become the value of its next state (paper Figure 16).
 *
 * - `max`: the largest value; with double Q the target network's value of the online network's best action.
 * - `softmax`: the mean of the values, weighted by exp(beta q).
 * - `mellowmax`: log(mean(exp(omega q))) / omega.
 * - `soft-mellowmax`: Eq. 3, mellowmax with the mean weighted by exp(alpha q). Table 3: alpha 1, omega 10.
 */
export type ValueOperator =
  | {
      /** Takes the largest value. */
      readonly kind: "max";
    }
  | {
      /** Takes the mean of the values, weighted by exp(beta q). */
      readonly kind: "softmax";
      /** Inverse temperature; the larger, the closer to the maximum. */
      readonly beta: number;
    }
  | {
      /** Takes log(mean(exp(omega q))) / omega. */
      readonly kind: "mellowmax";
      /** Sharpness; the larger, the closer to the maximum. */
      readonly omega: number;
    }
  | {
      /** Takes mellowmax with the mean weighted by exp(alpha q), Eq. 3. */
      readonly kind: "soft-mellowmax";
      /** Inverse temperature of the weights, Eq. 3. */
      readonly alpha: number;
      /** Sharpness, Eq. 3; the larger, the closer to the maximum. */
      readonly omega: number;
    }
  | RegisteredOperator;

/** A value operator, built in or registered, as `operatorOf` finds it. */
export interface RegisteredOperator {
  /** Name under which the operator is registered. */
  readonly kind: string;
  /** The part that computes values; it gets this operator as its settings. */
  readonly part: OperatorPart;
}

/**
 * Finds the operator that a configuration names, with its settings: alpha, omega and beta of `config.operator`, and its
 * own options.
 * @throws {PartError} when there is no operator of that name
 */
export function operatorOf({
  operator,
  options,
  parts,
}: Pick<Config, "operator" | "options" | "parts">): RegisteredOperator {
  return { ...operator, ...options?.operator, kind: operator.kind, part: operators.get(operator.kind, parts) };
}

/**
 * Tells whether an operator is built in, so that engines know it.
 * @throws {Error} when its settings are impossible
 */
export function isBuiltIn(operator: RegisteredOperator): boolean {
  return Object.values(builtInOperators).includes(partOf(operator));
}

/**
 * Tells whether next values depend on the values of the judging networks alone. They do not with double Q-learning,
 * where other networks choose, and they may not with an operator that is not built in, which can depend on anything.
 */
export function judgesAlone(operator: RegisteredOperator, doubleQ: boolean): boolean {
  return isBuiltIn(operator) && !(operator.kind === "max" && doubleQ);
}

/** The operators of Figure 16 as parts. */
export const builtInOperators: Readonly<Record<"max" | "softmax" | "mellowmax" | "soft-mellowmax", OperatorPart>> = {
  max: { evaluate: (values, count, max) => max + notFinite(values, count) },
  softmax: {
    evaluate: (values, count, max, { beta }) => weightedMean(values, count, max, beta),
    check: ({ beta }) => finite("beta", beta),
  },
  mellowmax: {
    evaluate: (values, count, max, { omega }) => logMeanExponential(values, count, max, omega),
    check: ({ omega }) => positive("omega", omega),
  },
  "soft-mellowmax": {
    evaluate: (values, count, max, { alpha, omega }) =>
      alpha === 0 ? logMeanExponential(values, count, max, omega) : logRatio(values, count, max, alpha, omega),
    check: ({ alpha, omega }) => positive("omega", omega) ?? finite("alpha", alpha),
  },
};

registerParts({ [operators.section]: builtInOperators }, "built-in");

/**
 * Soft mellowmax of action values, Eq. 3, over the available ones; at most their maximum. `alpha` is any real number, 0
 * gives mellowmax; towards omega = infinity it becomes the maximum, towards omega = 0 the softmax mean with beta =
 * alpha.
 *
 * @param available 1 where an action may be chosen; all of them when left out
 * @throws {Error} when omega is not positive, or no action is available
 * @example
 * softMellowmax([1, 2, 3], { alpha: 1, omega: 10 }); // 2.9593...
 * softMellowmax([1, 2, 3], { alpha: 1, omega: 10 }, [1, 1, 0]); // 1.9687...
 */
export function softMellowmax(
  values: ArrayLike<number>,
  {
    alpha,
    omega,
  }: {
    /** alpha, the inverse temperature of the weights. Table 3: 1. */
    readonly alpha: number;
    /** omega, which must be positive. Table 3: 10. */
    readonly omega: number;
  },
  available?: ArrayLike<number>,
): number {
  return applyOperator({ kind: "soft-mellowmax", alpha, omega }, values, available);
}

/**
 * Mellowmax of action values: log(mean(exp(omega q))) / omega over the available ones, between their mean (omega
 * towards 0) and their maximum (omega towards infinity).
 *
 * @throws {Error} when omega is not positive, or no action is available
 * @example mellowmax([1, 2, 3], { omega: 10 }); // 2.8901...
 */
export function mellowmax(
  values: ArrayLike<number>,
  { omega }: { readonly omega: number },
  available?: ArrayLike<number>,
): number {
  return applyOperator({ kind: "mellowmax", omega }, values, available);
}

/**
 * Boltzmann's softmax mean of action values: sum(exp(beta q) q) / sum(exp(beta q)) over the available ones.
 *
 * @throws {Error} when no action is available
 * @example
 * softmaxMean([1, 2, 3], { beta: 5 }); // 2.9932...
 */
export function softmaxMean(
  values: ArrayLike<number>,
  { beta }: { readonly beta: number },
  available?: ArrayLike<number>,
): number {
  return applyOperator({ kind: "softmax", beta }, values, available);
}

/** Applies an operator to one agent's action values. Values that are not finite give NaN. */
export function applyOperator(
  operator: ValueOperator,
  values: ArrayLike<number>,
  available?: ArrayLike<number>,
): number {
  const part = partOf(operator);
  const chosen = Float64Array.from(values).filter((_, a) => available === undefined || available[a] !== 0);
  if (chosen.length === 0)
    throw new LabError(`None of ${values.length} actions is available; a value needs at least one.`);
  return part.evaluate(
    chosen,
    chosen.length,
    chosen.reduce((a, b) => (b > a ? b : a), -Infinity),
    operator,
  );
}

/**
 * Computes the value of every agent's next state, for `mixer.forward(side, values, 1)`: entry t is the value after step
 * t.
 *
 * With `max` and `choosingQ` it is double Q-learning as in PyMARL: the online values choose among the available actions
 * (of equal values the lowest action), and the target values judge the choice. The other operators read the judging
 * values only.
 *
 * @param q [steps + 1, agents, actions, lanes], the judging values: those of the target networks
 * @param choosingQ the same of the choosing networks, the online ones; null where the judging values also choose
 * @param out [steps, agents, lanes]; padding becomes 0. Values that are not finite give NaN
 * @throws {Error} when an array has another size, or an agent has no available action (naming episode, agent and step)
 * @example
 * const values = nextValues(
 *   { kind: "soft-mellowmax", alpha: 1, omega: 10 },
 *   engine.networks.agent.forward("target"),
 *   null,
 *   group,
 * );
 * const targets = engine.networks.mixer.forward("target", values, 1);
 */
export function nextValues(
  operator: ValueOperator,
  q: Float32Array,
  choosingQ: Float32Array | null,
  group: EpisodeGroup,
  out: Float32Array = new Float32Array(group.steps * group.agents * group.lanes),
): Float32Array {
  const part = partOf(operator);
  const { steps, agents, actionCount, lanes, running, availableActions } = group;
  const size = (steps + 1) * agents * actionCount * lanes;
  checkLength("q", q, size);
  if (choosingQ !== null) checkLength("choosingQ", choosingQ, size);
  checkLength("out", out, steps * agents * lanes);
  const values = actionCount <= gathered.length ? gathered : new Float64Array(actionCount);

  const double = operator.kind === "max" && choosingQ !== null ? choosingQ : null;
  for (let t = 0; t < steps; t++) {
    for (let agent = 0; agent < agents; agent++) {
      const to = (t * agents + agent) * lanes;
      for (let lane = 0; lane < running[t]; lane++) {
        const first = ((t + 1) * agents + agent) * actionCount * lanes + lane;
        if (double !== null) {
          out[to + lane] = doubleQ(double, q, availableActions, first, actionCount, lanes);
          if (greedy < 0) throw noAction(group, lane, agent, t + 1);
          continue;
        }
        let count = 0;
        let max = -Infinity;
        for (let a = 0, i = first; a < actionCount; a++, i += lanes) {
          if (availableActions[i] === 0) continue;
          const x = q[i];
          values[count++] = x;
          if (x > max) max = x;
        }
        if (count === 0) throw noAction(group, lane, agent, t + 1);
        out[to + lane] = part.evaluate(values, count, max, operator);
      }
      out.fill(0, to + running[t], to + lanes);
    }
  }
  return out;
}

// The available values of one agent are gathered in this array first, so that operators read one dense array of one
// type.
const gathered = new Float64Array(256);

function logMeanExponential(values: Float64Array, count: number, max: number, omega: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += negativeExponential(omega * (values[i] - max));
  return max + Math.log(sum / count) / omega;
}

/** Eq. 3 as log(sum exp((alpha + omega) q) / sum exp(alpha q)) / omega, each sum relative to its largest term. */
function logRatio(values: Float64Array, count: number, max: number, alpha: number, omega: number): number {
  const both = alpha + omega;
  // With a negative factor the largest term is that of the smallest value.
  const bottom = alpha >= 0 ? max : smallest(values, count);
  const top = both >= 0 ? max : bottom;
  let numerator = 0;
  let denominator = 0;
  for (let i = 0; i < count; i++) {
    numerator += negativeExponential(both * (values[i] - top));
    denominator += negativeExponential(alpha * (values[i] - bottom));
  }
  const base = top === bottom ? top : (both * top - alpha * bottom) / omega;
  return base + Math.log(numerator / denominator) / omega;
}

function weightedMean(values: Float64Array, count: number, max: number, beta: number): number {
  const reference = beta >= 0 ? max : smallest(values, count);
  let sum = 0;
  let weights = 0;
  for (let i = 0; i < count; i++) {
    const x = values[i] - reference;
    const weight = negativeExponential(beta * x);
    weights += weight;
    sum += weight * x;
  }
  return reference + sum / weights;
}

function smallest(values: Float64Array, count: number): number {
  let min = Infinity;
  for (let i = 0; i < count; i++) if (values[i] < min) min = values[i];
  return min;
}

/** Returns 0, or NaN when a value is not finite: comparisons would ignore a NaN, a sum does not. */
function notFinite(values: Float64Array, count: number): number {
  let check = 0;
  for (let i = 0; i < count; i++) check += values[i] - values[i];
  return check;
}

/** The action that `doubleQ` chose last, or -1 when none was available. */
let greedy = -1;

function doubleQ(
  online: Float32Array,
  target: Float32Array,
  available: Uint8Array,
  first: number,
  actions: number,
  stride: number,
): number {
  let best = -1;
  let max = -Infinity;
  let check = 0;
  // Availability is checked second, because the processor can predict the first comparison (few actions are better than
  // all before) but not availability.
  for (let a = 0, i = first; a < actions; a++, i += stride) {
    const x = online[i];
    check += x - x;
    if (x > max && available[i] !== 0) {
      max = x;
      best = i;
    }
  }
  // Some value is not finite, or no action is available; only the values of available actions matter.
  if (check !== 0 || best < 0) {
    best = -1;
    max = -Infinity;
    check = 0;
    for (let a = 0, i = first; a < actions; a++, i += stride) {
      if (available[i] === 0) continue;
      const x = online[i];
      check += x - x;
      if (x > max || best < 0) {
        max = x;
        best = i;
      }
    }
  }
  greedy = best;
  return best < 0 ? NaN : target[best] + check;
}

/** The part that computes an operator. */
function partOf(operator: ValueOperator): OperatorPart {
  const part = "part" in operator ? operator.part : operators.get(operator.kind);
  const wrong = part.check?.(operator as OperatorSettings);
  if (wrong !== undefined) throw new LabError(`${operator.kind} was given ${wrong}.`);
  return part;
}

function positive(name: string, value: unknown): string | undefined {
  return typeof value === "number" && value > 0 && Number.isFinite(value)
    ? undefined
    : `${name} = ${value}; it must be a positive number`;
}

function finite(name: string, value: unknown): string | undefined {
  return Number.isFinite(value) ? undefined : `${name} = ${value}; it must be a finite number`;
}
