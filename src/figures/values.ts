import { LabError } from "../errors.js";
import { type Figure, round, type Trace } from "./figure.js";
import { axis, CLEAR, INK, layout, methodStyles } from "./theme.js";

/** One learned value of one run. */
export interface LearnedValue {
  /** The method. */
  readonly label: string;
  /** Name of the thing whose value this is; it gives the place along the horizontal axis. */
  readonly of: string;
  readonly value: number;
}

/**
 * Draws learned values beside known ones: a dot for each run, side by side for each method, and a bar at the true
 * value.
 *
 * @param known the true values by place, in the order of the places
 * @throws {Error} when a value's place is not known
 * @example
 * learnedValues([{ label: "RigL", of: "2B", value: 7.9 }], new Map([["2B", 8]]), { value: "Q" });
 */
export function learnedValues(
  values: readonly LearnedValue[],
  known: ReadonlyMap<string, number>,
  options: { readonly title?: string; readonly value?: string } = {},
): Figure {
  const { title = "", value = "Value" } = options;
  const places = [...known.keys()];
  const stray = values.find(({ of }) => !known.has(of));
  if (stray !== undefined)
    throw new LabError(
      `a learned value is of "${stray.of}", whose true value is not given; there are ${places.join(", ")}`,
    );
  const styles = methodStyles([...new Set(values.map(({ label }) => label))]);
  const truth: Trace = {
    type: "scatter",
    mode: "lines",
    name: "Truth",
    line: { color: INK, width: 2 },
    hoverinfo: "skip",
    x: places.flatMap((_, i) => [i - 0.42, i + 0.42, null]),
    y: [...known.values()].flatMap((v) => [round(v), round(v), null]),
  };
  const width = 0.78 / Math.max(1, styles.length);
  const dots = styles.map(({ label, colour, symbol }, k): Trace => {
    const own = values.filter((one) => one.label === label);
    return {
      type: "scatter",
      mode: "markers",
      name: label,
      marker: { color: colour, symbol, size: 6, opacity: 0.65 },
      x: own.map(({ of }) => round(places.indexOf(of) + (k - (styles.length - 1) / 2) * width)),
      y: own.map((one) => round(one.value)),
      hovertemplate: `${label}: %{y:.2f}<extra></extra>`,
    };
  });
  return {
    data: [truth, ...dots],
    layout: layout(title, {
      xaxis: axis("", {
        tickmode: "array",
        tickvals: places.map((_, i) => i),
        ticktext: places,
        tickfont: { size: 12 },
        range: [-0.55, places.length - 0.45],
        showgrid: false,
      }),
      yaxis: axis(value),
      shapes: places.map((_, i) => ({
        type: "rect",
        layer: "below",
        yref: "paper",
        x0: i - 0.5,
        x1: i + 0.5,
        y0: 0,
        y1: 1,
        line: { width: 0 },
        fillcolor: i % 2 === 0 ? "rgba(128,128,128,0.12)" : CLEAR,
      })),
      legend: { orientation: "h", x: 0, xanchor: "left", y: 1.02, yanchor: "bottom" },
      hovermode: "closest",
      margin: { l: 64, r: 24, t: 72, b: 64 },
    }),
    summary: `${title || "Learned values"}: largest error ${styles.map(({ label }) => `${label} ${round(Math.max(...values.filter((one) => one.label === label).map((one) => Math.abs(one.value - known.get(one.of)!))), 3)}`).join(", ")}`,
  };
}
