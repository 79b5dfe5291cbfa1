import { z } from "zod";
import { ConfigError } from "../../config.js";

/** Goes into a script of a cluster, where it may be no more than one word. */
const word = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._@:,+-]*$/)
  .max(100);

/** How a cluster is asked for machines. */
export const slurmSchema = z.strictObject({
  partition: word.optional().describe("The partition; default: that of the cluster."),
  time: z
    .string()
    .regex(/^(\d+-)?\d+(:\d+){0,2}$/)
    .optional()
    .describe(
      'Limit of a job as Slurm writes it, "04:00:00" or "1-00:00:00". A run that needs longer goes on in the next job.',
    ),
  memory: z
    .string()
    .regex(/^\d+(\.\d+)?\s*[KMGT]B?$/i)
    .optional()
    .describe('Memory of a run, "2G"; default: what the largest run is known to need.'),
  cpus: z.int().min(1).max(1024).optional().describe("Cores of a run; default: 1, which is all that a run uses."),
  account: word.optional().describe("The account that is charged."),
  qos: word.optional().describe("Quality of service."),
  parallel: z
    .int()
    .min(1)
    .max(100_000)
    .optional()
    .describe("Runs at once, of this study; default: as many as the cluster gives."),
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
    .describe('Lines of the job script before the run: "module load nodejs".'),
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

/** Seconds that a job has to train beside its warning; a signal may come 20 s early. */
const LEAST = 30;

/** Seconds before the limit at which a run stops with a checkpoint. */
export function warningOf({ warning = 120 }: SlurmSettings): number {
  return warning;
}

/**
 * Seconds of a time as Slurm writes it: minutes, minutes:seconds, hours:minutes:seconds,
 * days-hours[:minutes[:seconds]].
 */
export function slurmSeconds(time: string): number {
  const [days, clock] = time.includes("-") ? [Number(time.split("-")[0]), time.split("-")[1]] : [undefined, time];
  const parts = clock.split(":").map(Number);
  if (days !== undefined) return ((days * 24 + parts[0]) * 60 + (parts[1] ?? 0)) * 60 + (parts[2] ?? 0);
  if (parts.length === 1) return 60 * parts[0];
  return parts.reduce((sum, part) => 60 * sum + part, 0);
}

/** @throws {ConfigError} when a job would end before a run has come further */
export function checkTime(settings: SlurmSettings): void {
  if (settings.time === undefined) return;
  const [limit, warning] = [slurmSeconds(settings.time), warningOf(settings)];
  if (limit - warning < LEAST) {
    throw new ConfigError(
      `A job of ${settings.time} (${limit} s) has no time to train before its checkpoint ${warning} s before the end: give more time, or a shorter warning (slurm.warning, --warning).`,
    );
  }
}
