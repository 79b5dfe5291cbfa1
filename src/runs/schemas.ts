import { z } from "zod";

/**
 * The JSON in a run's files as it must be when it is read. Other fields are allowed, because later versions add some.
 * The configuration is read by `restoreConfig`.
 */

const count = z.int().min(0);
/** Sums and means may be infinite or NaN when training diverges; files of exact JSON keep such values. */
const anyNumber = z.custom<number>((value) => typeof value === "number", "expected a number");
const cost = { totalSize: z.number(), trainFlops: z.number(), inferenceFlops: z.number() };

/** Episodes in which the environment failed. */
const lost = z.object({ episodes: count, last: z.string() });

/** A run's summary.json. */
export const summarySchema = z.looseObject({
  score: z.number(),
  winRates: z.array(z.number()).optional(),
  returns: z.array(z.number()).optional(),
  steps: count,
  episodes: count,
  updates: count,
  seconds: z.number().min(0),
  processorSeconds: z.number().min(0).optional(),
  // A run without a measurable time has infinite speed, which JSON cannot hold.
  stepsPerSecond: z
    .number()
    .nullable()
    .transform((rate) => rate ?? Infinity),
  parameters: count,
  cost: z.object({ ...cost, relative: z.object(cost) }),
  device: z.string().optional(),
  kernels: z.string().optional(),
  commit: z.string().optional(),
  lost: lost.optional(),
  finished: z.string(),
});

/** Metadata of a checkpoint, beside its tensors. */
export const checkpointSchema = z.looseObject({
  run: z.string(),
  lengths: z.record(z.string(), count),
  seconds: z.number().min(0),
  processorSeconds: z.number().min(0).optional(),
  end: z.looseObject({ step: count, episode: count, update: count, score: anyNumber }).optional(),
  progress: z.looseObject({
    step: count,
    episode: count,
    update: count,
    evolution: count,
    lastTargetUpdate: count,
    lastEvolution: count,
    nextEvaluation: anyNumber,
    nextTrainRecord: anyNumber,
    evaluations: z.array(anyNumber),
    random: z.record(z.string(), z.array(z.int())),
    sums: z.array(anyNumber),
    lost: lost.optional(),
  }),
});

/** The line before each moment of masks.bin. */
export const maskMomentSchema = z.object({
  step: count,
  evolution: count,
  layers: z.array(z.tuple([z.string(), count])),
});

/** Describes the first fault in what was read, for a message: "progress.step: ...". */
export function firstFault({ issues }: z.ZodError): string {
  const { path, message } = issues[0];
  return `${path.length === 0 ? "" : `${path.join(".")}: `}${message.toLowerCase()}`;
}
