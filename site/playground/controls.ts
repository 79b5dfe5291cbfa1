/** Something that a person can choose, and what it means in plain words. */

export interface Choice {
  readonly value: string;
  readonly label: string;
  /** What it means, in a sentence. */
  readonly about: string;
}

export interface Control {
  /** The field of the configuration, such as "returns.lambda". */
  readonly field: string;
  readonly label: string;
  /** The paper's symbol, in HTML. */
  readonly symbol?: string;
  readonly about: string;
  readonly kind: "choice" | "share" | "number";
  readonly choices?: readonly Choice[];
  readonly min?: number;
  readonly max?: number;
  readonly step?: number;
  readonly unit?: string;
}

/** The environments in which a team can be trained, by the names of `createEnvironment`. */
export const ENVIRONMENTS: readonly Choice[] = [
  {
    value: "3m",
    label: "3m",
    about: "Three marines against three. The usual first battle: most teams learn it in a minute or two.",
  },
  { value: "8m", label: "8m", about: "Eight marines against eight: the same idea with more to coordinate." },
  {
    value: "2s3z",
    label: "2s3z",
    about: "Two stalkers and three zealots on each side: ranged and melee units have to work together.",
  },
  { value: "3s5z", label: "3s5z", about: "Three stalkers and five zealots on each side. It takes longer." },
  { value: "5m_vs_6m", label: "5m_vs_6m", about: "Five marines against six: only a team that focuses its fire wins." },
  {
    value: "3s_vs_5z",
    label: "3s_vs_5z",
    about: "Three stalkers against five zealots, which they must keep at a distance.",
  },
  { value: "1c3s5z", label: "1c3s5z", about: "A colossus, three stalkers and five zealots on each side." },
  {
    value: "2c_vs_64zg",
    label: "2c_vs_64zg",
    about: "Two colossi on a cliff against 64 zerglings. Large networks: it is slow in a page.",
  },
  {
    value: "two-step",
    label: "two-step game",
    about: "QMIX's two-step game: two agents, two moves, over in seconds. The best return is 8.",
  },
  {
    value: "climbing",
    label: "climbing game",
    about: "One joint action with an optimum of 11 beside penalties of -30, which cautious learners avoid.",
  },
];

/** The methods by which a team can be trained: the rows of the paper's Table 1. */
export const METHODS: readonly Choice[] = [
  {
    value: "mast",
    label: "MAST",
    about: "The paper's method: sparse networks whose connections move, with targets and buffers made for them.",
  },
  {
    value: "rigl",
    label: "RigL",
    about: "Connections move to where gradients are largest; targets and buffer are QMIX's own.",
  },
  { value: "set", label: "SET", about: "Connections move to random places." },
  { value: "ss", label: "SS", about: "Static sparse: the random connections of the beginning stay." },
  {
    value: "rlx2",
    label: "RLx2",
    about: "RigL with 3-step targets and a buffer that forgets old play; made for single agents.",
  },
  { value: "tiny", label: "Tiny", about: "A small dense network with as many weights as the sparse one." },
  { value: "dense", label: "Dense", about: "QMIX with every connection, to compare with." },
];

export const CONTROLS: readonly Control[] = [
  {
    field: "environment",
    label: "Map",
    kind: "choice",
    choices: ENVIRONMENTS,
    about: "The battle that the team learns to win. No StarCraft II is needed: the page simulates it.",
  },
  {
    field: "method",
    label: "Method",
    kind: "choice",
    choices: METHODS,
    about: "How the networks are made sparse and trained.",
  },
  {
    field: "sparsity.level",
    label: "Sparsity",
    symbol: "<var>S</var>",
    kind: "share",
    min: 0.5,
    max: 0.99,
    step: 0.01,
    about: "Share of the connections that is missing. At 95 %, one in twenty is left.",
  },
  {
    field: "returns.lambda",
    label: "Trust in experience",
    symbol: "<var>λ</var>",
    kind: "number",
    min: 0,
    max: 1,
    step: 0.05,
    about: "How far a target looks along what really happened (1) before it trusts the network's own guess (0).",
  },
  {
    field: "returns.burnIn",
    label: "Start of multi-step targets",
    symbol: "<var>T</var><sub>0</sub>",
    kind: "number",
    min: 0,
    max: 2_000_000,
    step: 1_000,
    unit: "steps",
    about:
      "Until then, targets look one step ahead: early play is mostly random, and little can be learned from its long tail.",
  },
  {
    field: "topology.interval",
    label: "Time between evolutions",
    symbol: "<var>Δ</var><sub>m</sub>",
    kind: "number",
    min: 1,
    max: 10_000,
    step: 1,
    unit: "episodes",
    about: "So often, the weakest connections are dropped and as many new ones grow elsewhere.",
  },
  {
    field: "steps",
    label: "Length of training",
    kind: "number",
    min: 100,
    max: 2_000_000,
    step: 1_000,
    unit: "steps",
    about: "Steps of the environment. 100,000 are enough for 3m.",
  },
  {
    field: "seed",
    label: "First seed",
    kind: "number",
    min: 0,
    max: 2 ** 31 - 1,
    step: 1,
    about:
      "Decides everything random: the same seed and settings give the same team, to the last bit, on any computer.",
  },
];

/** Greatest number of runs of one team. */
export const MOST_SEEDS = 5;
