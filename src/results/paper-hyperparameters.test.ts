// These tests compare Tables 2 and 3 with the configuration of a run without any setting of its own.
import { describe, expect, it } from "vitest";
import { type Config, resolveConfig } from "../config.js";
import { readPaperTable } from "./paper.js";

/** Where a configuration has a hyperparameter, by what it is called in Tables 2 and 3. */
const FIELDS: Readonly<Record<string, (config: Config) => unknown>> = {
  "Learning rate": ({ optimiser }) => optimiser.learningRate,
  "Discount factor": ({ discount }) => discount,
  "Number of hidden units per layer of agent network": ({ network }) => network.hidden,
  "Hidden dimensions in the GRU layer of agent network": ({ network }) => network.hidden,
  "Embedded dimensions of mixing network": ({ network }) => network.embed,
  "Embedded dimensions of hypernetwork": ({ network }) => network.hypernetEmbed,
  "Batch size": ({ replay }) => replay.offlineBatch + replay.onlineBatch,
  "Warmup steps": ({ warmup }) => warmup,
  "Initial ϵ": ({ exploration }) => exploration.start,
  "Final ϵ": ({ exploration }) => exploration.end,
  "Linearly annealing steps for ϵ": ({ exploration }) => exploration.anneal,
  "Double DQN update": ({ operator }) => operator.doubleQ,
  "Target network update interval": ({ targetInterval }) => targetInterval,
  "Initial mask update fraction": ({ topology }) => topology.fraction,
  "Mask update interval": ({ topology }) => topology.interval,
  "Offline buffer size": ({ replay }) => replay.offlineCapacity,
  "Online buffer size": ({ replay }) => replay.onlineCapacity,
  "Number of episodes in a sampled batch of offline buffer": ({ replay }) => replay.offlineBatch,
  "Number of episodes in a sampled batch of online buffer": ({ replay }) => replay.onlineBatch,
  "Burn-in time": ({ returns }) => returns.burnIn,
  "λ value in TD(λ)": ({ returns }) => returns.lambda,
  "α in soft mellow-max operator": ({ operator }) => operator.alpha,
  "ω in soft mellow-max operator": ({ operator }) => operator.omega,
  "Embedded dimensions of unrestricted mixing network": ({ network }) => network.centralEmbed,
  "α in weighting function": ({ wqmix }) => wqmix?.alpha,
  // This is the weight of the squared distance from the Monte-Carlo return in the loss. RES's softmax has the inverse
  // temperature alone.
  "λ value in Softmax operator": ({ res }) => res?.lambda,
  "Inverse temperature": ({ res }) => res?.beta,
};

/** A printed value as a configuration has it: "5×10^3 episodes" is 5000, "50k" 50000, "True" true. */
function valueOf(printed: string): unknown {
  if (printed === "True") return true;
  const [, mantissa, exponent, thousand] =
    /^(?:timesteps of )?(\d+(?:\.\d+)?)(?:×10\^(-?\d+))?(k)?(?: episodes)?$/.exec(printed) ?? [];
  return mantissa === undefined ? printed : Number(`${mantissa}e${exponent ?? (thousand === undefined ? 0 : 3)}`);
}

describe("Table 3", () => {
  const rows = readPaperTable("table-3");

  it.each(["qmix", "ow-qmix", "res"] as const)(
    "is what resolveConfig completes %s with, where a configuration has a field for it",
    (algorithm) => {
      const config = resolveConfig({ algorithm, method: "mast", steps: 2_000_000 });
      const mine = rows.filter((row) => [algorithm, "shared"].includes(row.algorithm) && row.hyperparameter in FIELDS);
      const printed = Object.fromEntries(mine.map(({ hyperparameter, value }) => [hyperparameter, valueOf(value)]));
      expect(
        Object.fromEntries(mine.map(({ hyperparameter }) => [hyperparameter, FIELDS[hyperparameter](config)])),
      ).toEqual(printed);
      expect(Object.keys(printed)).toHaveLength({ qmix: 23, "ow-qmix": 25, res: 25 }[algorithm]);
    },
  );

  it("has six values that are no settings here: the networks' and the loss's form", () => {
    expect(
      rows
        .filter(({ hyperparameter }) => !(hyperparameter in FIELDS))
        .map(({ hyperparameter, value }) => `${hyperparameter}: ${value}`),
    ).toEqual([
      "Optimizer: RMSProp",
      "Hypernet layers of mixing network: 2",
      "Activation Function: ReLU",
      "Coefficient of Q_tot loss: 1",
      "Coefficient of Q^* loss: 1",
      "Embedded number of actions of unrestricted agent network: 1",
    ]);
    expect(Object.keys(FIELDS).filter((name) => !rows.some(({ hyperparameter }) => hyperparameter === name))).toEqual(
      [],
    );
  });
});

it("Table 2 recommends what Table 3 has, but for the parts of a batch", () => {
  const config = resolveConfig({ method: "mast", steps: 2_000_000 });
  const differing = readPaperTable("table-2").filter(
    ({ hyperparameter, value }) => !Object.is(FIELDS[hyperparameter]?.(config), valueOf(value)),
  );
  expect(differing.map(({ hyperparameter, value }) => `${hyperparameter}: ${value}`)).toEqual([
    "Burn-in time: 3/8 of total training steps",
    "λ value in TD(λ): 0.6 or 0.8",
    "Sample partition of online and offline buffer: 2:6",
  ]);
  // The first two say the same in another way: 7.5×10^5 of two million steps, and a lambda of 0.8 for QMIX and RES and
  // 0.6 for WQMIX.
  for (const steps of [80_000, 2_000_000]) expect(resolveConfig({ steps }).returns.burnIn).toBe((3 / 8) * steps);
  expect((["qmix", "ow-qmix", "res"] as const).map((algorithm) => resolveConfig({ algorithm }).returns.lambda)).toEqual(
    [0.8, 0.6, 0.8],
  );
  expect([config.replay.onlineBatch, config.replay.offlineBatch]).toEqual([12, 20]);
});
