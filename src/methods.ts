/** The ways to train of the paper's comparison (Table 1) that are configurations of the parts present today. */
export const METHODS = ["dense", "ss", "set", "rigl", "mast"] as const;

export type Method = (typeof METHODS)[number];

/** PyMARL's targets and buffer, which every baseline but MAST keeps. */
const plain = {
  operator: { kind: "max" },
  returns: { kind: "one-step" },
  replay: { offlineBatch: 32, onlineBatch: 0 },
};

const defaults: Readonly<Record<Method, Readonly<Record<string, unknown>>>> = {
  dense: { ...plain, sparsity: { level: 0 }, topology: { grow: "none" } },
  ss: { ...plain, topology: { grow: "none" } },
  set: { ...plain, topology: { grow: "random" } },
  rigl: { ...plain, topology: { grow: "gradient" } },
  mast: {
    topology: { grow: "gradient" },
    operator: { kind: "soft-mellowmax" },
    returns: { kind: "td-lambda" },
    replay: { offlineBatch: 20, onlineBatch: 12 },
  },
};

/** The names under which figures and tables show the methods. */
export const METHOD_TITLES: Readonly<Record<Method, string>> = { dense: "Dense", ss: "SS", set: "SET", rigl: "RigL", mast: "MAST" };

/** What a method changes in the defaults of a configuration, by section and field. */
export function methodDefaults(method: Method): Readonly<Record<string, unknown>> {
  return defaults[method];
}
