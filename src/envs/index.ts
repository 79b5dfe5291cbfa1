import type { Config } from "../config/config.js";
import { LabError } from "../errors.js";
import { show } from "../messages.js";
import { environments, type EnvironmentPart } from "../parts/environment.js";
import { completeOptions, type PartFile, type PartOptions, registerParts } from "../parts/registry.js";
import { checkedEnvironment } from "./checked.js";
import type { Environment } from "./environment.js";
import { climbing } from "./games/climbing.js";
import { createMatrixEnvironment } from "./games/matrix.js";
import { twoStep } from "./games/two-step.js";
import { mujocoParts } from "./mujoco/part.js";
import { battlePart } from "./starcraft/map-part.js";
import { maps } from "./starcraft/maps.js";
import type { Rules } from "./starcraft/units.js";

const ruleSets: readonly Rules[] = ["starcraft", "smaclite"];

/** The environments that are built in: SMAC maps first, then matrix games, then Multi-Agent MuJoCo. */
const builtIn: Readonly<Record<string, EnvironmentPart>> = Object.fromEntries([
  ...maps.map((map) => [map.name, battlePart(map)] as const),
  ...[twoStep, climbing].map((game) => [game.name, { create: () => createMatrixEnvironment(game) }] as const),
  ...Object.entries(mujocoParts),
]);

registerParts({ [environments.section]: builtIn }, "built-in");

/**
 * Every name that `createEnvironment` knows without parts of a user: SMAC maps first, then matrix games, then
 * Multi-Agent MuJoCo.
 */
export const environmentNames: readonly string[] = Object.keys(builtIn);

/** Options of `createEnvironment`. */
export interface EnvironmentOptions {
  /**
   * Rules of battles: `starcraft` (default) plays like the real game, `smaclite` like SMAClite; see starcraft/RULES.md.
   */
  readonly rules?: Rules;
  /** Settings of the environment; those that are left out take their defaults. */
  readonly options?: PartOptions;
  /** Files of parts whose environments can be made in addition to the built-in ones: `config.parts`. */
  readonly parts?: readonly PartFile[];
}

/**
 * Makes an environment by name.
 *
 * @throws {Error} on an unknown name, rule set or setting, in one line that lists what is allowed.
 * @example
 * const env = createEnvironment("3m");
 * env.reset(1);
 * env.step([1, 1, 1]); // everyone stands
 */
export function createEnvironment(
  name: string,
  { rules = "starcraft", options = {}, parts = [] }: EnvironmentOptions = {},
): Environment {
  if (!ruleSets.includes(rules)) {
    throw new LabError(`Unknown rules ${show(rules)}: allowed are ${ruleSets.join(", ")}.`);
  }
  const part = environments.get(name, parts);
  const made = part.create({
    rules,
    ...completeOptions(`environment "${name}"`, part, options, "options.environment"),
  });
  // Built-in environments are tested and need no checks at every step.
  return environments.builtIn(name) ? (made as Environment) : checkedEnvironment(name, made);
}

/**
 * Makes the environment of a configuration.
 *
 * @example
 * const env = environmentOf(resolveConfig({ environment: "3m" }));
 */
export function environmentOf({
  environment,
  rules,
  options,
  parts,
}: Pick<Config, "environment" | "rules" | "options" | "parts">): Environment {
  return createEnvironment(environment, {
    rules,
    options: options?.environment,
    parts,
  });
}

/**
 * Returns the version of the rules of a configuration's environment; undefined if there is only one version, or the
 * environment is not loaded.
 */
export function environmentVersion({
  environment,
  rules,
  parts = [],
}: Pick<Config, "environment" | "rules" | "parts">): number | undefined {
  try {
    return environments.get(environment, parts).version?.({ rules });
  } catch {
    return undefined;
  }
}
