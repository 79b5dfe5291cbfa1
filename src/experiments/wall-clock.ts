import { cpus } from "node:os";
import type { Table } from "../figures/table.js";
import { partsFigure, type SpeedLine, type SpeedPanel, speedFigure } from "../figures/wall-clock.js";
import { timeCases, type Timing, type TimingPlan } from "../timing/cases.js";
import { type SpeedUp, speedUps, type TimedRow, type TimeLaw, timeLaws } from "../timing/laws.js";
import { type Measured, type Measurement, type Profile, profileNamed } from "./experiment.js";

/** Measures whether fewer operations take less time. */
export const wallClock: Measurement = {
  id: "wall-clock",
  title: "Time of sparse training and acting",
  about:
    "measured time of an update and of a joint action against density, hidden size and batch, with what FLOPs predict",
  reproduces: "Appendix A.6",
  profile: "classroom",
  measure: async (profile, options) => reduceTimings(await timeCases(PLANS[profileNamed(profile)], options), machine()),
};

const CLASSROOM: TimingPlan = {
  // The typical length of episodes on 3m, and the limit on 3s5z.
  maps: [
    { map: "3m", steps: 25 },
    { map: "3s5z", steps: 60 },
  ],
  densities: [1, 0.5, 0.25, 0.1, 0.05, 0.02],
  hidden: [32, 64, 128, 256],
  batch: 32,
  usualHidden: 64,
  batches: [8, 16, 32, 64],
  batchDensities: [1, 0.1, 0.05],
  seconds: 9,
  turns: 5,
};

const PLANS: Readonly<Record<Profile, TimingPlan>> = {
  smoke: {
    maps: [{ map: "3m", steps: 4 }],
    densities: [1, 0.25, 0.1],
    hidden: [16, 32],
    batch: 8,
    usualHidden: 16,
    batches: [4, 8],
    batchDensities: [1, 0.1],
    seconds: 0,
    turns: 1,
  },
  classroom: CLASSROOM,
  paper: { ...CLASSROOM, seconds: 60, turns: 15 },
};

/**
 * Makes a table, by hidden size, of the time that does not depend on density, and of the largest speed-up that sparsity
 * can reach.
 *
 * @example
 * showTable(lawTable(measured.rows));
 */
export function lawTable(rows: Measured["rows"]): Table {
  const laws = timeLaws(rows).filter(({ part }) => part === "whole");
  const right = (title: string) => ({ title, align: "right" as const });
  return {
    title: "The law t = t₀ + t₁ F / F_dense",
    columns: [
      { title: "" },
      { title: "Map" },
      right("Hidden units"),
      right("Dense"),
      right("t₀"),
      right("t₁"),
      right("Sparse / dense pace"),
      right("At most"),
    ],
    rows: laws.map(({ work, map, hidden, dense, fixed, slope }) => {
      const time = (milliseconds: number): string =>
        work === "update" ? `${digits(milliseconds)} ms` : `${digits(1000 * milliseconds)} µs`;
      return [
        work === "update" ? "an update" : "a joint action",
        map,
        String(hidden),
        time(dense),
        time(fixed),
        time(slope),
        (slope / (dense - fixed)).toFixed(2),
        fixed > 0 ? `${(dense / fixed).toFixed(1)}x` : "",
      ];
    }),
    note: "Both times are fitted to the sparse cases. t₀ is the time of the parts that no mask thins. t₁ is the time that the FLOPs of the dense networks would take at the pace of sparse products. Sparse / dense pace is t₁ divided by the time that they do take (dense less t₀): the price of one operation. At most is dense divided by t₀: the speed-up without a single connection.",
  };
}

/**
 * Reduces timings to a table at the paper's widths, and to figures of times against density and of speed-ups by hidden
 * size and by batch.
 *
 * @param machine the machine that was timed
 * @example
 * reduceTimings(await timeCases(plan), "one core of ...").table;
 */
export function reduceTimings(timings: readonly Timing[], machine: string): Measured {
  const all = speedUps(timings);
  const hidden = all.filter(({ timing }) => timing.series === "hidden");
  const usual = timings.find(({ series }) => series === "batch")!.hidden;
  const usualCases = hidden.filter(({ timing }) => timing.hidden === usual);
  const maps = [...new Set(timings.map(({ map }) => map))];
  const batch = usualCases[0].timing.batch;
  const rows = ["update", "acting"].flatMap((work) =>
    maps.map((map) => ({ work, map, title: `${map}, ${work === "update" ? "an update" : "a joint action"}` })),
  );
  const numbers = all.flatMap(timingRows);
  const laws = timeLaws(numbers);
  const here = ({ timing }: SpeedUp, work: string, map: string): boolean => timing.work === work && timing.map === map;
  return {
    table: speedTable(usualCases, laws, { usual, batch, machine }),
    figure: speedFigure(
      rows.map(({ work, map, title }): SpeedPanel => {
        const cases = usualCases.filter((one) => here(one, work, map));
        const scale = work === "update" ? 1 : 1000;
        const { fixed, slope } = laws.find(
          (law) => law.part === "whole" && law.work === work && law.map === map && law.hidden === usual,
        )!;
        return {
          title,
          lines: [
            {
              label: "measured",
              x: cases.map(({ timing }) => timing.density),
              measured: cases.map(({ timing }) => scale * timing.whole.fastest),
              high: cases.map(({ timing }) => scale * timing.whole.median),
              predicted: cases.map(({ dense, predicted }) => (scale * dense.whole.fastest) / predicted),
              // The pace is that of sparse products; dense ones have another.
              fitted: cases.map(({ timing, predicted }) =>
                timing.density < 1 ? scale * (fixed + slope / predicted) : NaN,
              ),
            },
          ],
        };
      }),
      { title: `Time against density, ${usual} hidden units`, values: ["ms", "µs"] },
    ),
    more: {
      hidden: speedFigure(
        rows.map(({ work, map, title }): SpeedPanel => ({
          title,
          lines: linesBy(
            hidden.filter((one) => here(one, work, map)),
            ({ timing }) => `${timing.hidden} units`,
            ({ timing }) => timing.density,
          ),
        })),
        { title: "Speed-up over dense, by hidden units", values: ["times faster", "times faster"], shared: true },
      ),
      batch: speedFigure(
        maps.map((map): SpeedPanel => ({
          title: `${map}, an update`,
          lines: linesBy(
            all.filter(({ timing }) => timing.series === "batch" && timing.map === map && timing.density < 1),
            ({ timing }) => `density ${timing.density}`,
            ({ timing }) => timing.batch,
          ),
        })),
        {
          title: `Speed-up over dense, by batch, ${usual} hidden units`,
          against: "batch",
          values: ["times faster"],
          shared: true,
        },
      ),
      parts: partsFigure(
        maps.map((map) => ({
          title: map,
          bars: usualCases
            .filter((one) => here(one, "update", map))
            .map(({ timing, dense, predicted }) => ({
              label: String(timing.density),
              parts: Object.fromEntries(Object.entries(timing.parts!).map(([part, { fastest }]) => [part, fastest])),
              predicted: dense.whole.fastest / predicted,
            })),
        })),
        { title: `What an update of ${batch} episodes spends its time in` },
      ),
    },
    rows: numbers,
  };
}

function linesBy(cases: readonly SpeedUp[], label: (one: SpeedUp) => string, x: (one: SpeedUp) => number): SpeedLine[] {
  return [...new Set(cases.map(label))].map((name) => {
    const own = cases.filter((one) => label(one) === name);
    return {
      label: name,
      x: own.map(x),
      measured: own.map(({ measured }) => measured),
      predicted: own.map(({ predicted }) => predicted),
    };
  });
}

/** Writes three digits, or more if there are more before the point. */
function digits(value: number): string {
  return value >= 1000 ? String(Math.round(value)) : value.toPrecision(3);
}

function speedTable(
  cases: readonly SpeedUp[],
  laws: readonly TimeLaw[],
  { usual, batch, machine }: { readonly usual: number; readonly batch: number; readonly machine: string },
): Table {
  const right = (title: string) => ({ title, align: "right" as const });
  const updates = cases.filter(({ timing }) => timing.work === "update");
  const percent = (share: number): string => `${Math.round(100 * share)} %`;
  const times = (factor: number): string => `${factor.toPrecision(3)}x`;
  const samples = updates.map(({ timing }) => timing.whole.samples);
  const bounds = laws
    .filter(({ part, work, hidden }) => part === "whole" && work === "update" && hidden === usual)
    .map(({ map, dense, fixed }) => {
      const parts = laws
        .filter((law) => law.part !== "whole" && law.map === map && law.hidden === usual && law.fixed > 0)
        .sort((a, b) => b.fixed - a.fixed);
      const named = parts
        .slice(0, 3)
        .map((law) => `${law.part} ${law.fixed.toPrecision(2)}`)
        .join(", ");
      return `on ${map} no mask thins ${digits(fixed)} of a dense update's ${digits(dense)} ms (${named}), so that no density makes it more than ${(dense / fixed).toFixed(1)} times faster`;
    });
  return {
    title: `FLOPs and time: QMIX with MAST's targets, ${usual} hidden units, batches of ${batch} episodes`,
    columns: [
      { title: "Map" },
      right("Density"),
      right("Update, ms"),
      right("Faster"),
      right("FLOPs say"),
      right("Reached"),
      right("Acting, µs"),
      right("Faster"),
      right("FLOPs say"),
      right("Reached"),
    ],
    rows: updates.map(({ timing, measured, predicted, reached }) => {
      const acting = cases.find(
        (one) => one.timing.work === "acting" && one.timing.map === timing.map && one.timing.density === timing.density,
      )!;
      const { fastest } = acting.timing.whole;
      return [
        timing.map,
        String(timing.density),
        digits(timing.whole.fastest),
        times(measured),
        times(predicted),
        percent(reached),
        digits(1000 * fastest),
        times(acting.measured),
        times(acting.predicted),
        percent(acting.reached),
      ];
    }),
    note: `Processor time of ${machine}; the fastest of ${Math.min(...samples)} to ${Math.max(...samples)} samples taken in turns, their median up to ${percent(Math.max(...cases.map(({ timing }) => timing.whole.median / timing.whole.fastest - 1)))} above. ${sentence(bounds.join("; "))}`,
  };
}

function sentence(text: string): string {
  return text === "" ? "" : `${text[0].toUpperCase()}${text.slice(1)}.`;
}

/** Makes a row for the whole and, for an update, one for each part. */
function timingRows({ timing, measured, predicted, reached }: SpeedUp): TimedRow[] {
  const { work, map, series, hidden, batch, density, flops, whole, parts } = timing;
  return Object.entries({ whole, ...parts }).map(([part, { fastest, low, median, high, samples }]) => ({
    work,
    map,
    series,
    hidden,
    batch,
    density,
    part,
    flops: Math.round(flops),
    fastest,
    low,
    median,
    high,
    samples,
    // These are values of the whole, also in the rows of parts.
    measured,
    predicted,
    reached,
  }));
}

/** Describes the machine that was timed. */
function machine(): string {
  return `one core of ${cpus()[0]?.model.trim() ?? "an unknown processor"}, Node.js ${process.versions.node}`;
}
