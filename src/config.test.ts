import { describe, expect, it } from "vitest";
import { ALGORITHMS, METHODS } from "./methods.js";
import { ConfigError, type ConfigInput, resolveConfig } from "./config.js";
import { PYMARL } from "./config/pymarl.js";

describe("defaults", () => {
  it("are those of the paper's Table 3 for MAST-QMIX", () => {
    expect(resolveConfig()).toMatchObject({
      method: "mast",
      discount: 0.99,
      targetInterval: 200,
      warmup: 50_000,
      network: { hidden: 64, embed: 32, hypernetEmbed: 64 },
      optimiser: { learningRate: 5e-4 },
      exploration: { start: 1, end: 0.05, anneal: 50_000 },
      topology: { grow: "gradient", fraction: 0.5, interval: 200 },
      replay: { offlineCapacity: 5000, onlineCapacity: 128, offlineBatch: 20, onlineBatch: 12 },
      operator: { kind: "soft-mellowmax", alpha: 1, omega: 10, doubleQ: true },
      returns: { kind: "td-lambda", lambda: 0.8, burnIn: 750_000 },
    });
  });

  it("let T_0 (as Table 2 recommends) and the warm-up follow the budget, unless they are given", () => {
    expect(resolveConfig({ steps: 200_000 })).toMatchObject({ warmup: 5_000, returns: { burnIn: 75_000 } });
    expect(resolveConfig({ steps: 200_000, warmup: 7 }).warmup).toBe(7);
    expect(resolveConfig({ steps: 200_000, returns: { burnIn: 5 } }).returns.burnIn).toBe(5);
  });

  it("of the baselines are PyMARL's targets and a single buffer of 32", () => {
    for (const method of ["dense", "ss", "set", "rigl"] as const) {
      const config = resolveConfig({ method });
      expect(config).toMatchObject({
        operator: { kind: "max" },
        returns: { kind: "one-step" },
        replay: { offlineBatch: 32, onlineBatch: 0 },
      });
    }
    expect(resolveConfig({ method: "dense" }).sparsity.level).toBe(0);
    expect(METHODS.map((method) => resolveConfig({ method }).topology.grow)).toEqual([
      "none",
      "none",
      "none",
      "random",
      "gradient",
      "gradient",
      "gradient",
    ]);
  });

  it("keep what was given and complete the rest of a section", () => {
    expect(resolveConfig({ method: "rigl", operator: { kind: "soft-mellowmax", omega: 5 } }).operator).toMatchObject({
      kind: "soft-mellowmax",
      alpha: 1,
      omega: 5,
    });
  });

  it("of every method with every algorithm resolve to themselves, with the sections that belong to them only", () => {
    for (const algorithm of ALGORITHMS) {
      for (const method of METHODS) {
        const config = resolveConfig({ algorithm, method, seed: 9 });
        expect(resolveConfig(config)).toEqual(config);
        const weighted = algorithm === "ow-qmix" || algorithm === "cw-qmix";
        expect([config.wqmix, config.network.centralEmbed]).toEqual(
          weighted ? [{ alpha: 0.1 }, 256] : [undefined, undefined],
        );
        expect(config.res).toEqual(algorithm === "res" ? { beta: 5, lambda: 0.05 } : undefined);
        expect(config.replay.dynamic).toEqual(
          method === "rlx2" ? { interval: 50, threshold: 0.2, drop: 0.1, minimum: 0.1 } : undefined,
        );
        // A section or field that does not belong is absent, not undefined: it would be part of the run's name.
        expect(["wqmix", "res", "ticket"].filter((section) => section in config)).toEqual([
          ...(weighted ? ["wqmix"] : []),
          ...(algorithm === "res" ? ["res"] : []),
        ]);
        expect(["centralEmbed" in config.network, "dynamic" in config.replay]).toEqual([weighted, method === "rlx2"]);
      }
    }
  });

  it("of the algorithms are Table 3's, and give way to what was given", () => {
    expect(resolveConfig({ algorithm: "ow-qmix" })).toMatchObject({
      exploration: { anneal: 100_000 },
      returns: { lambda: 0.6 },
    });
    expect(resolveConfig({ algorithm: "cw-qmix", wqmix: { alpha: 0.5 }, returns: { lambda: 0.7 } })).toMatchObject({
      wqmix: { alpha: 0.5 },
      returns: { lambda: 0.7 },
    });
    expect(resolveConfig({ algorithm: "res" })).toMatchObject({
      exploration: { anneal: 50_000 },
      returns: { lambda: 0.8 },
    });
  });

  it("of a ticket keep its topology, under any method's other rules", () => {
    expect(resolveConfig({ ticket: { kind: "random" } })).toMatchObject({
      method: "mast",
      topology: { grow: "none" },
      operator: { kind: "soft-mellowmax" },
    });
    expect(resolveConfig({ method: "rigl", ticket: { kind: "winning", source: "some-run" } })).toMatchObject({
      topology: { grow: "none" },
      operator: { kind: "max" },
      ticket: { source: "some-run" },
    });
  });

  it("give FACMAC's baselines TD(lambda) from the first step, in a short run too, whose T_0 is MAST's", () => {
    const facmac = (method: string, short: boolean) =>
      resolveConfig({ environment: "2s3z", algorithm: "facmac-discrete", method, steps: 100_000, short }).returns;
    for (const short of [false, true])
      for (const method of ["dense", "ss", "set", "rigl"])
        expect(facmac(method, short), `${method} ${short}`).toMatchObject({
          kind: "td-lambda",
          lambda: 0.8,
          burnIn: 0,
        });
    expect(facmac("mast", true)).toMatchObject({ kind: "td-lambda", burnIn: 40_000 });
  });
});

describe("an algorithm that learns from transitions", () => {
  it("has the authors' settings, and MAST's parts where they have a meaning", () => {
    const environment = "manyagent-swimmer";
    expect(resolveConfig({ environment, algorithm: "comix", method: "dense" })).toMatchObject({
      targetTau: 0.001,
      warmup: 1000,
      operator: { kind: "max" },
      returns: { kind: "one-step" },
      replay: { offlineCapacity: 1_000_000, offlineBatch: 100, onlineBatch: 0 },
      crossEntropy: { samples: 64, elites: 6, iterations: 2 },
      exploration: { noise: 0.1, uniform: 10_000 },
      optimiser: { kind: "adam", learningRate: 0.001, alpha: 0.999, beta1: 0.9, epsilon: 0.01, gradientClip: 0.5 },
      network: { hidden: 400, embed: 64, hypernetEmbed: 64 },
      evaluation: { interval: 4000, episodes: 10, score: "return" },
    });
    const mast = {
      replay: { offlineBatch: 62, onlineBatch: 38, onlineCapacity: 25_600 },
      returns: { kind: "td-lambda" },
    };
    expect(resolveConfig({ environment, algorithm: "comix" })).toMatchObject({
      ...mast,
      operator: { kind: "soft-mellowmax" },
      topology: { grow: "gradient", interval: 1000 },
    });
    expect(resolveConfig({ environment, algorithm: "facmac" })).toMatchObject({ ...mast, operator: { kind: "max" } });
    expect(resolveConfig({ environment, algorithm: "facmac" }).crossEntropy).toBeUndefined();
  });
});

describe("a bad configuration is refused in one line that names field, given and allowed", () => {
  const swimmer = { algorithm: "facmac", environment: "manyagent-swimmer" };
  it.each<[unknown, string]>([
    [{ lamda: 1 }, 'config: unknown key "lamda"; allowed: environment, rules,'],
    [
      { returns: { lamda: 0.8 } },
      'config: unknown key "lamda" in returns; did you mean "lambda"? allowed: kind, lambda, n, burnIn',
    ],
    [{ sparsity: { level: 1.2 } }, "config: sparsity.level is 1.2; allowed: a number from 0 to 0.999"],
    [{ sparsity: { level: "high" } }, 'config: sparsity.level is "high"; allowed: a number from 0 to 0.999'],
    [{ engine: "wasm" }, 'config: engine is "wasm", the former name of engine "sparse"'],
    [{ engine: "wasn" }, 'config: engine is "wasn"; allowed: "sparse", "tensorflow"'],
    [{ seed: 1.5 }, "config: seed is 1.5; allowed: a whole number from 0 to 2,147,483,647"],
    [{ steps: 0 }, "config: steps is 0; allowed: a whole number from 1 to 1,000,000,000"],
    [
      { method: "masst" },
      'config: method is "masst"; did you mean "mast"? allowed: "dense", "tiny", "ss", "set", "rigl", "rlx2", "mast"',
    ],
    [{ optimiser: { learningRate: 0 } }, "config: optimiser.learningRate is 0; allowed: a number above 0"],
    [{ optimiser: { learningRate: Number.NaN } }, "config: optimiser.learningRate is NaN; allowed: a number above 0"],
    [{ replay: [] }, "config: replay is []; allowed: an object with fields of its own"],
    [[], "config: the configuration is []; expected an object"],
    [{ method: "dense", sparsity: { level: 0.5 } }, 'config: sparsity.level is 0.5, but method "dense" has none'],
    [{ sparsity: { level: 0 } }, 'config: topology.grow is "gradient", but a dense network'],
    [{ replay: { onlineBatch: 200 } }, "config: replay.onlineBatch is 200, more than replay.onlineCapacity 128"],
    [{ replay: { onlineBatch: 0, offlineBatch: 0 } }, "config: replay.offlineBatch is 0, and replay.onlineBatch 0"],
    [
      { replay: { onlineCapacity: 6000 } },
      "config: replay.onlineCapacity is 6000, more than replay.offlineCapacity 5000",
    ],
    [{ exploration: { start: 0.1, end: 0.2 } }, "config: exploration.end is 0.2, above exploration.start 0.1"],
    [
      { algorithm: "ow-qmx" },
      'config: algorithm is "ow-qmx"; did you mean "ow-qmix"? allowed: "qmix", "ow-qmix", "cw-qmix", "res"',
    ],
    [
      { algorithm: "ow-qmix", wqmix: { alfa: 0.2 } },
      'config: unknown key "alfa" in wqmix; did you mean "alpha"? allowed: alpha',
    ],
    [
      { method: "rlx2", replay: { dynamic: { treshold: 0.2 } } },
      'config: unknown key "treshold" in replay.dynamic; did you mean "threshold"? allowed: interval, threshold, drop, minimum',
    ],
    [{ algorithm: "res", res: { lambda: -1 } }, "config: res.lambda is -1; allowed: a number of at least 0"],
    [{ wqmix: { alpha: 0.2 } }, 'config: wqmix is {"alpha":0.2}, but QMIX has no weighted loss'],
    [{ algorithm: "ow-qmix", res: {} }, "but OW-QMIX has no softmax over joint actions"],
    [
      { algorithm: "res", network: { centralEmbed: 64 } },
      "config: network.centralEmbed is 64, but RES-QMIX has no unrestricted networks",
    ],
    [
      { algorithm: "ow-qmix", method: "ss", operator: { doubleQ: false } },
      "config: operator.doubleQ is false, but in OW-QMIX the restricted networks always choose",
    ],
    [
      { method: "tiny", sparsity: { level: 0 } },
      'config: sparsity.level is 0, but method "tiny" matches the size of a sparse network',
    ],
    [
      { method: "tiny", topology: { grow: "gradient" } },
      'config: topology.grow is "gradient", but the networks of method "tiny" are dense',
    ],
    [
      { method: "tiny", ticket: { kind: "random" } },
      'config: ticket.kind is "random", but the networks of method "tiny" are dense',
    ],
    [{ ticket: { kind: "winning" } }, 'config: ticket.kind is "winning", but ticket.source is missing'],
    [{ ticket: { source: "some-run" } }, 'config: ticket.kind is missing; allowed: "random", "winning", "cheating"'],
    [
      { ticket: { kind: "random", source: "some-run" } },
      'config: ticket.source is "some-run", but a random ticket comes from no run',
    ],
    [
      { ticket: { kind: "random" }, topology: { grow: "random" } },
      'config: topology.grow is "random", but the topology of a ticket is fixed',
    ],
    [
      { method: "rlx2", replay: { offlineBatch: 0, onlineBatch: 32 } },
      "but nothing is sampled from the offline buffer",
    ],
    [{ environment: "3mm" }, 'config: environment is "3mm"; did you mean "3m"? allowed: "3m", "8m",'],
    [{ environment: "" }, 'config: environment is ""; allowed: "3m",'],
    [{ environment: "mine" }, 'config: environment is "mine"; allowed: "3m",'],
    [{ environment: null }, 'config: environment is null; allowed: "3m",'],
    [{ rules: "sc2" }, 'config: rules is "sc2"; allowed: "starcraft", "smaclite"'],
    [JSON.parse('{"__proto__":{"seed":9}}'), 'config: unknown key "__proto__"; allowed: environment,'],
    [{ __proto__: { seed: 9 } }, "config: given {}, an object that inherits from another"],
    [
      { returns: JSON.parse('{"constructor":{}}') as object },
      'config: unknown key "constructor" in returns; allowed: kind,',
    ],
    [{ method: { toString: 1 } }, 'config: method is {"toString":1}; allowed: "dense",'],
    [{ sparsity: new Map() }, "config: sparsity is a Map, an object that inherits from another"],
    [{ seed: 2 ** 31 }, "config: seed is 2147483648; allowed: a whole number from 0 to 2,147,483,647"],
    [{ seed: "1" }, 'config: seed is "1"; allowed: a whole number from 0'],
    [{ steps: 1e12 }, "config: steps is 1000000000000; allowed: a whole number from 1 to 1,000,000,000"],
    [
      { replay: { offlineCapacity: 1e9 } },
      "config: replay.offlineCapacity is 1000000000; allowed: a whole number from 1 to 10,000,000",
    ],
    [
      { replay: { offlineBatch: 4000 } },
      "config: replay.offlineBatch is 4000; allowed: a whole number from 0 to 1,024",
    ],
    [
      { evaluation: { episodes: 1e6 } },
      "config: evaluation.episodes is 1000000; allowed: a whole number from 1 to 10,000",
    ],
    [
      { evaluation: { interval: 1 } },
      "config: evaluation.interval is 1, which makes 2,000,000 evaluations in 2,000,000 steps: give at least 20",
    ],
    [
      { log: { interval: 1 } },
      "config: log.interval is 1, which makes 2,000,000 records in 2,000,000 steps: give at least 2",
    ],
    [{ returns: { n: 1e9 } }, "config: returns.n is 1000000000; allowed: a whole number from 1 to 1,000"],
    [{ network: { hidden: 5000 } }, "config: network.hidden is 5000; allowed: a whole number from 1 to 1,024"],
    [
      { replay: { offlineCapacity: 200_000 } },
      "config: replay.offlineCapacity is 200000, more episodes than can be kept; allowed: a whole number from 1 to 100,000",
    ],
    [
      { algorithm: "comix", environment: "3m" },
      'config: environment "3m" has discrete actions, but COMIX gives continuous ones: choose an environment with continuous actions, such as "manyagent-swimmer", or another algorithm, such as "qmix"',
    ],
    [
      { algorithm: "res", environment: "humanoid" },
      'config: environment "humanoid" has continuous actions, but RES-QMIX chooses among discrete ones: choose algorithm "comix" or "facmac", or',
    ],
    [
      { ...swimmer, options: { environment: { partition: "2y2" } } },
      'config: options.environment.partition is "2y2"; environment "manyagent-swimmer" expects AxB for A agents of B joints',
    ],
    [{ ...swimmer, method: "rlx2" }, "config: replay.dynamic is"],
    [{ ...swimmer, short: true, steps: 1000 }, "config: short is true, but its settings are for episodes of discrete"],
    [
      { ...swimmer, operator: { kind: "mellowmax" } },
      'config: operator.kind is "mellowmax", but FACMAC takes no maximum',
    ],
    [{ ...swimmer, crossEntropy: {} }, "but FACMAC does not search for actions: leave it out"],
    [
      { ...swimmer, algorithm: "comix", crossEntropy: { samples: 4 } },
      "config: crossEntropy.elites is 6, more than crossEntropy.samples 4",
    ],
    [{ targetTau: 0.1 }, "config: targetTau is 0.1, which QMIX does not have: leave it out"],
    [{ exploration: { noise: 0.1 } }, "config: exploration.noise is 0.1, which QMIX does not have"],
    [
      { exploration: { entropy: 0.01 } },
      "config: exploration.entropy is 0.01, but QMIX does not draw its actions from policies",
    ],
    [{ optimiser: { kind: "adam" } }, 'config: optimiser.kind is "adam", which QMIX does not have'],
    [
      { algorithm: "comix", environment: "humanoid", replay: { offlineCapacity: 2_000_000 } },
      'config: replay.offlineCapacity is 2000000, but checkpoints on environment "humanoid" would hold up to 3.5 GB of transitions, where 2 GB fit: give at most 1',
    ],
    [{ short: true }, "config: short is true, but it needs a budget: give steps"],
    [{ lambda: 0.6 }, 'config: unknown key "lambda"; did you mean returns.lambda or res.lambda?'],
    [{ batch_size: 32 }, "PyMARL's batch_size is the sum of replay.offlineBatch and replay.onlineBatch in mast-lab"],
    [{ t_max: 1 }, "PyMARL's t_max is called steps in mast-lab"],
    [{ lr: 1 }, "PyMARL's lr is called optimiser.learningRate in mast-lab"],
    [{ epsilon_anneal_time: 1 }, "PyMARL's epsilon_anneal_time is called exploration.anneal in mast-lab"],
    [{ target_update_interval: 1 }, "PyMARL's target_update_interval is called targetInterval in mast-lab"],
  ])("%j", (input, message) => {
    let thrown: unknown;
    try {
      resolveConfig(input as ConfigInput);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ name: "ConfigError" });
    expect((thrown as Error).message).toContain(message);
    expect((thrown as Error).message).not.toContain("\n");
  });

  it("whatever is given, however large or strange", () => {
    let deep: unknown = [];
    let nested: object = {};
    for (let i = 0; i < 100_000; i++) [deep, nested] = [[deep], { below: nested }];
    const circular: Record<string, unknown> = {};
    circular["returns"] = circular;
    const strange: unknown[] = [
      "3m",
      5,
      null,
      () => 1,
      new Date(),
      { method: deep },
      { sparsity: nested },
      circular,
      { seed: 1n },
      { method: Symbol("mast") },
      { environment: "x".repeat(1e6) },
      { ["y".repeat(1e6)]: 1 },
      { "a\nb\u001b[2J": 1 },
      { environment: "3m\u0000" },
      { returns: "td-lambda" },
      { ticket: [] },
    ];
    for (const input of strange) {
      let message = "";
      try {
        resolveConfig(input as ConfigInput);
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigError);
        ({ message } = error as Error);
      }
      expect(message).toMatch(/^config: /);
      expect(message).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
      expect(message.length).toBeLessThan(500);
    }
  });

  it("names fields of mast-lab only in the hints to PyMARL's users", () => {
    const fields = new Set<string>();
    const collect = (section: object, path: string) =>
      Object.entries(section).forEach(([key, value]) =>
        typeof value === "object" ? collect(value as object, `${path}${key}.`) : fields.add(`${path}${key}`),
      );
    for (const algorithm of ALGORITHMS) collect(resolveConfig({ algorithm }), "");
    for (const [key, hint] of Object.entries(PYMARL)) {
      const named = /^called ([\w.]+) in/.exec(hint)?.[1];
      if (named !== undefined) expect(fields, key).toContain(named);
    }
  });
});
