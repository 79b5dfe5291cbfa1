import type { Environment } from "./environment.js";
import { climbing } from "./games/climbing.js";
import { createMatrixEnvironment } from "./games/matrix.js";
import { twoStep } from "./games/two-step.js";
import { createBattleEnvironment } from "./starcraft/environment.js";
import { maps } from "./starcraft/maps.js";
import type { Rules } from "./starcraft/units.js";

const games = [twoStep, climbing];
const ruleSets: readonly Rules[] = ["starcraft", "smaclite"];

/** Every name that `createEnvironment` knows: SMAC maps first, then matrix games. */
export const environmentNames: readonly string[] = [...maps, ...games].map(({ name }) => name);

/** Options of battles; matrix games have none. */
export interface EnvironmentOptions {
  /** `starcraft` (default) plays as the real game, `smaclite` as SMAClite: see starcraft/RULES.md. */
  readonly rules?: Rules;
}

/**
 * Makes an environment by name.
 *
 * @throws {Error} on an unknown name or rule set, in one line that says what is allowed.
 * @example
 * const env = createEnvironment("3m");
 * env.reset(1);
 * env.step([1, 1, 1]); // everyone stands
 */
export function createEnvironment(name: string, options: EnvironmentOptions = {}): Environment {
  const { rules = "starcraft" } = options;
  if (!ruleSets.includes(rules)) {
    throw new Error(`Unknown rules "${rules}": allowed are ${ruleSets.join(", ")}.`);
  }
  const map = maps.find((candidate) => candidate.name === name);
  if (map !== undefined) return createBattleEnvironment(map, rules);
  const game = games.find((candidate) => candidate.name === name);
  if (game !== undefined) return createMatrixEnvironment(game);
  const allowed = environmentNames.join(", ");
  throw new Error(`Unknown environment "${name}": did you mean "${nearest(name)}"? Allowed are ${allowed}.`);
}

function nearest(name: string): string {
  const lower = name.toLowerCase();
  const byDistance = environmentNames.map((known) => [editDistance(lower, known.toLowerCase()), known] as const);
  return byDistance.reduce((best, candidate) => (candidate[0] < best[0] ? candidate : best))[1];
}

/** Levenshtein's distance: insertions, deletions and replacements that turn one word into the other. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + Number(a[i - 1] !== b[j - 1])));
    }
    row = next;
  }
  return row[b.length]!;
}
