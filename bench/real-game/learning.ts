import { createBattleEnvironment } from "../../src/envs/starcraft/environment.js";
import { maps } from "../../src/envs/starcraft/maps.js";
import { type EnemyHabits, HABITS, rulesVersion } from "../../src/envs/starcraft/rules.js";
import { environments } from "../../src/parts/environment.js";
import { registerParts } from "../../src/parts/registry.js";
import type { MetricsRow } from "../../src/runs/metrics.js";

/** Maps on which learning is compared, and the steps after which a run that has not learned is given up. */
export const LEARNING_MAPS: Readonly<Record<string, number>> = {
  "3m": 500_000,
  "8m": 700_000,
  "2s3z": 1_000_000,
  "3s5z": 2_000_000,
  "2c_vs_64zg": 2_000_000,
};

/** Steps after which a run by another rule set that has not learned is given up. */
export const RULE_SET_STEPS = 300_000;

/**
 * Registers the battles of a map under other habits of the enemies as an environment, so that teams train in them as in
 * any other.
 *
 * @param habits numbers to change, for example "comradeAgain=10,old=5"
 * @returns the environment's name, for example "3m.comradeAgain-10.old-5"
 * @throws {Error} when there is no such map or no such number
 */
export function battleUnder(name: string, habits: string): string {
  const map = maps.find((map) => map.name === name);
  if (map === undefined)
    throw new Error(`There is no map "${name}": use one of ${maps.map(({ name }) => name).join(", ")}.`);
  const changed: Record<string, number> = {};
  for (const part of habits.split(",")) {
    const [habit = "", value = ""] = part.split("=");
    if (!(habit in HABITS) || value === "" || !Number.isFinite(Number(value)))
      throw new Error(`"${part}" is not HABIT=NUMBER with a habit among ${Object.keys(HABITS).join(", ")}.`);
    changed[habit] = Number(value);
  }
  const environment = [name, ...Object.entries(changed).map(([habit, value]) => `${habit}-${value}`)].join(".");
  const all: EnemyHabits = { ...HABITS, ...changed };
  registerParts({
    [environments.section]: {
      [environment]: {
        create: () => createBattleEnvironment(map, "starcraft", all),
        version: () => rulesVersion(map, "starcraft"),
      },
    },
  });
  return environment;
}

/** How fast a run learned, from its evaluations of 32 battles each, without smoothing. */
export interface Learning {
  /**
   * Step of the first of three evaluations in a row that average .5 or more; Infinity if there are none. The
   * reference's table must use the same rule: it gives 10,000 for 8m, where the third evaluation is at 20,000.
   */
  readonly half: number;
  /** The same for .9. */
  readonly nineTenths: number;
  /** Number of evaluations from the first of .1 or more to before the first of .9 or more. */
  readonly between: number;
  /** How many of those won all battles or none. */
  readonly extremes: number;
}

/** Reads how a run learned from its evaluations, oldest first. */
export function learningOf(evaluations: readonly Pick<MetricsRow, "step" | "winRate">[]): Learning {
  const reached = (least: number): number =>
    evaluations.find(
      (_, k) =>
        k + 3 <= evaluations.length &&
        evaluations.slice(k, k + 3).reduce((sum, { winRate }) => sum + winRate, 0) / 3 >= least,
    )?.step ?? Infinity;
  const from = evaluations.findIndex(({ winRate }) => winRate >= 0.1);
  const to = evaluations.findIndex(({ winRate }) => winRate >= 0.9);
  const between = from < 0 ? [] : evaluations.slice(from, to < 0 ? undefined : to);
  return {
    half: reached(0.5),
    nineTenths: reached(0.9),
    between: between.length,
    extremes: between.filter(({ winRate }) => winRate === 0 || winRate === 1).length,
  };
}
