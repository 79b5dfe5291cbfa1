import type { GivenEnvironment } from "../envs/environment.js";
import type { Rules } from "../envs/starcraft/units.js";
import { declareKind, lacksFunction, type Part } from "./registry.js";

/** What a factory of environments is given: the rules of battles, and the part's own options, complete. */
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
  /** Makes a new instance; a training has several at once. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a part names its options in its own parameters, `({ length }) => ...`, which `unknown` would refuse
  create(settings: any): GivenEnvironment;
  /**
   * Version of its rules under these settings, where it has one: a number that grows whenever the same actions lead to
   * another episode. Runs under different versions are different runs.
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a part names its options in its own parameters, `({ length }) => ...`, which `unknown` would refuse
  version?(settings: any): number;
  /** Set where an environment that is built in has continuous actions; of the others, the sizes say it. */
  readonly continuous?: boolean;
  /**
   * Set where an instance takes seconds to make: a configuration then tries it once in a thread, and its memory is
   * estimated without playing.
   */
  readonly slow?: boolean;
}

/** The environments by name: `config.environment`. Maps of the battle simulator are among them. */
export const environments = declareKind<EnvironmentPart>("environment", "environments", (part) =>
  lacksFunction(part, "create"),
);
