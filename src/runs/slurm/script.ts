import { type SlurmSettings, warningOf } from "./settings.js";

/** Exit code of an element that has to continue in another job: EX_TEMPFAIL. */
export const REQUEUE = 75;

/** The input of a job script. */
export interface ScriptPlan {
  readonly name: string;
  /** The folder of the submission, on every machine. */
  readonly folder: string;
  readonly settings: SlurmSettings;
  /** Megabytes of memory for a run, used if the settings do not give any. */
  readonly memory: number;
  /** The program that runs an element and its first arguments, before the submission's folder and the run's number. */
  readonly command: readonly string[];
}

/**
 * Makes the script of a job array in which each element trains one run. Before the time limit Slurm sends USR1 to the
 * script, which passes it on: the run makes a checkpoint and ends with `REQUEUE`, and the element requeues itself. (It
 * does so by the ids of its array and element: the job id of the last element is the array's id, which would requeue
 * all elements.) After preemption or the failure of a machine, Slurm itself requeues the element.
 */
export function arrayScript({ name, folder, settings, memory, command }: ScriptPlan): string {
  const { setup = [] } = settings;
  return `#!/bin/bash
${directives(name, settings, `${folder}/logs/%A_%a.log`, [`--mem=${memoryText(settings, memory)}`, "--requeue", "--open-mode=append", ...(settings.time === undefined ? [] : [`--signal=B:USR1@${warningOf(settings)}`])])}
# An element of this array trains one run of mast-lab: number $1 + SLURM_ARRAY_TASK_ID of ${folder.replaceAll("\n", " ")}/runs.json.
folder=${quote(folder)}
if [ ! -e "$folder/runs.json" ]; then
  echo "$folder is not on $(hostname): --runs has to be a folder that all machines of the cluster share" >&2
  exit 1
fi
${setup.map((line) => `${line}\n`).join("")}${command.map(quote).join(" ")} "$folder" $(($1 + SLURM_ARRAY_TASK_ID)) &
run=$!
trap 'kill -USR1 $run 2>/dev/null' USR1
trap 'kill -TERM $run 2>/dev/null' TERM INT
# A signal ends the waiting before the run has ended.
while kill -0 $run 2>/dev/null; do wait $run; done
wait $run
code=$?
if [ $code -eq ${REQUEUE} ]; then
  scontrol requeue "\${SLURM_ARRAY_JOB_ID}_\${SLURM_ARRAY_TASK_ID}" && sleep 60
fi
exit $code
`;
}

/** Makes the script of the job that shows the results when all elements have ended, successfully or not. */
export function resultScript({ name, folder, settings, command }: Omit<ScriptPlan, "memory">): string {
  const { setup = [] } = settings;
  return `#!/bin/bash
${directives(name, { ...settings, cpus: 1 }, `${folder}/result.txt`, ["--mem=1500M", "--kill-on-invalid-dep=yes"])}
${setup.map((line) => `${line}\n`).join("")}exec ${command.map(quote).join(" ")}
`;
}

function directives(
  name: string,
  { partition, time, cpus = 1, account, qos, options = [] }: SlurmSettings,
  output: string,
  more: readonly string[],
): string {
  const all = [
    `--job-name=${name}`,
    `--output=${output}`,
    `--cpus-per-task=${cpus}`,
    ...more,
    ...(partition === undefined ? [] : [`--partition=${partition}`]),
    ...(time === undefined ? [] : [`--time=${time}`]),
    ...(account === undefined ? [] : [`--account=${account}`]),
    ...(qos === undefined ? [] : [`--qos=${qos}`]),
    ...options,
  ];
  return all
    .map(
      (option) =>
        `#SBATCH ${/[\s"']/.test(option) && option.includes("=") ? option.replace(/=(.*)$/s, (_, value: string) => `=${JSON.stringify(value)}`) : option}`,
    )
    .join("\n");
}

function memoryText({ memory }: SlurmSettings, megabytes: number): string {
  if (memory === undefined) return `${megabytes}M`;
  const [, number, unit] = /^([\d.]+)\s*([KMGT])/i.exec(memory)!;
  // Slurm accepts whole numbers only.
  const factor = { K: 1 / 1024, M: 1, G: 1024, T: 1024 ** 2 }[unit.toUpperCase() as "K" | "M" | "G" | "T"];
  return `${Math.max(1, Math.ceil(Number(number) * factor))}M`;
}

/** Quotes a word for bash. */
function quote(text: string): string {
  return /^[A-Za-z0-9_./:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
