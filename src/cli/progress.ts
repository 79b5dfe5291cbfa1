import cliProgress, { type SingleBar } from "cli-progress";
import type { TrainingProgress } from "../experiments/run.js";
import { progressLine } from "../figures/notebook.js";
import { clock } from "../figures/table.js";

/** Shows how far runs are while they go on. */
export interface ProgressDisplay {
  update(progress: TrainingProgress, all: readonly TrainingProgress[]): void;
  /** Leaves what is shown as it is; other output may follow. */
  stop(): void;
}

/** Bars that move on a terminal; elsewhere (a pipe, a log) a line a run now and then. */
export function progressDisplay(stream: NodeJS.WriteStream = process.stderr): ProgressDisplay {
  return stream.isTTY ? bars(stream) : lines(stream);
}

function bars(stream: NodeJS.WriteStream): ProgressDisplay {
  const shown = new Map<string, SingleBar>();
  const bars = new cliProgress.MultiBar(
    {
      stream, clearOnComplete: false, hideCursor: true, gracefulExit: false, emptyOnZero: true, barsize: 24, fps: 5,
      format: (options, { progress }, { name, text }: { name: string; text: string }) => `${name} ${cliProgress.Format.BarFormat(progress, options)} ${text}`,
      barCompleteChar: "\u2588", barIncompleteChar: "\u2591",
    },
  );
  return {
    update(progress, all) {
      const width = Math.max(...all.map(({ name }) => name.length));
      for (const one of shown.size === 0 ? all : [progress]) {
        const payload = { name: one.name.padEnd(width), text: numbers(one) };
        const bar = shown.get(one.name);
        if (bar === undefined) shown.set(one.name, bars.create(one.steps, Math.min(one.step, one.steps), payload));
        else bar.update(Math.min(one.step, one.steps), payload);
      }
    },
    stop: () => bars.stop(),
  };
}

function numbers({ step, steps, winRate, secondsLeft, state }: TrainingProgress): string {
  const done = `${Math.min(step, steps).toLocaleString("en")}/${steps.toLocaleString("en")} steps`;
  const won = winRate === undefined ? "" : `  ${`${(100 * winRate).toFixed(0)} %`.padStart(5)} won`;
  const left = state !== "running" ? state : secondsLeft === undefined ? "" : `${clock(secondsLeft)} left`;
  return `${done}${won}  ${left}`;
}

/** Seconds between two lines about the same run. */
const PAUSE = 10;

function lines(stream: NodeJS.WriteStream): ProgressDisplay {
  const last = new Map<string, { state: string; time: number }>();
  return {
    update(progress) {
      const { name, state } = progress;
      const before = last.get(name);
      const time = performance.now() / 1000;
      if (state === "waiting" || state === "failed") return;
      if (before?.state === state && time - before.time < PAUSE) return;
      last.set(name, { state, time });
      stream.write(`${progressLine(progress)}\n`);
    },
    stop: () => {},
  };
}
