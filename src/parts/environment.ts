import type { GivenEnvironment } from "../envs/environment.js";
import type { Rules } from "../envs/starcraft/units.js";
import { declareKind, lacksFunction, type Part } from "./registry.js";

/** The settings that an environment is made with: the rules of battles, and the part's own options, complete. */
export interface EnvironmentSettings {
  /** Rules of the battle simulator from the configuration; other environments may ignore them. */
  readonly rules: Rules;
  readonly [option: string]: unknown;
}

/**
 * An environment as a part.
 *
 * @example
 * registerParts({ environments: { walk: { options: { length: 5 }, create: ({ length }) => createWalk(length) } } });
 */
export interface EnvironmentPart extends Part {
  /** Makes a new instance. Training uses several at once. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- `unknown` would refuse `({ length })`
  create(settings: any): GivenEnvironment;
  /**
   * Version of the environment's rules under these settings, if it has one: a number to increase whenever the same
   * actions lead to another episode. Runs under different versions have different identities.
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- `unknown` would refuse `({ length })`
  version?(settings: any): number;
  /**
   * True for built-in environments with continuous actions. For other environments the sizes tell whether actions are
   * continuous.
   */
  readonly continuous?: boolean;
  /**
   * If true, an instance takes seconds to make: it is then tried once in a thread, and its memory is estimated without
   * playing.
   */
  readonly slow?: boolean;
}

/** The registered environments, by the name in `config.environment`. Maps of the battle simulator are among them. */
export const environments = declareKind<EnvironmentPart>("environment", "environments", (part) =>
  lacksFunction(part, "create"),
);
