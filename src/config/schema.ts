import { z } from "zod";
import { BACKENDS, type Config, type ConfigInput, ENGINES } from "./config.js";

/**
 * The values that each field allows by itself, and Table 3's defaults of fields that depend on no other; `Config`
 * documents the fields. Beyond the upper bounds a run would exhaust memory or not end in a lifetime. Fields that name a
 * part are plain text in the schema: names are checked when a configuration is resolved, so that a run whose part is
 * not loaded can still be read.
 */

/** 500 times the steps of the paper. */
const MOST_STEPS = 1_000_000_000;

const whole = (from: number, to: number) => z.int().min(from).max(to);
const steps = whole(1, MOST_STEPS);
const stepsOrNone = whole(0, MOST_STEPS);
const episodes = whole(1, MOST_STEPS);
const fraction = z.number().min(0).max(1);
/** A buffer holds at most 100,000 episodes, some 10 GB on 3m, or that many transitions. */
const capacity = whole(1, 10_000_000);
export const MOST_EPISODES = 100_000;
/** All steps of a batch are in memory at once, with the values of every layer. */
const batch = whole(0, 1024);
const units = whole(1, 1024);
/** Names become part of folder names. */
const name = z.string().max(200);
const named = <Name extends string>() => name as unknown as z.ZodType<Name, Name>;

const file = z.string().min(1).max(4096);
/** Each part declares its own settings; they are checked where the part is known. */
const settings = z.record(z.string(), z.union([z.number(), z.string(), z.boolean()]));

const dynamic = z.strictObject({
  interval: episodes.default(50),
  threshold: fraction.default(0.2),
  drop: fraction.default(0.1),
  minimum: fraction.default(0.1),
});

export const schema = z.strictObject({
  environment: name.default("3m"),
  rules: z.enum(["starcraft", "smaclite"]).default("starcraft"),
  algorithm: named<Config["algorithm"]>().default("qmix"),
  method: named<Config["method"]>().default("mast"),
  seed: whole(0, 0x7fffffff).default(1),
  steps: steps.default(2_000_000),
  engine: z.enum(ENGINES).default("sparse"),
  backend: z.enum(BACKENDS).optional(),
  discount: fraction.default(0.99),
  rewardScale: z.number().positive().optional(),
  targetInterval: episodes.default(200),
  targetTau: z.number().positive().max(1).optional(),
  warmup: stepsOrNone.optional(),
  updates: whole(1, 64).default(1),
  sparsity: z
    .strictObject({
      level: z.number().min(0).max(0.999).default(0.95),
      distribution: z.enum(["erdos-renyi", "uniform"]).default("erdos-renyi"),
    })
    .prefault({}),
  topology: z
    .strictObject({
      grow: named<Config["topology"]["grow"]>().default("gradient"),
      fraction: fraction.default(0.5),
      interval: episodes.default(200),
      end: steps.optional(),
    })
    .prefault({}),
  operator: z
    .strictObject({
      kind: named<Config["operator"]["kind"]>().default("soft-mellowmax"),
      alpha: z.number().min(0).default(1),
      omega: z.number().positive().default(10),
      beta: z.number().min(0).default(5),
      doubleQ: z.boolean().default(true),
    })
    .prefault({}),
  returns: z
    .strictObject({
      kind: z.enum(["one-step", "n-step", "td-lambda"]).default("td-lambda"),
      lambda: fraction.default(0.8),
      // Each target adds up n rewards.
      n: whole(1, 1000).default(3),
      burnIn: stepsOrNone.optional(),
    })
    .prefault({}),
  replay: z
    .strictObject({
      offlineCapacity: capacity.default(5000),
      onlineCapacity: capacity.default(128),
      offlineBatch: batch.default(20),
      onlineBatch: batch.default(12),
      dynamic: dynamic.optional(),
    })
    .prefault({}),
  wqmix: z.strictObject({ alpha: fraction.default(0.1) }).optional(),
  res: z.strictObject({ beta: z.number().min(0).default(5), lambda: z.number().min(0).default(0.05) }).optional(),
  crossEntropy: z
    .strictObject({
      samples: whole(2, 4096).default(64),
      elites: whole(2, 4096).default(6),
      iterations: whole(1, 100).default(2),
    })
    .optional(),
  // What is missing of a ticket and the like is said where the fields are checked against each other.
  ticket: z
    .strictObject({ kind: z.enum(["random", "winning", "cheating"]).optional(), source: name.min(1).optional() })
    .optional(),
  extend: z.strictObject({ run: name.min(1).optional() }).optional(),
  from: z
    .strictObject({
      source: file.optional(),
      sha256: z
        .string()
        .regex(/^[0-9a-f]{16}$/)
        .optional(),
    })
    .optional(),
  exploration: z
    .strictObject({
      start: fraction.default(1),
      end: fraction.default(0.05),
      anneal: steps.default(50_000),
      noise: z.number().min(0).max(1000).optional(),
      uniform: stepsOrNone.optional(),
      entropy: z.number().min(0).max(1000).optional(),
    })
    .prefault({}),
  optimiser: z
    .strictObject({
      kind: z.enum(["adam"]).optional(),
      actorLearningRate: z.number().positive().optional(),
      learningRate: z.number().positive().default(5e-4),
      alpha: z.number().min(0).max(0.999999).default(0.99),
      beta1: z.number().min(0).max(0.999999).optional(),
      epsilon: z.number().positive().default(1e-5),
      gradientClip: z.number().positive().default(10),
    })
    .prefault({}),
  network: z
    .strictObject({
      hidden: units.default(64),
      embed: units.default(32),
      hypernetEmbed: units.default(64),
      centralEmbed: units.optional(),
    })
    .prefault({}),
  evaluation: z
    .strictObject({
      interval: steps.default(10_000),
      episodes: whole(1, 10_000).default(32),
      window: whole(1, 10_000).default(20),
      score: z.enum(["win-rate", "return"]).optional(),
    })
    .prefault({}),
  log: z.strictObject({ interval: steps.default(2_000) }).prefault({}),
  parts: z
    .array(z.union([file, z.strictObject({ file, sha256: z.string().regex(/^[0-9a-f]{16}$/) }).readonly()]))
    .max(100)
    .readonly()
    .optional(),
  options: z
    .strictObject({
      environment: settings.optional(),
      algorithm: settings.optional(),
      growth: settings.optional(),
      operator: settings.optional(),
    })
    .optional(),
  short: z.boolean().optional(),
});

/** A configuration in which the fields that depend on others may still be missing. */
export type Parsed = z.output<typeof schema>;

// The documented interfaces and the schema must agree: a field that is missing in one of them, or has another type,
// does not compile.
type Plain<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { -readonly [Field in keyof T]: Plain<T[Field]> }
    : T;
type Same<A, B> = (<T>() => T extends Plain<A> ? 1 : 2) extends <T>() => T extends Plain<B> ? 1 : 2 ? true : false;
type Derived = "warmup" | "returns" | "ticket" | "extend" | "from" | "parts";
const inputIsSame: Same<Omit<z.input<typeof schema>, "parts">, Omit<ConfigInput, "parts">> = true;
const outputIsSame: Same<Omit<Parsed, Derived | "short">, Omit<Config, Derived>> = true;
const returnsAreSame: Same<Omit<Parsed["returns"], "burnIn">, Omit<Config["returns"], "burnIn">> = true;
void [inputIsSame, outputIsSame, returnsAreSame];
