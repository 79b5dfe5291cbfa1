import { z } from "zod";
import { ALGORITHM_TITLES, algorithmDefaults, ALGORITHMS, methodDefaults, METHODS } from "./methods.js";

/** What runs the networks: our own kernels on one core, or TensorFlow.js, for a GPU. */
export const ENGINES = ["wasm", "tensorflow"] as const;

/** What TensorFlow.js computes on: CUDA, any GPU through WebGPU, TensorFlow on the processor, WebAssembly, plain JavaScript, or the first of them that is there. */
export const BACKENDS = ["auto", "tfjs-node-gpu", "tfjs-node", "webgpu", "wasm", "cpu"] as const;
export type Backend = (typeof BACKENDS)[number];

const count = z.int().min(1);
const fraction = z.number().min(0).max(1);

/** Which part of a network's weights is kept, and where. */
const sparsity = z.strictObject({
  /** S, the share of weights removed in each network. 0 is dense. Table 1: 0.85 to 0.95. With method "tiny": of the sparse network whose size is matched. */
  level: z.number().min(0).max(0.999).default(0.95),
  /** How S is spread over layers: "erdos-renyi" keeps small layers denser, "uniform" treats all alike. */
  distribution: z.enum(["erdos-renyi", "uniform"]).default("erdos-renyi"),
});

/** Topology evolution, Algorithm 1. */
const topology = z.strictObject({
  /** How connections grow: by the largest gradients ("gradient", RigL and MAST), at "random" (SET), or not at all ("none", static sparse). */
  grow: z.enum(["gradient", "random", "none"]).default("gradient"),
  /** zeta_0, the initial share of a layer's connections that is dropped and grown; it decays by a cosine to 0 at the end of training. Table 3: 0.5. */
  fraction: fraction.default(0.5),
  /** delta_m, training episodes between two evolutions. Table 3: 200. */
  interval: count.default(200),
});

/** How a next state is valued. */
const operator = z.strictObject({
  /** Which operator turns Q_i(tau', .) into a value: Figure 16 compares all four. */
  kind: z.enum(["max", "softmax", "mellowmax", "soft-mellowmax"]).default("soft-mellowmax"),
  /** alpha of the soft mellowmax, Eq. 3. Table 3: 1. */
  alpha: z.number().min(0).default(1),
  /** omega of the (soft) mellowmax, Eq. 3. Table 3: 10. */
  omega: z.number().positive().default(10),
  /** Inverse temperature of the softmax. Table 3: 5. */
  beta: z.number().min(0).default(5),
  /** With "max": the online network chooses the action that the target network values (double Q). Table 3: true. */
  doubleQ: z.boolean().default(true),
});

/** How far a target looks ahead, Eq. 6. */
const returns = z.strictObject({
  /** What follows the burn-in: "td-lambda" (MAST), "n-step" (RLx2), or "one-step" throughout. */
  kind: z.enum(["one-step", "n-step", "td-lambda"]).default("td-lambda"),
  /** lambda of TD(lambda). Table 3: 0.8 for QMIX and RES, 0.6 for WQMIX. */
  lambda: fraction.default(0.8),
  /** n of the n-step target. */
  n: count.default(3),
  /** T_0, environment steps with one-step targets before. Default: 3/8 of `steps` (Table 2; 0.75M of 2M in Table 3). */
  burnIn: z.int().min(0).optional(),
});

/**
 * RLx2's dynamic-capacity buffer, adapted to episodes: every `interval` episodes the policy is compared with the oldest stored
 * batch, and where it has moved too far from what was done then, the oldest part of the buffer is dropped.
 */
const dynamic = z.strictObject({
  /** Training episodes between two comparisons. RLx2: every 1 % of the buffer's capacity; here 50 of 5000 episodes. */
  interval: count.default(50),
  /** Largest policy distance that is tolerated: the share of stored actions that are not the greedy ones any more. RLx2: 0.2. */
  threshold: fraction.default(0.2),
  /** Share of the stored episodes that is dropped. RLx2: 0.1. */
  drop: fraction.default(0.1),
  /** Share of the capacity below which nothing is dropped. RLx2: 0.1. */
  minimum: fraction.default(0.1),
});

/** Episodes kept and sampled. */
const replay = z.strictObject({
  /** C_1, capacity of the offline buffer in episodes. Table 3: 5000. */
  offlineCapacity: count.default(5000),
  /** C_2, capacity of the online buffer in episodes. Table 3: 128. */
  onlineCapacity: count.default(128),
  /** S_1, episodes of a batch from the offline buffer. Table 3: 20. */
  offlineBatch: z.int().min(0).default(20),
  /** S_2, episodes of a batch from the online buffer; 0 is a single buffer. Table 3: 12. */
  onlineBatch: z.int().min(0).default(12),
  /** RLx2's dynamic capacity of the offline buffer; method "rlx2" has it. */
  dynamic: dynamic.optional(),
});

/** WQMIX's loss: OW-QMIX weights steps whose value is overestimated by `alpha`, CW-QMIX those whose joint action seems not the best. */
const wqmix = z.strictObject({
  /** alpha of the weighting function. Table 3: 0.1. */
  alpha: fraction.default(0.1),
});

/** RES's softmax over counterfactual joint actions and its regularised loss. */
const res = z.strictObject({
  /** Inverse temperature of the softmax over joint actions. Table 3: 5. */
  beta: z.number().min(0).default(5),
  /** lambda, weight of the squared distance from the Monte-Carlo return in the loss. Table 3: 0.05. */
  lambda: z.number().min(0).default(0.05),
});

/** A given topology that stays fixed, section 4.2 and Figure 10. */
const ticket = z.strictObject({
  /**
   * "random": drawn at random. "winning": the final topology of a run, with weights drawn anew (by the source's own seed: those it began with).
   * "cheating": the final topology and the final weights of a run.
   */
  kind: z.enum(["random", "winning", "cheating"]),
  /** The run that the topology (and the weights) come from, by its name in `mast runs`. */
  source: z.string().min(1).optional(),
});

/** epsilon-greedy exploration. */
const exploration = z.strictObject({
  /** Initial epsilon. Table 3: 1. */
  start: fraction.default(1),
  /** Final epsilon. Table 3: 0.05. */
  end: fraction.default(0.05),
  /** Environment steps of the linear decay. Table 3: 50 000. */
  anneal: count.default(50_000),
});

/** RMSprop. */
const optimiser = z.strictObject({
  /** Learning rate. Table 3: 5e-4. */
  learningRate: z.number().positive().default(5e-4),
  /** Decay of the mean of squared gradients. PyMARL: 0.99. */
  alpha: z.number().min(0).max(0.999999).default(0.99),
  /** Added to the root. PyMARL: 1e-5. */
  epsilon: z.number().positive().default(1e-5),
  /** Largest global gradient norm. PyMARL: 10. */
  gradientClip: z.number().positive().default(10),
});

/** Sizes of the networks. */
const network = z.strictObject({
  /** Units of the agent's first layer and GRU. Table 3: 64. */
  hidden: count.max(1024).default(64),
  /** Embedding of the mixing network. Table 3: 32. */
  embed: count.max(1024).default(32),
  /** Hidden units of the two-layer hypernetworks. Table 3: 64. */
  hypernetEmbed: count.max(1024).default(64),
  /** Hidden units of WQMIX's unrestricted mixing network. Table 3: 256. */
  centralEmbed: count.max(1024).optional(),
});

/** The paper's evaluation protocol. */
const evaluation = z.strictObject({
  /** Environment steps between evaluations; the end of training is evaluated besides. Section 4.1: 10 000. */
  interval: count.default(10_000),
  /** Greedy episodes of one evaluation. PyMARL: 32. */
  episodes: count.default(32),
  /** A run's score is the mean win rate of this many last evaluations, that before training left out. Section 4.1: 20. */
  window: count.default(20),
});

const schema = z.strictObject({
  /** An environment: a map such as "3m", or a matrix game. See `mast --help`. */
  environment: z.string().default("3m"),
  /** Rules of the battle simulator: the real game's, or SMAClite's. */
  rules: z.enum(["starcraft", "smaclite"]).default("starcraft"),
  /** The value-based algorithm that is trained. */
  algorithm: z.enum(ALGORITHMS).default("qmix"),
  /** A row of the paper's comparison; sets the defaults of sparsity, topology, operator, returns and replay. */
  method: z.enum(METHODS).default("mast"),
  /** Determines everything random. */
  seed: z.int().min(0).max(0x7fffffff).default(1),
  /** Environment steps of the run. The paper: 2 000 000. */
  steps: count.default(2_000_000),
  /** What runs the networks: our own kernels on one core ("wasm"), or TensorFlow.js ("tensorflow"), for a GPU. */
  engine: z.enum(ENGINES).default("wasm"),
  /** What the tensorflow engine computes on. Default with it: "auto", the best that is there. */
  backend: z.enum(BACKENDS).optional(),
  /** gamma. Table 3: 0.99. */
  discount: fraction.default(0.99),
  /** Training episodes between copies of the online to the target networks. Table 3: 200. */
  targetInterval: count.default(200),
  /** Environment steps before the first update ("Warmup steps" of Table 3). Default: 1/40 of `steps`, 50 000 of 2M as in Table 3; PyMARL: 0. */
  warmup: z.int().min(0).optional(),
  /** Gradient updates after each training episode. PyMARL: 1. */
  updates: count.max(64).default(1),
  sparsity: sparsity.prefault({}),
  topology: topology.prefault({}),
  operator: operator.prefault({}),
  returns: returns.prefault({}),
  replay: replay.prefault({}),
  /** WQMIX's own settings; algorithms "ow-qmix" and "cw-qmix" have them. */
  wqmix: wqmix.optional(),
  /** RES's own settings; algorithm "res" has them. */
  res: res.optional(),
  /** Sets the initial masks and keeps them. */
  ticket: ticket.optional(),
  exploration: exploration.prefault({}),
  optimiser: optimiser.prefault({}),
  network: network.prefault({}),
  evaluation: evaluation.prefault({}),
  /** How often statistics of training are recorded. */
  log: z.strictObject({ /** Environment steps between train records. */ interval: count.default(2_000) }).prefault({}),
});

/** What a person writes: any part of a config; what is left out comes from the method and from the paper's Table 3. */
export type ConfigInput = z.input<typeof schema>;

/** A complete, checked configuration: together with the code it determines a run, bit for bit. */
export type Config = z.output<typeof schema> & { readonly warmup: number; readonly returns: { readonly burnIn: number } };

/** A configuration that cannot be used; its message is one line for the person at the keyboard. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/**
 * Completes a configuration with the defaults of its method and of Table 3, and checks it.
 *
 * @throws {ConfigError} naming the field, what was given and what is allowed.
 * @example
 * const config = resolveConfig({ environment: "3m", method: "mast", steps: 200_000, seed: 1 });
 */
export function resolveConfig(input: ConfigInput = {}): Config {
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    throw new ConfigError(`config: given ${show(input)}; expected an object such as { "environment": "3m" }`);
  }
  const method = METHODS.find((name) => name === (input.method ?? "mast"));
  const algorithm = ALGORITHMS.find((name) => name === (input.algorithm ?? "qmix"));
  const fixed = isTree(input.ticket) ? { topology: { grow: "none" } } : {};
  const defaults = [algorithm && algorithmDefaults(algorithm), method && methodDefaults(method), fixed].reduce<Tree>((below, above) => merge(below, above ?? {}), {});
  const parsed = schema.safeParse(merge(defaults, input));
  if (!parsed.success) throw new ConfigError(describe(parsed.error.issues[0], input));
  const config = parsed.data;
  refuseImpossible(config);
  return {
    ...config,
    ...(config.engine === "tensorflow" && { backend: config.backend ?? "auto" }),
    warmup: config.warmup ?? Math.round(config.steps / 40),
    returns: { ...config.returns, burnIn: config.returns.burnIn ?? Math.round((3 / 8) * config.steps) },
  };
}

/** Combinations that each field alone allows, but that make no sense together. */
function refuseImpossible(config: z.output<typeof schema>): void {
  const { algorithm, method, engine, backend, sparsity, topology, operator, replay, exploration, network, ticket } = config;
  const refuse = (field: string, given: unknown, why: string): never => {
    throw new ConfigError(`config: ${field} is ${show(given)}, ${why}`);
  };
  if (backend !== undefined && engine === "wasm") refuse("backend", backend, 'but the wasm engine has no backends: leave it out, or choose engine "tensorflow"');
  const title = ALGORITHM_TITLES[algorithm];
  const weighted = algorithm === "ow-qmix" || algorithm === "cw-qmix";
  if (config.wqmix && !weighted) refuse("wqmix", config.wqmix, `but ${title} has no weighted loss: leave it out, or choose algorithm "ow-qmix" or "cw-qmix"`);
  if (network.centralEmbed !== undefined && !weighted) refuse("network.centralEmbed", network.centralEmbed, `but ${title} has no unrestricted networks: leave it out, or choose algorithm "ow-qmix" or "cw-qmix"`);
  if (weighted && operator.kind === "max" && !operator.doubleQ) refuse("operator.doubleQ", false, `but ${title} always values the joint action that its restricted networks choose: leave it out`);
  if (config.res && algorithm !== "res") refuse("res", config.res, `but ${title} has no softmax over joint actions: leave it out, or choose algorithm "res"`);
  if (method === "dense" && sparsity.level > 0) refuse("sparsity.level", sparsity.level, 'but method "dense" has none: leave it out, or choose a sparse method');
  if (method === "tiny" && sparsity.level === 0) refuse("sparsity.level", 0, 'but method "tiny" takes the size of a sparse network: say which, for example 0.9');
  if (method === "tiny" && topology.grow !== "none") refuse("topology.grow", topology.grow, 'but the networks of method "tiny" are dense and have no topology to evolve: leave it out');
  if (topology.grow !== "none" && sparsity.level === 0) refuse("topology.grow", topology.grow, 'but a dense network (sparsity.level 0) has no topology to evolve: set it to "none"');
  if (ticket) {
    if (ticket.kind !== "random" && ticket.source === undefined) refuse("ticket.kind", ticket.kind, 'but ticket.source is missing: name the run that its topology comes from (see `mast runs`)');
    if (ticket.kind === "random" && ticket.source !== undefined) refuse("ticket.source", ticket.source, "but a random ticket comes from no run: leave it out");
    if (method === "tiny" || sparsity.level === 0) refuse("ticket.kind", ticket.kind, `but the networks of method "${method}" are dense: choose a sparse method and its sparsity.level`);
    if (topology.grow !== "none") refuse("topology.grow", topology.grow, 'but a ticket stays as it is: leave it out');
  }
  if (replay.offlineBatch + replay.onlineBatch < 1) refuse("replay.offlineBatch", replay.offlineBatch, "and replay.onlineBatch 0: a batch needs at least one episode");
  if (replay.offlineBatch > replay.offlineCapacity) refuse("replay.offlineBatch", replay.offlineBatch, `more than replay.offlineCapacity ${replay.offlineCapacity}`);
  if (replay.onlineBatch > replay.onlineCapacity) refuse("replay.onlineBatch", replay.onlineBatch, `more than replay.onlineCapacity ${replay.onlineCapacity}`);
  if (replay.onlineCapacity > replay.offlineCapacity) refuse("replay.onlineCapacity", replay.onlineCapacity, `more than replay.offlineCapacity ${replay.offlineCapacity}: the online buffer holds the newest part of the offline one`);
  if (replay.dynamic && replay.offlineBatch === 0) refuse("replay.dynamic", replay.dynamic, "but nothing is sampled from the offline buffer (replay.offlineBatch 0): leave it out");
  if (exploration.end > exploration.start) refuse("exploration.end", exploration.end, `above exploration.start ${exploration.start}: exploration only decays`);
}

type Tree = { readonly [key: string]: unknown };

/** Lays one part of a configuration over another, field by field. */
export function mergeConfig(below: ConfigInput, above: ConfigInput): ConfigInput {
  return merge(below, above) as ConfigInput;
}

/** Lays what was given over the defaults, section by section. */
function merge(defaults: Tree, given: Tree): Tree {
  const merged: Record<string, unknown> = { ...defaults };
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const below = merged[key];
    merged[key] = isTree(below) && isTree(value) ? merge(below, value) : value;
  }
  return merged;
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function describe(issue: z.core.$ZodIssue, input: unknown): string {
  if (issue.code === "unrecognized_keys") {
    const key = issue.keys[0];
    const known = keysAt(issue.path);
    const where = issue.path.length === 0 ? "" : ` in ${issue.path.join(".")}`;
    return `config: unknown key "${key}"${where}; ${suggest(key, known)}allowed: ${known.join(", ")}`;
  }
  const field = issue.path.join(".");
  let given: unknown = input;
  for (const key of issue.path) given = isTree(given) ? given[String(key)] : undefined;
  const names = issue.code === "invalid_value" && typeof given === "string" ? issue.values.map(String) : [];
  return `config: ${field} is ${show(given)}; ${suggest(String(given), names)}allowed: ${allowed(issue)}`;
}

function allowed(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_value": return issue.values.map((v) => show(v)).join(", ");
    case "too_small": return `${issue.inclusive === false ? "more than" : "at least"} ${issue.minimum}`;
    case "too_big": return `${issue.inclusive === false ? "less than" : "at most"} ${issue.maximum}`;
    case "invalid_type": return TYPES[issue.expected] ?? `a value of type ${issue.expected}`;
    default: return issue.message;
  }
}

const TYPES: Readonly<Record<string, string>> = {
  int: "a whole number",
  number: "a number",
  string: "text",
  boolean: "true or false",
  object: "an object with fields of its own",
};

function show(value: unknown): string {
  return typeof value === "number" ? String(value) : (JSON.stringify(value) ?? String(value));
}

/** The keys the schema knows at a path. */
function keysAt(path: readonly PropertyKey[]): string[] {
  let at: unknown = schema;
  for (const key of path) {
    at = (at as z.ZodObject).shape[String(key)];
    while (at instanceof z.ZodPrefault || at instanceof z.ZodOptional) at = at.unwrap();
  }
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

function suggest(given: string, known: readonly string[]): string {
  const best = known.map((name) => [editDistance(given.toLowerCase(), name.toLowerCase()), name] as const).sort((a, b) => a[0] - b[0])[0];
  return best !== undefined && best[0] <= Math.max(2, given.length / 3) ? `did you mean "${best[1]}"? ` : "";
}

/** Levenshtein's distance, for "did you mean". */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length];
}
