import cliProgress, { type SingleBar } from "cli-progress";
import type { RunProgress } from "../runs/progress.js";
import {
  FEW_RUNS,
  failureLine,
  meanScoreText,
  isOver,
  overviewLine,
  type ProgressOverview,
  progressLine,
  progressOverview,
  type Share,
  shareLine,
  reachedWords,
  scoresTitle,
} from "../display/progress.js";
import { shortSteps } from "../figures/figure.js";
import { clock } from "../figures/table.js";
import { cutMiddle } from "./width.js";

/** A display of the progress of runs. */
export interface ProgressDisplay {
  update(progress: RunProgress, all: readonly RunProgress[]): void;
  /** Prints a line above the display, only once. */
  say(line: string): void;
  /** Ends the display, so that other output may follow. */
  stop(): void;
}

/**
 * Shows the progress of runs by changing lines on a terminal, and by a line now and then elsewhere (a pipe, a log). A
 * few runs are shown one by one; for more runs it shows the progress of all, the runs that are running or have failed,
 * and win rates so far.
 *
 * @param threads number of runs at once
 */
export function progressDisplay(threads: number, stream: NodeJS.WriteStream = process.stderr): ProgressDisplay {
  if (!stream.isTTY) return linesNowAndThen(threads, stream);
  let shown: readonly RunProgress[] = [];
  // The window may be resized during the display.
  const size = () => ({ columns: stream.columns || 80, rows: stream.rows || 24 });
  const screen = changingLines(stream, () =>
    shown.length <= FEW_RUNS ? runLines(shown, size().columns) : overviewLines(shown, threads, size()),
  );
  return {
    say: once(screen.say),
    update(_, all) {
      shown = all;
      screen.update();
    },
    stop: () => screen.stop(),
  };
}

/** Shows the progress of work other than training. */
export function shareDisplay(
  title: string,
  stream: NodeJS.WriteStream = process.stderr,
): { update(share: Share): void; stop(): void } {
  const started = performance.now();
  let now: Share = { share: 0, what: "" };
  const text = () => shareLine(title, now, (performance.now() - started) / 1000);
  const screen = stream.isTTY
    ? changingLines(stream, () => [shareWithin(now.share, text(), (stream.columns || 80) - 1)])
    : undefined;
  const due = nowAndThen();
  return {
    update(share) {
      // The end is reported only once.
      if (now.share >= 1) return;
      now = share;
      if (screen !== undefined) screen.update();
      else if (due() || share.share >= 1) stream.write(`${text()}\n`);
    },
    stop: () => screen?.stop(),
  };
}

/** Keeps lines at the end of a terminal up to date, a few times a second. */
function changingLines(
  stream: NodeJS.WriteStream,
  lines: () => readonly string[],
): { update(): void; say(line: string): void; stop(): void } {
  const bars = new cliProgress.MultiBar({
    stream,
    clearOnComplete: false,
    hideCursor: true,
    gracefulExit: false,
    emptyOnZero: true,
    fps: 5,
    format: (_options, _params, { text }: { text: string }) => text,
  });
  const shown: SingleBar[] = [];
  let last = -Infinity;
  let stopped = false;
  const draw = () => {
    last = performance.now();
    const texts = lines();
    texts.forEach((text, i) => {
      if (i < shown.length) shown[i].update(0, { text });
      else shown.push(bars.create(1, 0, { text }));
    });
    while (shown.length > texts.length) bars.remove(shown.pop()!);
  };
  return {
    update() {
      if (!stopped && performance.now() - last >= 200) draw();
    },
    say: (line) => (shown.length > 0 && !stopped ? bars.log(`${line}\n`) : void stream.write(`${line}\n`)),
    stop() {
      if (stopped || last === -Infinity) return;
      draw();
      stopped = true;
      bars.stop();
    },
  };
}

function bar(share: number, width = 24): string {
  const full = Math.round(width * Math.min(1, share));
  return "\u2588".repeat(full) + "\u2591".repeat(width - full);
}

/** Puts a bar before the text if there is room. The end of the text, which is the time left, always stays. */
function shareWithin(share: number, text: string, room: number): string {
  const width = [24, 10].find((cells) => cells + 1 + text.length <= room);
  if (width !== undefined) return `${bar(share, width)} ${text}`;
  return text.length <= room
    ? text
    : `${text.slice(0, Math.max(0, room - 16))}…${text.slice(-15)}`.slice(-Math.max(1, room));
}

/** Layouts of a run's line, the widest first: cells of its bar, and the form of its steps. */
const LAYOUTS: readonly (readonly [cells: number, steps: "whole" | "short" | "percent"])[] = [
  [24, "whole"],
  [10, "whole"],
  [10, "short"],
  [0, "short"],
  [0, "percent"],
];

/**
 * Makes a line for each run that fits into `columns` of a terminal. Win rate and time left always stay: first the bar
 * and the steps become shorter, then names lose their middle.
 */
function runLines(runs: readonly RunProgress[], columns: number): string[] {
  const room = columns - 1;
  const ends = runs.map((run) => {
    const reached = reachedWords(run, 5);
    const left =
      run.state !== "running" ? run.state : run.secondsLeft === undefined ? "" : `${clock(run.secondsLeft)} left`;
    return `${reached === "" ? "" : `  ${reached}`}  ${left}`;
  });
  const middle = ({ step, steps }: RunProgress, [cells, form]: (typeof LAYOUTS)[number]): string => {
    const done = Math.min(step, steps);
    const said =
      form === "whole"
        ? `${done.toLocaleString("en")}/${steps.toLocaleString("en")} steps`
        : form === "short"
          ? `${shortSteps(done)}/${shortSteps(steps)}`
          : `${Math.floor((100 * done) / steps)} %`;
    return ` ${cells === 0 ? "" : `${bar(step / steps, cells)} `}${said}`;
  };
  const longest = Math.max(...runs.map(({ name }) => name.length));
  const roomForNames = (layout: (typeof LAYOUTS)[number]): number =>
    room - Math.max(...runs.map((run, i) => middle(run, layout).length + ends[i].length));
  const layout = LAYOUTS.find((one) => roomForNames(one) >= longest) ?? LAYOUTS.at(-1)!;
  const names = Math.min(longest, roomForNames(layout));
  return runs.map((run, i) => {
    if (names >= 6) return `${cutMiddle(run.name, names).padEnd(names)}${middle(run, layout)}${ends[i]}`;
    // If the terminal is too narrow, only win rate and time are shown.
    return `${cutMiddle(run.name, Math.max(0, room - ends[i].length))}${ends[i]}`.slice(-room);
  });
}

/** Makes at most as many lines as the terminal has, since lines that have scrolled away cannot be overwritten. */
function overviewLines(
  runs: readonly RunProgress[],
  threads: number,
  { columns, rows }: { readonly columns: number; readonly rows: number },
): string[] {
  const overview = progressOverview(runs, threads);
  const above = [
    shareWithin(overview.share, overviewLine(overview), columns - 1),
    ...runLines(
      runs.filter(({ state }) => state === "running"),
      columns - 2,
    ).map((line) => `  ${line}`),
    // After the end, failed runs are reported below the display.
    ...(isOver(overview)
      ? []
      : runs.filter(({ state }) => state === "failed").map((run) => `  failed: ${failureLine(run)}`)),
  ];
  const lines = [...above, ...scoreLines(overview, columns)].map((line) => line.slice(0, columns - 1));
  return lines.length < rows ? lines : [...lines.slice(0, rows - 2), "  ..."];
}

/** Shows mean scores over seeds, in as many columns as fit. */
function scoreLines(overview: ProgressOverview, width: number): string[] {
  const texts = overview.scores.map(meanScoreText);
  if (texts.length === 0) return [];
  const widest = Math.max(...texts.map(({ length }) => length)) + 3;
  const across = Math.max(1, Math.floor((width - 3) / widest));
  const down = Math.ceil(texts.length / across);
  const lines = Array.from({ length: down }, (_, i) =>
    texts
      .filter((_text, j) => j % down === i)
      .map((text) => text.padEnd(widest))
      .join(""),
  );
  const title = scoresTitle(overview, { plural: true });
  return [isOver(overview) ? `${title}:` : `${title} so far:`, ...lines.map((line) => `  ${line.trimEnd()}`)];
}

/** Least number of seconds between two lines. */
const PAUSE = 10;

/** Returns a function that is true at its first call, and later when a pause has passed since it was true. */
function nowAndThen(): () => boolean {
  let last = -Infinity;
  return () => {
    const now = performance.now() / 1000;
    if (now - last < PAUSE) return false;
    last = now;
    return true;
  };
}

/** Prints each line only once. */
function once(say: (line: string) => void): (line: string) => void {
  const said = new Set<string>();
  return (line) => {
    if (!said.has(line)) say(line);
    said.add(line);
  };
}

function linesNowAndThen(threads: number, stream: NodeJS.WriteStream): ProgressDisplay {
  const said = new Map<string, { readonly state: string; readonly due: () => boolean }>();
  const due = nowAndThen();
  let latest: readonly RunProgress[] = [];
  const say = (line: string) => void stream.write(`${line}\n`);
  const sayRun = (progress: RunProgress) => {
    const { name, state } = progress;
    if (state === "waiting" || state === "failed") return;
    const before = said.get(name);
    if (before?.state === state && !before.due()) return;
    const pause = nowAndThen();
    pause();
    said.set(name, { state, due: pause });
    say(progressLine(progress));
  };
  return {
    say: once(say),
    update(progress, all) {
      latest = all;
      if (all.length <= FEW_RUNS) return sayRun(progress);
      // The reason is reported at the end.
      if (progress.state === "failed") say(`${progress.name} failed; the other runs continue`);
      // The first reports only tell that all runs are waiting.
      if (progress.state !== "waiting" && due()) say(overviewLine(progressOverview(all, threads)));
    },
    stop() {
      if (latest.length <= FEW_RUNS) return;
      const overview = progressOverview(latest, threads);
      say(overviewLine(overview));
      scoreLines(overview, 100).forEach(say);
      latest = [];
    },
  };
}
