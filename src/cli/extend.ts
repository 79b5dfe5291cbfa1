import { type ConfigInput, mergeConfig } from "../config.js";
import { LabError } from "../errors.js";
import { methodLabel } from "../figures/labels.js";
import { tableText } from "../figures/table.js";
import { extendRun } from "../runs/extension.js";
import { runsDirectory } from "../runs/store.js";
import { reduceGroups } from "../studies/reduce.js";
import { groupRuns, runsNamed } from "./compare.js";
import { type AskedFor, type ConfigFlags, nestedInput } from "./config-options.js";
import { refuseSlurmOptions, type SlurmFlags } from "./slurm.js";
import { sayWhatBecame, submitRuns, trainAll, type TrainingFlags } from "./train.js";

/** Options that concern the beginning of a run and cannot apply to an extension. */
const OF_BEGINNINGS = ["config", "short", "from", "source", "ticket", "parts", "seeds"] as const;

/**
 * Runs `mast train --extend RUN,...`, which continues complete runs. If a field has several values, each run is
 * extended once with each value.
 */
export async function extendCommand(
  what: string,
  { base, grid }: AskedFor,
  flags: ConfigFlags & TrainingFlags & SlurmFlags,
): Promise<void> {
  if (flags.on !== "slurm") refuseSlurmOptions(flags);
  const given = OF_BEGINNINGS.filter((flag) => flags[flag] !== undefined);
  if (given.length > 0)
    throw new LabError(
      `--extend keeps everything that a run has, its seed and networks too: leave out ${given.map((flag) => `--${flag}`).join(" and ")}.`,
    );
  const { steps } = base;
  if (steps === undefined && grid["steps"] === undefined)
    throw new LabError(
      "--extend needs --steps N, the total number of steps counted from the beginning of the run that it extends.",
    );
  const ancestors = what.split(",").flatMap((name) => ancestorsNamed(name.trim(), flags));
  const store = { runs: flags.runs };
  const configs = ancestors.flatMap((name) =>
    combinations(grid).map((changes) =>
      extendRun(name, mergeConfig(base, changes) as ConfigInput & { readonly steps: number }, store),
    ),
  );
  if (flags.on === "slurm") return submitRuns(configs, methodLabel, flags);
  const outcomes = await trainAll(configs, flags, { wait: configs.length > 1 });
  sayWhatBecame(outcomes);
  const complete = outcomes.flatMap(({ run }) => (run?.summary === undefined ? [] : run));
  if (complete.length > 1)
    console.log(`\n${tableText(reduceGroups(groupRuns(complete), { title: "Extended", plots: ["win-rate"] }).table)}`);
}

/** Finds the names of runs. A run that no longer exists may have been extended before, which `extendRun` checks. */
function ancestorsNamed(name: string, flags: TrainingFlags): string[] {
  if (name === "") throw new LabError("--extend has an empty name between commas.");
  try {
    const { runs } = flags;
    const store = runsDirectory(runs);
    return runsNamed(name, { runs }).map(({ directory }) =>
      directory.startsWith(store) ? directory.slice(store.length + 1) : directory,
    );
  } catch (error) {
    if (/-seed\d+-[0-9a-f]{8}$/.test(name)) return [name];
    throw error;
  }
}

/** Lists every combination of the fields' values, as changes of the base. */
function combinations(grid: AskedFor["grid"]): ConfigInput[] {
  return Object.entries(grid).reduce<ConfigInput[]>(
    (before, [field, values]) =>
      before.flatMap((input) => values.map((value) => mergeConfig(input, nestedInput(field, value)))),
    [{}],
  );
}
