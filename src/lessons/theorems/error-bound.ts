import { createRandom, type Random } from "../../random.js";
import { mean } from "../../results/statistics.js";
import { randomDecPomdp, type TabularDecPomdp } from "./dec-pomdp.js";
import { factoredTotals, fitFactored, greedyChoices } from "./factored.js";
import {
  expectedTdLambda,
  highestValues,
  type MultiStepError,
  multiStepErrors,
  type MultiStepOptions,
} from "./multi-step-error.js";
import { gaussian } from "./noise.js";
import { bestReactivePolicy, expectAction, policyValues, reactivePolicy, type Values } from "./values.js";

/**
 * Simulates a sparse network: adds an independent normal error of standard deviation `sigma` to the value of each state
 * and joint action.
 */
export function perturb(q: Float64Array, sigma: number, random: Random): Float64Array {
  return q.map((x) => x + sigma * gaussian(random));
}

/** The arrays of `MultiStepError`, each as its mean over all states, joint actions and networks. */
export type MeanStepError = { readonly [K in keyof MultiStepError]: number };

/**
 * Computes Theorem 3.1 on average over `networks` perturbations of Q^pi: a row for each n, and the error of TD(lambda)
 * for the same networks.
 *
 * @example
 * const { steps, tdLambda } = meanStepErrors(game, {
 *   target: pi,
 *   behaviour: rho,
 *   gamma: 0.9,
 *   steps: 10,
 *   bootstrap: "target-policy",
 *   sigma: 1,
 *   networks: 50,
 *   seed: 1,
 *   lambda: 0.8,
 * });
 */
export function meanStepErrors(
  game: TabularDecPomdp,
  options: Omit<MultiStepOptions, "network"> & {
    /** Standard deviation of the fitting error. */
    readonly sigma: number;
    /** Number of perturbed networks to average over. */
    readonly networks: number;
    /** Seed of the perturbations. */
    readonly seed: number;
    /** lambda of the TD(lambda) targets, 0..1. */
    readonly lambda: number;
  },
): {
  /** One row for each n = 1 .. `steps`; every quantity is its mean over states, joint actions and networks. */
  readonly steps: readonly MeanStepError[];
  /** Mean over the same of |E_rho[TD(lambda) target] - Q^pi|. */
  readonly tdLambda: number;
} {
  const { target, behaviour, gamma, bootstrap, sigma, networks, seed, lambda } = options;
  const random = createRandom(seed);
  const { q } = policyValues(game, target, gamma);
  const rows: MeanStepError[][] = [];
  const errors: number[] = [];
  for (let k = 0; k < networks; k++) {
    const network = perturb(q, sigma, random);
    rows.push(multiStepErrors(game, { ...options, network }).map(meanOfEach));
    const nextValues = bootstrap === "max" ? highestValues(game, network) : expectAction(game, target, network);
    errors.push(
      mean(expectedTdLambda(game, { behaviour, nextValues, gamma, lambda }).map((y, i) => Math.abs(y - q[i]))),
    );
  }
  const names = Object.keys(rows[0][0]) as (keyof MeanStepError)[];
  const steps = rows[0].map(
    (_, i) => Object.fromEntries(names.map((name) => [name, mean(rows.map((row) => row[i][name]))])) as MeanStepError,
  );
  return { steps, tdLambda: mean(errors) };
}

function meanOfEach(row: MultiStepError): MeanStepError {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]: [string, number | Float64Array]) => [
      name,
      typeof value === "number" ? value : mean(value),
    ]),
  ) as MeanStepError;
}

/** The number of times that one interpretation of Theorem 3.1 was violated. */
export interface BoundCheck {
  /** The interpretation in words: how T_n ends, and what is assumed of pi or added to the bound. */
  readonly reading: string;
  /** Number of inequalities checked: one for each state, joint action, n, network and pair of policies. */
  readonly cases: number;
  /** How many of `cases` have a left side that exceeds the right side by more than rounding does. */
  readonly broken: number;
  /** The largest difference of left side and right side: positive if the inequality is violated. */
  readonly worst: number;
}

/** Rounding of sums over some tens of terms stays far below this tolerance; a violated inequality is far above it. */
const TOLERANCE = 1e-9;

/**
 * Looks for violations of Theorem 3.1 on random Dec-POMDPs, under four interpretations. pi is the best reactive policy
 * of each and the network is a perturbation of its values, except in the third one, where the network is factored and
 * pi is greedy for it.
 *
 * @param epsilons exploration of rho: each agent departs from pi with this probability
 * @example
 * const [proof] = checkErrorBound({ seeds: 3, gammas: [0.9], sigmas: [0.5], epsilons: [0, 0.1], steps: 10 });
 * proof.broken; // 0
 */
export function checkErrorBound({
  seeds,
  gammas,
  sigmas,
  epsilons,
  steps,
}: {
  /** Number of random Dec-POMDPs, made from the seeds 1, 2 and so on. */
  readonly seeds: number;
  /** Discount factors that are tried, each from 0 to below 1. */
  readonly gammas: readonly number[];
  /** Standard deviations of the fitting error that are tried. */
  readonly sigmas: readonly number[];
  /** Exploration rates of rho that are tried, each 0..1. */
  readonly epsilons: readonly number[];
  /** Largest n; every n from 1 on is tried. */
  readonly steps: number;
}): BoundCheck[] {
  const [proof, printed, igm, repaired] = [
    "T_n ends with Q(s, π(s)), as the proof goes on",
    "T_n ends with max Q, as printed, for any π",
    "T_n ends with max Q, and π is greedy for the network",
    "T_n ends with max Q, and the bound has the greedy gap",
  ].map((reading) => ({ reading, cases: 0, broken: 0, worst: -Infinity }));
  const count = (
    check: { cases: number; broken: number; worst: number },
    rows: readonly MultiStepError[],
    gap = false,
  ): void => {
    for (const { error, bound, greedyGap } of rows) {
      error.forEach((x, i) => {
        const excess = x - bound[i] - (gap ? greedyGap[i] : 0);
        check.cases++;
        if (excess > TOLERANCE) check.broken++;
        check.worst = Math.max(check.worst, excess);
      });
    }
  };
  for (let seed = 1; seed <= seeds; seed++) {
    const game = randomDecPomdp({ seed });
    const random = createRandom(seed, 1);
    for (const gamma of gammas) {
      const best = bestReactivePolicy(game, gamma);
      for (const sigma of sigmas) {
        const network = perturb(best.q, sigma, random);
        const team = greedyTeam(game, best, sigma, random);
        for (const epsilon of epsilons) {
          const behaviour = reactivePolicy(game, best.choices, epsilon);
          const any = { target: best.policy, behaviour, network, gamma, steps };
          count(proof, multiStepErrors(game, { ...any, bootstrap: "target-policy" }));
          const rows = multiStepErrors(game, { ...any, bootstrap: "max" });
          count(printed, rows);
          count(repaired, rows, true);
          const own = {
            target: reactivePolicy(game, team.choices),
            behaviour: reactivePolicy(game, team.choices, epsilon),
            network: team.network,
          };
          count(igm, multiStepErrors(game, { ...own, gamma, steps, bootstrap: "max" }));
        }
      }
    }
  }
  return [proof, printed, igm, repaired];
}

/** Makes a factored network near Q^pi with errors in its agents' tables, and its greedy policy. */
function greedyTeam(
  game: TabularDecPomdp,
  { q }: Values,
  sigma: number,
  random: Random,
): { network: Float64Array; choices: number[][] } {
  const { bias, agents } = fitFactored(game, q);
  const team = { bias, agents: agents.map((table) => perturb(table, sigma, random)) };
  return { network: factoredTotals(game, team), choices: greedyChoices(game, team) };
}
