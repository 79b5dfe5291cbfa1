import { z } from "zod";
import { schema as config } from "../config/schema.js";
import { PROFILES } from "../experiments/experiment.js";
import { slurmSchema } from "../runs/slurm/settings.js";

/** What a study can plot over training, by its name in a study file. */
export const PLOTS = [
  "win-rate",
  "return",
  "length",
  "estimated-value",
  "true-value",
  "overestimation",
  "loss",
] as const;

export type Plot = (typeof PLOTS)[number];

/** Seeds of a study: more would take years. */
const MOST_SEEDS = 1_000;

const line = z.string().min(1).max(200);
const seed = z.int().min(0).max(0x7fffffff);
const seeds = z.union([z.int().min(1).max(MOST_SEEDS), z.array(seed).min(1).max(MOST_SEEDS)]);
/** Whole configurations are checked when they are resolved, with better messages. */
const settings = z.record(z.string(), z.unknown());

const profile = z.looseObject({ seeds: seeds.optional() });

/** A study file. */
export const studySchema = z.strictObject({
  $schema: z.string().optional().describe("For editors."),
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]*$/i)
    .max(60)
    .describe("Names the study's results: ID.csv, ID.png."),
  title: line.optional().describe("Default: the id."),
  about: z.string().max(2_000).optional().describe("What it asks."),
  base: z
    .union([settings, z.string().min(1).max(4_096)])
    .default({})
    .describe("What all runs have alike: any part of a configuration, or a file with one, beside this file."),
  grid: z
    .record(z.string(), z.array(z.unknown()).max(10_000))
    .optional()
    .describe('Fields and their values; every combination is trained: "returns.lambda": [0.6, 0.8].'),
  list: z
    .array(z.strictObject({ label: line.optional(), set: settings }))
    .max(10_000)
    .optional()
    .describe("Settings one by one, each laid over the base; together with a grid, each with every combination."),
  seeds: seeds.optional().describe("How many, counted from the base's seed, or a list of them. Default: 1."),
  profile: z
    .enum(PROFILES)
    .optional()
    .describe("The profile when none is asked for. Default: classroom, or the first that there is."),
  profiles: z
    .partialRecord(z.enum(PROFILES), profile)
    .optional()
    .describe("Budgets by name, each laid over the base: steps, seeds and whatever else."),
  baseline: z
    .union([line, settings])
    .optional()
    .describe(
      'What every setting is compared with: its label, or fields, { "method": "dense" }. Default: the setting with the highest mean.',
    ),
  plot: z.array(z.enum(PLOTS)).min(1).optional().describe("What is drawn over training. Default: win-rate."),
  slurm: slurmSchema.optional().describe("For `mast study run FILE --on slurm`."),
});

/** What may be given. */
export type StudyInput = z.input<typeof studySchema>;

/** What a study file says. */
export type StudyFile = z.output<typeof studySchema>;

/** The JSON schema of study files, with which editors complete and check them. */
export function studyJsonSchema(): object {
  const described = z.toJSONSchema(studySchema, { io: "input" }) as { properties: Record<string, object> };
  const fields = z.toJSONSchema(config, { io: "input" }) as Record<string, unknown>;
  delete fields["$schema"];
  const { base, profiles } = described.properties as {
    base: { anyOf: object[] };
    profiles: { additionalProperties?: unknown };
  };
  base.anyOf[0] = fields;
  void profiles;
  return { ...described, title: "A study of mast-lab" };
}
