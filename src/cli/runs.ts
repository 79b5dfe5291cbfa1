import { basename, resolve } from "node:path";
import { shortSteps } from "../figures/figure.js";
import { clock } from "../figures/table.js";
import { exportParameters } from "../runs/checkpoint.js";
import { replaceFile } from "../runs/disk.js";
import { writeNamed } from "../node/files.js";
import { scoreEvaluations } from "../results/scores.js";
import { tableWithin, terminalColumns, wrapText } from "./width.js";
import { checkpointPath, findRun, runNamesOf, runsDirectory, type StoredRun, watchAndListRuns } from "../runs/store.js";

/** Where runs are, for every command about runs that are there. */
export interface RunsFlags {
  readonly runs?: string;
}

/** `mast runs` */
export async function runsCommand(flags: RunsFlags): Promise<void> {
  const runs = await watchAndListRuns(flags);
  if (runs.length === 0) return console.log(`No runs in ${runsDirectory(flags.runs)} yet: \`mast train\` makes one.`);
  console.log(
    tableWithin({
      columns: [{ title: "Run" }, { title: "Step", align: "right" }, { title: "Win rate", align: "right" }, { title: "Time", align: "right" }, { title: "State" }],
      rows: runs.map((run) => (run.state === "damaged" ? [run.name, "", "", "", run.state] : [run.name, `${shortSteps(run.step)} of ${shortSteps(run.config.steps)}`, winRate(run), run.summary ? clock(run.summary.seconds) : "", run.state])),
      note: "Win rate: the score of a complete run with the number of last evaluations that it is the mean of, the last evaluation of any other. Time: on the clock.",
    }, terminalColumns(), 0, [3, 1]),
  );
  for (const run of runs) {
    if (run.state !== "damaged") continue;
    const line = `${run.name} is damaged: ${run.problem}`;
    const columns = terminalColumns();
    console.log(columns === undefined ? line : wrapText(line, columns - 1).join("\n"));
  }
}

function winRate(run: StoredRun): string {
  if (run.summary !== undefined) return `${percent(run.summary.score)} (${scoreEvaluations(run)})`;
  return run.winRate === undefined ? "" : percent(run.winRate);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** `mast export RUN`: its parameters under PyMARL's names, for PyTorch. */
export function exportCommand(run: string, flags: RunsFlags & { readonly out?: string }): void {
  const path = checkpointPath(run, flags);
  const out = resolve(flags.out ?? `${basename(findRun(run, flags))}.safetensors`);
  const content = exportParameters(path, runNamesOf(findRun(run, flags)));
  writeNamed(out, "choose another file with --out", () => replaceFile(out, Buffer.from(content)));
  console.log(out);
}
