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

/** Options that describe a run from its beginning, which an extension has behind it. */
const OF_BEGINNINGS = ["config", "short", "from", "source", "ticket", "parts", "seeds"] as const;

/**
 * `mast train --extend RUN,...`: trains complete runs on from where they ended. Of a field with several values each run
 * is extended once with each.
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
      `--extend goes on with what a run has, its seed and networks too: leave out ${given.map((flag) => `--${flag}`).join(" and ")}.`,
    );
  const { steps } = base;
  if (steps === undefined && grid["steps"] === undefined)
    throw new LabError(
      "--extend needs --steps N: where to stop, counted from the beginning of the run that it extends.",
    );
  const ancestors = what.split(",").flatMap((name) => ancestorsNamed(name.trim(), flags));
  const store = flags.runs === undefined ? {} : { runs: flags.runs };
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

/** Names of runs; one that is gone may have been extended before, which `extendRun` finds out. */
function ancestorsNamed(name: string, flags: TrainingFlags): string[] {
  if (name === "") throw new LabError("--extend has an empty name between commas.");
  try {
    const { runs } = flags;
    const store = runsDirectory(runs);
    return runsNamed(name, runs === undefined ? {} : { runs }).map(({ directory }) =>
      directory.startsWith(store) ? directory.slice(store.length + 1) : directory,
    );
  } catch (error) {
    if (/-seed\d+-[0-9a-f]{8}$/.test(name)) return [name];
    throw error;
  }
}

/** Every combination of the values of fields, as what is laid over the rest. */
function combinations(grid: AskedFor["grid"]): ConfigInput[] {
  return Object.entries(grid).reduce<ConfigInput[]>(
    (before, [field, values]) =>
      before.flatMap((input) => values.map((value) => mergeConfig(input, nestedInput(field, value)))),
    [{}],
  );
}
