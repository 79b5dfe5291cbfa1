import { z } from "zod";
import { ConfigError } from "../../config.js";

/** A value that is put into a job script and must therefore be a single word. */
const word = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._@:,+-]*$/)
  .max(100);

/** Settings of the jobs that are submitted to a cluster. */
export const slurmSchema = z.strictObject({
  partition: word.optional().describe("The partition; default: that of the cluster."),
  time: z
    .string()
    .regex(/^(\d+-)?\d+(:\d+){0,2}$/)
    .optional()
    .describe(
      'Time limit of a job as Slurm writes it, "04:00:00" or "1-00:00:00". A longer run continues in the next job.',
    ),
  memory: z
    .string()
    .regex(/^\d+(\.\d+)?\s*[KMGT]B?$/i)
    .optional()
    .describe('Memory of a run, "2G"; default: the estimate for the largest run.'),
  cpus: z.int().min(1).max(1024).optional().describe("Cores of a run; default: 1, since a run uses one core."),
  account: word.optional().describe("The account to charge."),
  qos: word.optional().describe("Quality of service."),
  parallel: z
    .int()
    .min(1)
    .max(100_000)
    .optional()
    .describe("Number of runs of this study at once; default: as many as the cluster allows."),
  warning: z
    .int()
    .min(1)
    .max(3_600)
    .optional()
    .describe("Seconds before the limit at which a run makes a checkpoint and is queued again; default: 120."),
  setup: z
    .array(z.string().min(1).max(1_000))
    .max(100)
    .optional()
    .describe('Lines of the job script that precede the run: "module load nodejs".'),
  options: z
    .array(
      z
        .string()
        .regex(/^--?[A-Za-z][^\n\r]*$/)
        .max(200),
    )
    .max(50)
    .optional()
    .describe('Further options of sbatch, "--constraint=avx2".'),
});

export type SlurmSettings = z.output<typeof slurmSchema>;

/** Least number of seconds between the start of a job and its warning; a signal may come 20 s early. */
const LEAST = 30;

/** Returns the seconds before the time limit at which a run stops with a checkpoint. */
export function warningOf({ warning = 120 }: SlurmSettings): number {
  return warning;
}

/**
 * Converts a time in Slurm's notation to seconds: minutes, minutes:seconds, hours:minutes:seconds, or
 * days-hours[:minutes[:seconds]].
 */
export function slurmSeconds(time: string): number {
  const [days, clock] = time.includes("-") ? [Number(time.split("-")[0]), time.split("-")[1]] : [undefined, time];
  const parts = clock.split(":").map(Number);
  if (days !== undefined) return ((days * 24 + parts[0]) * 60 + (parts[1] ?? 0)) * 60 + (parts[2] ?? 0);
  if (parts.length === 1) return 60 * parts[0];
  return parts.reduce((sum, part) => 60 * sum + part, 0);
}

/**
 * Checks the time limit.
 * @throws {ConfigError} when a job would end before its run makes progress
 */
export function checkTime(settings: SlurmSettings): void {
  if (settings.time === undefined) return;
  const [limit, warning] = [slurmSeconds(settings.time), warningOf(settings)];
  if (limit - warning < LEAST) {
    throw new ConfigError(
      `A job of ${settings.time} (${limit} s) has no time to train before its checkpoint ${warning} s before the end: give more time, or a shorter warning (slurm.warning, --warning).`,
    );
  }
}
