import { z } from "zod";
import { schema as config } from "../config/schema.js";
import { PROFILES } from "../experiments/experiment.js";
import { slurmSchema } from "../runs/slurm/settings.js";

/** Quantities that a study can plot over training, by their names in a study file. */
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

/** The most seeds of a study: more would take years. */
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
    .describe("Name of the study's results: ID.csv, ID.png."),
  title: line.optional().describe("Default: the id."),
  about: z.string().max(2_000).optional().describe("What it asks."),
  base: z
    .union([settings, z.string().min(1).max(4_096)])
    .default({})
    .describe("Settings of all runs: any part of a configuration, or the name of a file with one, beside this file."),
  grid: z
    .record(z.string(), z.array(z.unknown()).max(10_000))
    .optional()
    .describe('Fields and their values; every combination is trained: "returns.lambda": [0.6, 0.8].'),
  list: z
    .array(z.strictObject({ label: line.optional(), set: settings }))
    .max(10_000)
    .optional()
    .describe(
      "Settings one by one, each added to the base; with a grid, each is combined with every combination of it.",
    ),
  seeds: seeds.optional().describe("Number of seeds, counted from the base's seed, or a list of seeds. Default: 1."),
  profile: z.enum(PROFILES).optional().describe("The default profile. Default: classroom, or else the first."),
  profiles: z
    .partialRecord(z.enum(PROFILES), profile)
    .optional()
    .describe("Budgets by name, each added to the base: steps, seeds and any other settings."),
  baseline: z
    .union([line, settings])
    .optional()
    .describe(
      'The setting that all others are compared with: its label, or fields such as { "method": "dense" }. Default: the setting with the highest mean.',
    ),
  plot: z.array(z.enum(PLOTS)).min(1).optional().describe("Quantities to draw over training. Default: win-rate."),
  slurm: slurmSchema.optional().describe("Settings for `mast study run FILE --on slurm`."),
});

/** A study file as a person writes it. */
export type StudyInput = z.input<typeof studySchema>;

/** A checked study file. */
export type StudyFile = z.output<typeof studySchema>;

/** Makes the JSON schema of study files, with which editors complete and check them. */
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
