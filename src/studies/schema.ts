import { z } from "zod";
import { schema as config } from "../config/schema.js";
import { PROFILES } from "../experiments/experiment.js";

/** What a study can plot over training, by its name in a study file. */
export const PLOTS = ["win-rate", "return", "length", "estimated-value", "true-value", "overestimation", "loss"] as const;

export type Plot = (typeof PLOTS)[number];

/** Seeds of a study: more would take years. */
const MOST_SEEDS = 1_000;

const line = z.string().min(1).max(200);
/** Goes into a script of a cluster, where it may be no more than one word. */
const word = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._@:,+-]*$/).max(100);
const seed = z.int().min(0).max(0x7fffffff);
const seeds = z.union([z.int().min(1).max(MOST_SEEDS), z.array(seed).min(1).max(MOST_SEEDS)]);
/** Whole configurations are checked when they are resolved, with better messages. */
const settings = z.record(z.string(), z.unknown());

/** How a cluster is asked for machines; see site/docs/slurm.md. */
export const slurmSchema = z.strictObject({
  partition: word.optional().describe("The partition; default: that of the cluster."),
  time: z.string().regex(/^(\d+-)?\d+(:\d+){0,2}$/).optional().describe('Limit of a job as Slurm writes it, "04:00:00" or "1-00:00:00". A run that needs longer goes on in the next job.'),
  memory: z.string().regex(/^\d+(\.\d+)?\s*[KMGT]B?$/i).optional().describe('Memory of a run, "2G"; default: what the largest run is known to need.'),
  cpus: z.int().min(1).max(1024).optional().describe("Cores of a run; default: 1, which is all that a run uses."),
  account: word.optional().describe("The account that is charged."),
  qos: word.optional().describe("Quality of service."),
  parallel: z.int().min(1).max(100_000).optional().describe("Runs at once, of this study; default: as many as the cluster gives."),
  warning: z.int().min(1).max(3_600).optional().describe("Seconds before the limit at which a run makes a checkpoint and is queued again; default: 120."),
  setup: z.array(z.string().min(1).max(1_000)).max(100).optional().describe('Lines of the job script before the run: "module load nodejs".'),
  options: z.array(z.string().regex(/^--?[A-Za-z][^\n\r]*$/).max(200)).max(50).optional().describe('Further options of sbatch, "--constraint=avx2".'),
});

export type SlurmSettings = z.output<typeof slurmSchema>;

const profile = z.looseObject({ seeds: seeds.optional() });

/** A study file. */
export const studySchema = z.strictObject({
  $schema: z.string().optional().describe("For editors."),
  id: z.string().regex(/^[a-z0-9][a-z0-9._-]*$/i).max(60).describe("Names the study's results: ID.csv, ID.png."),
  title: line.optional().describe("Default: the id."),
  about: z.string().max(2_000).optional().describe("What it asks."),
  base: z.union([settings, z.string().min(1).max(4_096)]).default({}).describe("What all runs have alike: any part of a configuration, or a file with one, beside this file."),
  grid: z.record(z.string(), z.array(z.unknown()).max(10_000)).optional().describe('Fields and their values; every combination is trained: "returns.lambda": [0.6, 0.8].'),
  list: z.array(z.strictObject({ label: line.optional(), set: settings })).max(10_000).optional().describe("Settings one by one, each laid over the base; together with a grid, each with every combination."),
  seeds: seeds.optional().describe("How many, counted from the base's seed, or a list of them. Default: 1."),
  profile: z.enum(PROFILES).optional().describe("The profile when none is asked for. Default: classroom, or the first that there is."),
  profiles: z.partialRecord(z.enum(PROFILES), profile).optional().describe("Budgets by name, each laid over the base: steps, seeds and whatever else."),
  baseline: z.union([line, settings]).optional().describe('What every setting is compared with: its label, or fields, { "method": "dense" }. Default: the setting with the highest mean.'),
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
  const { base, profiles } = described.properties as { base: { anyOf: object[] }; profiles: { additionalProperties?: unknown } };
  base.anyOf[0] = fields;
  void profiles;
  return { ...described, title: "A study of mast-lab" };
}
