import type { EnvironmentSnapshot, UnitSnapshot } from "../envs/environment.js";
import { LabError } from "../errors.js";
import { byteMatrix, type Figure, round, type Trace } from "./figure.js";
import { legendHeight } from "./panel-grid.js";
import { replayTitle, type EpisodeRecording } from "./recording.js";
import { CLEAR, INK, layout, legendEntry, SIDE_COLOURS, translucent } from "./theme.js";
import { unitShapes } from "./unit-shapes.js";

/** Settings of `battleFigure`. */
export interface BattleFigureOptions {
  /** Default: environment, length and who won. */
  readonly title?: string;
  /** Environment step that is shown. Default: the middle of the battle. */
  readonly step?: number;
}

/** Width of the map's picture in pixels, and its greatest height. */
const MAP = { width: 592, height: 460 };

/** The look of ground that cannot be walked on, chosen for light and for dark pages. */
export const CLIFF = { colour: "#8f897b", opacity: 0.4 } as const;

/**
 * Draws one moment of a battle. The shape of a unit tells its type, the colour its side, and each has a number. Crosses
 * mark where units died, lines go from each unit that fires to its target, and cliffs are shaded.
 *
 * @param recording of an environment whose snapshots have units
 * @throws {Error} when they have none, or the step is not one of the recording
 * @example await showFigure(battleFigure(recordEpisode(createEnvironment("2s3z"), scripts.weakestTarget, 1)));
 */
export function battleFigure(recording: EpisodeRecording, options: BattleFigureOptions = {}): Figure {
  const { frames, environment } = recording;
  const { step = Math.floor(frames.length / 2), title = replayTitle(recording) } = options;
  const frame = frames[step];
  if (frame === undefined)
    throw new LabError(`Step ${step} is not one of this battle: its steps are 0 to ${frames.length - 1}.`);
  if (frame.units.length === 0)
    throw new LabError(`${environment} has no units to draw. Use showReplay, which shows what it has.`);
  const [left, bottom, width, height] = battleView([frame]);
  const scale = Math.min(MAP.width / width, MAP.height / height);
  const shapes = unitShapes(frame.units.map(({ type }) => type));
  const numbers = unitNumbers(frame.units);

  const data: Trace[] = frame.width === 0 ? [] : [cliffs(frame)];
  frame.units.forEach((unit) => {
    const target = frame.units[unit.target];
    if (!unit.alive || target === undefined) return;
    const heals = target.side === unit.side;
    data.push({
      type: "scatter",
      mode: "lines",
      x: [round(unit.x), round(target.x)],
      y: [round(unit.y), round(target.y)],
      line: { color: heals ? "#009E73" : SIDE_COLOURS[unit.side], width: 1.5, dash: heals ? "dot" : "solid" },
      hoverinfo: "skip",
      showlegend: false,
    });
  });
  // Both sides list their types in our team's order, because the order of enemies is drawn anew for each battle.
  const groups = (["ally", "enemy"] as const).flatMap((side) => [...shapes.keys()].map((type) => ({ side, type })));
  for (const { side, type } of groups) {
    const own = frame.units.filter((unit) => unit.side === side && unit.type === type);
    if (own.length === 0) continue;
    const living = own.filter(({ alive }) => alive);
    const [{ radius }] = own;
    const marker = { symbol: shapes.get(type), color: SIDE_COLOURS[side], line: { color: "#ffffff", width: 1 } };
    data.push(
      {
        type: "scatter",
        mode: "markers",
        x: own.filter(({ alive }) => !alive).map(({ x }) => round(x)),
        y: own.filter(({ alive }) => !alive).map(({ y }) => round(y)),
        marker: { symbol: "x-thin", size: 9, line: { color: SIDE_COLOURS[side], width: 1.5 }, opacity: 0.6 },
        hovertemplate: `${type}, dead<extra></extra>`,
        showlegend: false,
      },
      {
        type: "scatter",
        mode: "markers+text",
        x: living.map(({ x }) => round(x)),
        y: living.map(({ y }) => round(y)),
        text: living.map((unit) => String(numbers[frame.units.indexOf(unit)])),
        textfont: { color: "#ffffff", size: 11 },
        marker: { ...marker, size: round(Math.max(15, 2.3 * radius * scale), 3) },
        customdata: living.map(
          ({ health, shield, maxShield }) => `${Math.ceil(health)}${maxShield > 0 ? ` + ${Math.ceil(shield)}` : ""}`,
        ),
        hovertemplate: `${type} %{text}, health %{customdata}<extra></extra>`,
        showlegend: false,
      },
      legendEntry(`${type} (${side === "ally" ? "our team" : "enemy"})`, {
        mode: "markers",
        marker: { ...marker, size: 13 },
      }),
    );
  }
  const plain = { showgrid: false, zeroline: false, showticklabels: false, ticks: "", fixedrange: true };
  const across = Math.round(width * scale);
  const above = 44 + Math.max(31, legendHeight(data.flatMap(({ name }) => (typeof name === "string" ? [name] : []))));
  const margin = { l: 24, r: 24, t: above, b: 40 };
  const { seam } = recording;
  const moment = `step ${step} of ${frames.length - 1}${livingText(frame.units, seam)}`;
  return {
    data,
    layout: layout(title, {
      width: 640,
      height: Math.round(height * scale) + margin.t + margin.b,
      margin,
      xaxis: {
        ...plain,
        range: [left, left + width],
        constrain: "domain",
        showline: true,
        linecolor: INK,
        mirror: true,
      },
      yaxis: {
        ...plain,
        range: [bottom, bottom + height],
        scaleanchor: "x",
        constrain: "domain",
        showline: true,
        linecolor: INK,
        mirror: true,
      },
      legend: { orientation: "h", x: 0, xanchor: "left", y: 1.01, yanchor: "bottom" },
      hovermode: "closest",
      ...(seam === undefined ? {} : { shapes: [seamLine(seam)] }),
      annotations: [
        {
          text: moment,
          showarrow: false,
          xref: "paper",
          yref: "paper",
          x: (MAP.width - across) / 2 / MAP.width,
          y: 0,
          xanchor: "left",
          yanchor: "top",
          yshift: -6,
          font: { size: 12 },
        },
      ],
    }),
    summary: `${title}; ${moment}`,
  };
}

/** Says how many units of each side are left: in the battle, or in those on either side of the seam. */
function livingText(units: readonly UnitSnapshot[], seam: number | undefined): string {
  const count = (side: string, from = -Infinity, to = Infinity): number =>
    units.filter((unit) => unit.side === side && unit.alive && unit.x >= from && unit.x < to).length;
  if (seam === undefined) return `: ${count("ally")} of our team and ${count("enemy")} enemies are left`;
  const left = `${count("ally", -Infinity, seam)} of our team, ${count("enemy", -Infinity, seam)} enemies`;
  return `; alive on the left: ${left}; on the right: ${count("ally", seam)} and ${count("enemy", seam)}`;
}

/** Draws the line between two battles that are shown side by side. */
function seamLine(x: number): object {
  const line = { color: INK, width: 1, dash: "dot" };
  return { type: "line", xref: "x", yref: "paper", x0: x, x1: x, y0: 0, y1: 1, line };
}

/** The number of each unit among those of its side, from 1. [units] */
export function unitNumbers(units: readonly UnitSnapshot[]): number[] {
  return units.map(({ side }, i) => units.slice(0, i + 1).filter((other) => other.side === side).length);
}

/**
 * Returns the part of the map that a battle uses, with a margin, at most 2.4 times as wide as high, as [left, bottom,
 * width, height] in cells.
 */
export function battleView(frames: readonly EnvironmentSnapshot[]): [number, number, number, number] {
  const units = frames.flatMap((frame) => frame.units.filter((unit) => unit.alive));
  if (units.length === 0) return [0, 0, frames[0].width || 16, frames[0].height || 4];
  const margin = 2;
  let left = Math.min(...units.map((u) => u.x - u.radius)) - margin,
    right = Math.max(...units.map((u) => u.x + u.radius)) + margin;
  let bottom = Math.min(...units.map((u) => u.y - u.radius)) - margin,
    top = Math.max(...units.map((u) => u.y + u.radius)) + margin;
  const grow = (low: number, high: number, size: number): [number, number] =>
    high - low >= size ? [low, high] : [(low + high - size) / 2, (low + high + size) / 2];
  [bottom, top] = grow(bottom, top, (right - left) / 2.4);
  [left, right] = grow(left, right, (top - bottom) * 1.2);
  return [left, bottom, right - left, top - bottom].map((v) => Number(v.toFixed(2))) as [
    number,
    number,
    number,
    number,
  ];
}

/** Draws the cells that cannot be walked on, behind everything else. */
function cliffs({ width, height, terrain }: EnvironmentSnapshot): Trace {
  const cells = Uint8Array.from(terrain, (cell) => (cell === "#" ? 1 : 0));
  return {
    type: "heatmap",
    z: byteMatrix(cells, height, width),
    x0: 0.5,
    dx: 1,
    y0: 0.5,
    dy: 1,
    zmin: 0,
    zmax: 1,
    colorscale: [
      [0, CLEAR],
      [1, translucent(CLIFF.colour, CLIFF.opacity)],
    ],
    zsmooth: false,
    showscale: false,
    hoverinfo: "skip",
  };
}
