import { LabError } from "../errors.js";
import { didYouMean, show } from "../messages.js";
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
    throw new LabError(`Unknown rules ${show(rules)}: allowed are ${ruleSets.join(", ")}.`);
  }
  const map = maps.find((candidate) => candidate.name === name);
  if (map !== undefined) return createBattleEnvironment(map, rules);
  const game = games.find((candidate) => candidate.name === name);
  if (game !== undefined) return createMatrixEnvironment(game);
  throw new LabError(`Unknown environment ${show(name)}: ${didYouMean(String(name), environmentNames)}allowed are ${environmentNames.join(", ")}.`);
}
