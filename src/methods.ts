/** The value-based algorithms of the paper's comparison; WQMIX comes as OW-QMIX, which the paper trains, and CW-QMIX. */
export const ALGORITHMS = ["qmix", "ow-qmix", "cw-qmix", "res"] as const;

export type Algorithm = (typeof ALGORITHMS)[number];

/** The ways to train of the paper's comparison (Table 1), in its order; each is a configuration of the same parts. */
export const METHODS = ["dense", "tiny", "ss", "set", "rigl", "rlx2", "mast"] as const;

export type Method = (typeof METHODS)[number];

type Defaults = Readonly<Record<string, unknown>>;

/** Table 3's settings of the algorithms where they differ from those shared by all. */
const wqmix: Defaults = { wqmix: {}, network: { centralEmbed: 256 }, exploration: { anneal: 100_000 }, returns: { lambda: 0.6 } };
const algorithms: Readonly<Record<Algorithm, Defaults>> = { qmix: {}, "ow-qmix": wqmix, "cw-qmix": wqmix, res: { res: {} } };

/** PyMARL's targets and buffer, which every baseline but RLx2 and MAST keeps. */
const plain = {
  operator: { kind: "max" },
  returns: { kind: "one-step" },
  replay: { offlineBatch: 32, onlineBatch: 0 },
};

/**
 * RLx2 is made for single agents; here its topology evolves as RigL's, its multi-step targets are one-step until T_0 and look n = 3 rewards ahead
 * from then on (`returns.burnIn`, `returns.n`), and its buffer of dynamic capacity keeps episodes (`replay.dynamic`). The paper finds that no
 * policy distance can be told from episodes: ours is the share of the agents' choices in them that are not greedy any more.
 */
const rlx2 = { ...plain, topology: { grow: "gradient" }, returns: { kind: "n-step" }, replay: { ...plain.replay, dynamic: {} } };

const methods: Readonly<Record<Method, Defaults>> = {
  dense: { ...plain, sparsity: { level: 0 }, topology: { grow: "none" } },
  tiny: { ...plain, topology: { grow: "none" } },
  ss: { ...plain, topology: { grow: "none" } },
  set: { ...plain, topology: { grow: "random" } },
  rigl: { ...plain, topology: { grow: "gradient" } },
  rlx2,
  mast: {
    topology: { grow: "gradient" },
    operator: { kind: "soft-mellowmax" },
    returns: { kind: "td-lambda" },
    replay: { offlineBatch: 20, onlineBatch: 12 },
  },
};

/** The names under which figures and tables show the algorithms. */
export const ALGORITHM_TITLES: Readonly<Record<Algorithm, string>> = { qmix: "QMIX", "ow-qmix": "OW-QMIX", "cw-qmix": "CW-QMIX", res: "RES-QMIX" };

/** The names under which figures and tables show the methods. */
export const METHOD_TITLES: Readonly<Record<Method, string>> = { dense: "Dense", tiny: "Tiny", ss: "SS", set: "SET", rigl: "RigL", rlx2: "RLx2", mast: "MAST" };

/** What an algorithm changes in the defaults of a configuration, by section and field. */
export function algorithmDefaults(algorithm: Algorithm): Defaults {
  return algorithms[algorithm];
}

/** What a method changes in the defaults of a configuration, by section and field. */
export function methodDefaults(method: Method): Defaults {
  return methods[method];
}
