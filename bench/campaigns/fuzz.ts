import {
  appendFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type Config, ConfigError, type ConfigInput, resolveConfig } from "../../src/config.js";
import { createRandom, type Random } from "../../src/random.js";
import { exportParameters, readCheckpoint } from "../../src/runs/checkpoint.js";
import { RunError } from "../../src/runs/disk.js";
import { runOne } from "../../src/runs/run.js";
import { decodeSafetensors, encodeSafetensors, FormatError, type Tensor } from "../../src/runs/safetensors.js";
import {
  listRuns,
  readMasks,
  readRun,
  readRunCheckpoint,
  readTiming,
  readTopology,
  runNamesOf,
} from "../../src/runs/store.js";
import { openRun } from "../../src/runs/open-run.js";

export interface FuzzReport {
  readonly inputs: number;
  /** For each kind of input, how many were read as they are, and how many were refused. */
  readonly kinds: ReadonlyMap<string, { readonly inputs: number; readonly read: number; readonly refused: number }>;
  /** Failures, each with the values that reproduce it. */
  readonly failures: readonly string[];
}

const SMALL: ConfigInput = {
  environment: "two-step",
  steps: 120,
  seed: 1,
  warmup: 20,
  targetInterval: 5,
  network: { hidden: 8, embed: 4, hypernetEmbed: 8 },
  topology: { interval: 10 },
  evaluation: { interval: 40, episodes: 2, window: 2 },
  log: { interval: 20 },
  replay: { offlineCapacity: 20, onlineCapacity: 10, offlineBatch: 4, onlineBatch: 2 },
};

/**
 * Gives damaged input to all functions that read files which a person or a disk may have damaged. Each input must
 * either be read with the values from before the damage, or be refused by its kind of error in one line; and a damaged
 * run must not hide the others.
 */
export async function campaignOfFuzz(options: {
  readonly count: number;
  readonly seed?: number;
  readonly report?: (line: string) => void;
}): Promise<FuzzReport> {
  const { count, seed = 1, report = () => undefined } = options;
  const folder = mkdtempSync(join(tmpdir(), "mast-fuzz-"));
  const random = createRandom(seed);
  const kinds = new Map<string, { inputs: number; read: number; refused: number }>();
  const failures: string[] = [];
  try {
    const runs = join(folder, "runs");
    const complete = await runOne(resolveConfig(SMALL), { runs });
    await runOne(resolveConfig({ ...SMALL, seed: 2 }), { runs });
    const controller = new AbortController();
    const interrupted = await runOne(resolveConfig({ ...SMALL, seed: 3, steps: 4_000 }), {
      runs,
      checkpointEvery: -1,
      signal: controller.signal,
      onProgress: ({ step }) => step >= 100 && controller.abort(),
    });
    const trials: readonly (readonly [string, number, () => "read" | "refused" | Promise<"read" | "refused">])[] = [
      ["configurations", 0.4, () => tryConfig(random)],
      ["safetensors files", 0.15, () => tryTensors(random)],
      ["checkpoints", 0.15, () => tryCheckpoint(random, complete.directory)],
      [
        "run folders",
        0.3,
        () =>
          tryFolder(
            random,
            runs,
            random.below(2) === 0 ? complete.directory : interrupted.directory,
            join(folder, "damaged"),
          ),
      ],
    ];
    for (const [kind, share, trial] of trials) {
      const tally = { inputs: 0, read: 0, refused: 0 };
      kinds.set(kind, tally);
      for (let i = 0; i < Math.round(share * count); i++) {
        tally.inputs++;
        try {
          tally[await trial()]++;
        } catch (error) {
          failures.push(`seed ${seed}, ${kind}, input ${i}: ${(error as Error).message}`);
        }
      }
      report(`${tally.inputs} ${kind}, ${failures.length} failures`);
    }
    return { inputs: [...kinds.values()].reduce((sum, { inputs }) => sum + inputs, 0), kinds, failures };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Tells whether something was read; it may also be refused by one of the given errors in one line.
 * @throws {Error} on any other error
 */
function attempt(
  action: () => void,
  errors: readonly (abstract new (...args: never[]) => Error)[],
): "read" | "refused" {
  try {
    action();
    return "read";
  } catch (error) {
    const { message, name } = error as Error;
    if (!errors.some((type) => error instanceof type)) throw new Error(`${name}: ${message}`, { cause: error });
    if (message.includes("\n")) throw new Error(`more than one line: ${message}`, { cause: error });
    if (message.length > 2_000)
      throw new Error(`${message.length} characters: ${message.slice(0, 200)}...`, { cause: error });
    return "refused";
  }
}

const one = <T>(random: Random, of: readonly T[]): T => of[random.below(of.length)];

/** Makes something that JSON, YAML or a program may contain in the place of a value. */
function anything(random: Random): unknown {
  const deep = () =>
    Array.from({ length: one(random, [3, 2_000]) }).reduce<unknown>(
      (inner) => (random.below(2) === 0 ? [inner] : { a: inner }),
      1,
    );
  return one<() => unknown>(random, [
    () => random.below(100),
    () => -random.below(100),
    () => random.float(),
    () => NaN,
    () => Infinity,
    () => -0,
    () => 1e308,
    () => 2 ** 53,
    () => "",
    () => "3m",
    () => "mast",
    () => "\n\n",
    () => "x".repeat(5_000),
    () => "\ud800",
    () => null,
    () => undefined,
    () => true,
    () => [],
    () => [1, 2],
    () => ({}),
    () => ({ toString: 1 }),
    () => JSON.parse('{"__proto__":{"steps":3}}'),
    () => ({ constructor: { prototype: 1 } }),
    () => Symbol("s"),
    () => 10n,
    () => () => 1,
    () => new Date(0),
    () => new Map([[1, 2]]),
    deep,
  ])();
}

/** Makes a plausible value of a field. */
function plausible(random: Random): unknown {
  return one<unknown>(random, [
    random.below(3),
    1 + random.below(200),
    1_000 * (1 + random.below(50)),
    random.float(),
    0.5,
    0.9,
    true,
    false,
    "3m",
    "two-step",
    "mast",
    "rigl",
    "dense",
    "qmix",
    "ow-qmix",
    "res",
    "random",
    "gradient",
    "none",
    "max",
    "td-lambda",
    "one-step",
  ]);
}

const FIELDS = [
  "environment",
  "rules",
  "algorithm",
  "method",
  "seed",
  "steps",
  "engine",
  "backend",
  "discount",
  "targetInterval",
  "warmup",
  "updates",
  "sparsity.level",
  "sparsity.distribution",
  "topology.grow",
  "topology.interval",
  "topology.fraction",
  "operator.kind",
  "operator.omega",
  "operator.doubleQ",
  "returns.kind",
  "returns.lambda",
  "returns.n",
  "returns.burnIn",
  "replay.offlineCapacity",
  "replay.onlineCapacity",
  "replay.offlineBatch",
  "replay.onlineBatch",
  "replay.dynamic.interval",
  "wqmix.alpha",
  "res.lambda",
  "ticket.kind",
  "ticket.source",
  "exploration.start",
  "exploration.end",
  "exploration.anneal",
  "optimiser.learningRate",
  "optimiser.gradientClip",
  "network.hidden",
  "network.embed",
  "evaluation.interval",
  "evaluation.episodes",
  "evaluation.window",
  "log.interval",
  "parts",
  "",
  "__proto__",
  "toString",
  "sparsity",
  "replay",
  "replay.dynamic",
  "network",
  "nonsense",
  "a.b.c",
];

function tryConfig(random: Random): "read" | "refused" {
  const input: Record<string, unknown> = {};
  for (let changes = 1 + random.below(2); changes > 0; changes--) {
    let at: Record<string, unknown> = input;
    const path = one(random, FIELDS).split(".");
    for (const key of path.slice(0, -1))
      at = (typeof at[key] === "object" && at[key] !== null ? at[key] : (at[key] = {})) as Record<string, unknown>;
    Object.defineProperty(at, path.at(-1)!, {
      value: random.below(2) === 0 ? plausible(random) : anything(random),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return attempt(() => {
    const config = resolveConfig(random.below(20) === 0 ? (anything(random) as ConfigInput) : input);
    const again = resolveConfig(JSON.parse(JSON.stringify(config)) as ConfigInput);
    // Values are compared as JSON: -0 is 0, and the order of fields does not count.
    const plain = (of: Config) => JSON.parse(JSON.stringify(of)) as unknown;
    if (!isDeepStrictEqual(plain(again), plain(config)))
      throw new Error(`a complete configuration is not completed to itself: ${JSON.stringify(config)}`);
  }, [ConfigError]);
}

/** Damages bytes: flips some, cuts, inserts, repeats. */
function damageBytes(random: Random, bytes: Buffer): Buffer {
  const at = random.below(bytes.length + 1);
  // Headers are damaged more often, since they are a small part of a file but the part in which most can go wrong.
  const early = random.below(Math.min(bytes.length, 1_500));
  return one<() => Buffer>(random, [
    () => Buffer.from(bytes.map((byte, i) => (i === at ? byte ^ (1 << random.below(8)) : byte))),
    () => Buffer.from(bytes.map((byte, i) => (i === early ? byte ^ (1 << random.below(8)) : byte))),
    () =>
      Buffer.from(
        bytes.map((byte, i) => (i === early ? one(random, [0x20, 0x22, 0x2c, 0x30, 0x39, 0x5b, 0x7b, 0x7d]) : byte)),
      ),
    () => bytes.subarray(0, at),
    () => Buffer.concat([bytes.subarray(0, early), Buffer.from([random.below(256)]), bytes.subarray(early)]),
    () => Buffer.concat([bytes.subarray(0, early), bytes.subarray(early + 1)]),
    () => Buffer.concat([bytes, Buffer.alloc(1 + random.below(20), random.below(256))]),
    () => Buffer.concat([bytes.subarray(0, at), bytes.subarray(early)]),
    () =>
      Buffer.from(
        bytes
          .toString("latin1")
          .replace(
            one(random, ["F32", "I32", "U8", "shape", "0,", "data_offsets", '":"', "["]),
            one(random, ["F64", "I64", "U16", "F16", "", "1,", "[[", "-1"]),
          ),
        "latin1",
      ),
  ])();
}

function tryTensors(random: Random): "read" | "refused" {
  const tensors = new Map<string, Tensor>();
  for (let i = random.below(4); i >= 0; i--) {
    const shape = Array.from({ length: random.below(3) }, () => random.below(4));
    const length = shape.reduce((product, size) => product * size, 1);
    tensors.set(one(random, ["a", "b", "agent.fc1.weight", "__proto__", "\u00e9", ""]), {
      shape,
      data: one<() => Tensor["data"]>(random, [
        () => new Float32Array(length),
        () => new Uint8Array(length),
        () => new BigInt64Array(length),
        () => new Float64Array(length),
        () => new Uint16Array(length),
      ])(),
    });
  }
  const file = Buffer.from(encodeSafetensors(tensors, random.below(2) === 0 ? { a: "b" } : {}));
  return attempt(() => {
    const damaged = damageBytes(random, file);
    const { tensors: read, metadata } = decodeSafetensors(damaged);
    // Content that was read must survive being written and read again.
    const again = decodeSafetensors(encodeSafetensors(read, metadata));
    if (
      !isDeepStrictEqual(again, {
        tensors: new Map([...again.tensors.keys()].map((name) => [name, read.get(name)])),
        metadata,
      })
    )
      throw new Error(`it is not what was written: ${damaged.toString("base64")}`);
  }, [FormatError]);
}

function tryCheckpoint(random: Random, directory: string): "read" | "refused" {
  const path = join(directory, "checkpoint.safetensors");
  const good = readFileSync(path);
  const expected = readCheckpoint(path);
  const damaged = join(directory, "damaged.safetensors");
  writeFileSync(damaged, damageBytes(random, good));
  try {
    return attempt(() => {
      if (!isDeepStrictEqual(readCheckpoint(damaged, [basename(directory)]), expected))
        throw new Error("another state was read");
      exportParameters(damaged, [basename(directory)]);
    }, [RunError]);
  } finally {
    rmSync(damaged);
  }
}

/** Damages a file of a run, or replaces it by something else. */
function damageFile(random: Random, path: string, others: readonly string[]): string {
  const content = existsSync(path) && statSync(path).isFile() ? readFileSync(path) : Buffer.alloc(0);
  const rewrite = (bytes: Buffer | string) => {
    rmSync(path, { recursive: true, force: true });
    writeFileSync(path, bytes);
  };
  const ways: Readonly<Record<string, () => void>> = {
    emptied: () => rewrite(""),
    removed: () => rmSync(path, { force: true }),
    cut: () => (content.length > 0 ? truncateSync(path, random.below(content.length)) : rewrite("")),
    appended: () => appendFileSync(path, one(random, ["x", "\n", "train,1\n", "\0\0\0\0"])),
    flipped: () => rewrite(content.length > 0 ? damageBytes(random, content) : ""),
    null: () => rewrite("null"),
    list: () => rewrite("[]"),
    object: () => rewrite("{}"),
    "half an object": () => rewrite("{"),
    text: () => rewrite("hello\nthere"),
    "another tool's": () => rewrite('{"architectures":["BertModel"],"hidden_size":768,"given":null}'),
    deep: () => rewrite("[".repeat(100_000) + "]".repeat(100_000)),
    binary: () => rewrite(Buffer.from(Array.from({ length: 200 }, () => random.below(256)))),
    "a folder": () => (rmSync(path, { force: true }), mkdirSync(path)),
    "a circle of links": () => (rmSync(path, { force: true }), symlinkSync(path, path)),
    "a link to nowhere": () => (rmSync(path, { force: true }), symlinkSync("/nowhere/at/all", path)),
    "another run's": () => (rmSync(path, { force: true }), cpSync(join(one(random, others), basename(path)), path)),
    "a digit changed": () =>
      rewrite(
        Buffer.from(
          content.toString("latin1").replace(/[1-8]/, (digit) => String(Number(digit) + 1)),
          "latin1",
        ),
      ),
  };
  const way = one(random, Object.keys(ways));
  ways[way]();
  return `${basename(path)} ${way}`;
}

async function tryFolder(random: Random, runs: string, target: string, place: string): Promise<"read" | "refused"> {
  rmSync(place, { recursive: true, force: true });
  cpSync(runs, place, { recursive: true });
  const directory = join(place, basename(target));
  const others = readdirSync(runs).filter((name) => name !== basename(target));
  const complete = existsSync(join(target, "summary.json"));
  const files = [
    "config.json",
    "metrics.csv",
    "timing.csv",
    "topology.csv",
    "masks.bin",
    "checkpoint.safetensors",
    ...(complete ? ["summary.json"] : []),
  ];
  const damage = damageFile(
    random,
    join(directory, one(random, files)),
    others.filter((name) => existsSync(join(runs, name, "summary.json"))).map((name) => join(runs, name)),
  );
  const expect = (condition: boolean, what: string): void => {
    if (!condition) throw new Error(`${damage} in the ${complete ? "complete" : "interrupted"} run: ${what}`);
  };
  let outcome: "read" | "refused" = "read";
  /** Reads the damaged run by a function, which must refuse it or return the same as for the good run. */
  const same = (what: string, read: (directory: string) => unknown) => {
    let result: unknown;
    try {
      if (attempt(() => (result = read(directory)), [RunError]) === "refused") outcome = "refused";
      else expect(isDeepStrictEqual(result, read(target)), `${what} reads something else than was there`);
    } catch (error) {
      throw new Error(
        `${damage} in the ${complete ? "complete" : "interrupted"} run: ${what}: ${(error as Error).message}`,
        { cause: error },
      );
    }
  };
  const listed = listRuns({ runs: place });
  for (const name of others)
    expect(
      listed.find((run) => run.name === name)?.state === "complete" || !existsSync(join(runs, name, "summary.json")),
      `${name} is not listed as complete`,
    );
  const shown = listed.find(({ name }) => name === basename(target));
  expect(shown !== undefined, "it is not listed");
  if (shown!.state === "damaged") {
    outcome = "refused";
    expect(!shown!.problem.includes("\n") && shown!.problem.includes(directory), `its problem is "${shown!.problem}"`);
  }
  const plain = (run: ReturnType<typeof readRun>) => ({ ...run, directory: "", config: { ...run.config } });
  // Losing what an interrupted run has written since its last checkpoint, or the checkpoint itself, is not damage: the
  // run continues from what is left. A run without its summary is completed again, like a run whose process was killed
  // just before writing it.
  const excused =
    /summary\.json (removed|a circle|a link)/.test(damage) ||
    (!complete && /(removed|appended|link)|checkpoint/.test(damage))
      ? ""
      : "all";
  if (excused === "all") {
    if (complete) same("readRun", (of) => plain(readRun(of)));
    same("readTopology", (of) => readTopology(of));
    same("readTiming", (of) => readTiming(of));
    same("readMasks", (of) => readMasks(of));
    if (!/config\.json removed/.test(damage)) same("readRunCheckpoint", (of) => readRunCheckpoint(of));
    if (!/config\.json removed/.test(damage))
      same("exportParameters", (of) => exportParameters(join(of, "checkpoint.safetensors"), runNamesOf(of)));
  }
  // The run must either be refused without any change, or continue from the same state as the good one.
  if (!complete && outcome === "read") {
    const contents = () =>
      readdirSync(directory)
        .sort()
        .map((file) => [file, lstatSync(join(directory, file)).size]);
    const before = contents();
    try {
      const config: Config = readRun(target).config;
      const open = await openRun(config, { runs: place });
      const resumed = open.resume;
      open.close();
      const anew = /checkpoint\.safetensors (removed|a circle|a link)/.test(damage);
      expect(anew || isDeepStrictEqual(resumed, readRunCheckpoint(target).state), "it goes on from another state");
      for (const file of anew ? [] : ["metrics.csv", "topology.csv", "masks.bin"])
        expect(
          readFileSync(join(directory, file)).equals(
            readFileSync(join(target, file)).subarray(0, statSync(join(directory, file)).size),
          ),
          `it goes on with another ${file}`,
        );
    } catch (error) {
      if (!(error instanceof RunError) || error.message.includes("\n")) throw error;
      outcome = "refused";
      expect(isDeepStrictEqual(contents(), before), `it was changed though it was refused: ${error.message}`);
    }
  }
  return outcome;
}
