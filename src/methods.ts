import type { Config, ConfigInput } from "./config/config.js";
import { algorithms } from "./parts/algorithm.js";
import { type MethodPart, methodParts } from "./parts/method.js";
import { registerParts } from "./parts/registry.js";

/**
 * The value-based algorithms of the paper's comparison. Of WQMIX's two variants the paper trains OW-QMIX; CW-QMIX is
 * the other.
 */
export const ALGORITHMS = ["qmix", "ow-qmix", "cw-qmix", "res"] as const satisfies readonly PaperAlgorithm[];

/** An algorithm of the paper's comparison. */
export type PaperAlgorithm = "qmix" | "ow-qmix" | "cw-qmix" | "res";

/** The methods that the paper compares (Table 1), in its order; each is a configuration of the same parts. */
export const METHODS = ["dense", "tiny", "ss", "set", "rigl", "rlx2", "mast"] as const satisfies readonly PaperMethod[];

/** A method of the paper's comparison. */
export type PaperMethod = "dense" | "tiny" | "ss" | "set" | "rigl" | "rlx2" | "mast";

/** PyMARL's targets and buffer, which every method but RLx2 and MAST keeps. */
const plain = {
  operator: { kind: "max" },
  returns: { kind: "one-step" },
  replay: { offlineBatch: 32, onlineBatch: 0 },
} as const;

/**
 * RLx2 was made for single agents. In our version its topology evolves as in RigL, its multi-step targets are one-step
 * until T_0 and look n = 3 rewards ahead from then on (`returns.burnIn`, `returns.n`), and its buffer of dynamic
 * capacity keeps episodes (`replay.dynamic`). The paper says that a policy distance cannot be computed from episodes;
 * we take the share of the agents' stored choices that are no longer greedy.
 */
const rlx2: MethodPart["defaults"] = {
  ...plain,
  topology: { grow: "gradient" },
  returns: { kind: "n-step" },
  replay: { ...plain.replay, dynamic: {} },
};

/** The methods of the paper's comparison as parts. */
export const builtInMethods: Readonly<Record<PaperMethod, MethodPart>> = {
  dense: {
    title: "Dense",
    networks: "dense",
    defaults: { ...plain, sparsity: { level: 0 }, topology: { grow: "none" } },
  },
  tiny: { title: "Tiny", networks: "tiny", defaults: { ...plain, topology: { grow: "none" } } },
  ss: { title: "SS", defaults: { ...plain, topology: { grow: "none" } } },
  set: { title: "SET", defaults: { ...plain, topology: { grow: "random" } } },
  rigl: { title: "RigL", defaults: { ...plain, topology: { grow: "gradient" } } },
  rlx2: { title: "RLx2", defaults: rlx2 },
  mast: {
    title: "MAST",
    defaults: {
      topology: { grow: "gradient" },
      operator: { kind: "soft-mellowmax" },
      returns: { kind: "td-lambda" },
      replay: { offlineBatch: 20, onlineBatch: 12 },
    },
  },
};

registerParts({ [methodParts.section]: builtInMethods }, "built-in");

/** The names under which figures and tables show the algorithms of the paper's comparison. */
export const ALGORITHM_TITLES: Readonly<Record<PaperAlgorithm, string>> = {
  qmix: "QMIX",
  "ow-qmix": "OW-QMIX",
  "cw-qmix": "CW-QMIX",
  res: "RES-QMIX",
};

/** The names under which figures and tables show the methods of the paper's comparison. */
export const METHOD_TITLES = Object.fromEntries(
  METHODS.map((method) => [method, builtInMethods[method].title]),
) as Readonly<Record<PaperMethod, string>>;

/** The method that a configuration names. */
export function methodOf(config: Pick<Config, "method" | "parts">): MethodPart {
  return methodParts.get(config.method, config.parts);
}

/** The name under which figures and tables show an algorithm: "QMIX" for "qmix". */
export function algorithmTitle(algorithm: string, parts?: Config["parts"]): string {
  return algorithms.title(algorithm, parts);
}

/** The name under which figures and tables show a method: "MAST" for "mast". */
export function methodTitle(method: string, parts?: Config["parts"]): string {
  return methodParts.title(method, parts);
}

/** The defaults that an algorithm changes in a configuration, by section and field. */
export function algorithmDefaults(algorithm: string, parts?: Config["parts"]): ConfigInput {
  return algorithms.get(algorithm, parts).defaults ?? {};
}

/** The defaults that a method changes in a configuration, by section and field. */
export function methodDefaults(method: string, parts?: Config["parts"]): ConfigInput {
  return methodParts.get(method, parts).defaults;
}
