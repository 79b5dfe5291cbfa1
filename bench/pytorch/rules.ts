import type { builtInAlgorithms } from "../../src/algorithms/index.js";
import { wqmixNetworks } from "../../src/algorithms/wqmix.js";
import { resolveConfig, type ConfigInput } from "../../src/config.js";
import type { NetworkShape } from "../../src/networks/parameters.js";
import { ruleOf, type Rule } from "./case.js";

/** A small shape whose sizes are not multiples of a vector. */
export const ODD: NetworkShape = {
  agents: 3,
  actions: 5,
  observation: 7,
  state: 9,
  hidden: 7,
  embed: 5,
  hypernetEmbed: 6,
  centralEmbed: 6,
  networks: wqmixNetworks,
};

/** Lengths of the episodes of a small batch, in steps. */
export const LENGTHS: readonly number[] = [6, 2, 5, 1, 6, 4];

const plain: ConfigInput = { operator: { kind: "max", doubleQ: true }, returns: { kind: "one-step" } };
const mast: ConfigInput = { operator: { kind: "soft-mellowmax" }, returns: { kind: "td-lambda", burnIn: 0 } };
const softmax: ConfigInput = { operator: { kind: "softmax" }, returns: { kind: "n-step", n: 3, burnIn: 0 } };
const mellowmax: ConfigInput = { operator: { kind: "mellowmax" }, returns: { kind: "n-step", n: 2, burnIn: 0 } };
const single: ConfigInput = {
  operator: { kind: "max", doubleQ: false },
  returns: { kind: "td-lambda", lambda: 0.6, burnIn: 0 },
};

/** FACMAC and COMIX have cases of their own: continuous.ts and facmac-discrete.ts. */
const valueBased = [
  "qmix",
  "ow-qmix",
  "cw-qmix",
  "res",
  "vdn",
  "iql",
] as const satisfies readonly (keyof typeof builtInAlgorithms)[];

/**
 * The compared rules: each algorithm dense and masked, by the plain rule (max, one-step) and by MAST's (soft mellowmax,
 * TD(lambda)), and the other operators and returns. Masked rules clip far below the norms of these gradients; the
 * others do not clip.
 */
export const comparedRules: readonly Rule[] = [
  ...valueBased.flatMap((algorithm) =>
    [false, true].flatMap((masked) => [
      rule(`${algorithm}-${masked ? "masked" : "dense"}-max`, masked, { algorithm, ...plain }),
      rule(`${algorithm}-${masked ? "masked" : "dense"}-mast`, masked, { algorithm, ...mast }),
    ]),
  ),
  rule("qmix-masked-softmax", true, { algorithm: "qmix", ...softmax }),
  rule("qmix-dense-mellowmax", false, { algorithm: "qmix", ...mellowmax }),
  rule("qmix-dense-single-q", false, { algorithm: "qmix", ...single }),
  rule("iql-masked-mellowmax", true, { algorithm: "iql", ...mellowmax }),
  rule("vdn-dense-single-q", false, { algorithm: "vdn", ...single }),
  rule("ow-qmix-dense-softmax", false, { algorithm: "ow-qmix", ...softmax }),
  rule("res-masked-mellowmax", true, { algorithm: "res", ...mellowmax }),
];

function rule(name: string, masked: boolean, input: ConfigInput): Rule {
  const config = resolveConfig({ method: "dense", ...input, optimiser: { gradientClip: masked ? 0.05 : 10 } });
  return ruleOf(config, { name, masked, step: 0, updates: 3 });
}
