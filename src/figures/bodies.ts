import { LabError } from "../errors.js";
import type { EnvironmentSnapshot, ShapeSnapshot } from "../envs/environment.js";
import type { Figure, Trace } from "./figure.js";
import type { EpisodeRecording } from "./recording.js";
import { round } from "./figure.js";
import { FAINT, layout } from "./theme.js";

type Vector = readonly [x: number, y: number, z: number];

/**
 * A parallel projection, given by the directions in space that point to the right, up, and towards the eye. Each has
 * length 1.
 */
export interface Camera {
  readonly right: Vector;
  readonly up: Vector;
  readonly towards: Vector;
}

/**
 * Looks along the y axis, to which x goes from left to right.
 *
 * @param elevation degrees above the ground
 * @param turn degrees by which the eye moves round to the right
 */
export function lookAlong(elevation: number, turn: number): Camera {
  const [e, t] = [elevation, turn].map((degrees) => (degrees * Math.PI) / 180) as [number, number];
  return {
    right: [Math.cos(t), Math.sin(t), 0],
    up: [-Math.sin(e) * Math.sin(t), Math.sin(e) * Math.cos(t), Math.cos(e)],
    towards: [Math.cos(e) * Math.sin(t), -Math.cos(e) * Math.cos(t), Math.sin(e)],
  };
}

/** Returns the camera for a recording: from above if all bodies stay in a plane, else from the side. */
export function cameraFor(frames: readonly EnvironmentSnapshot[]): Camera {
  const heights = frames.flatMap(({ shapes = [] }) => shapes.flatMap(({ from, to }) => [from[2], to[2]]));
  return Math.max(...heights) - Math.min(...heights) < 0.01 ? lookAlong(60, 0) : lookAlong(12, 25);
}

/** Returns the point that the camera follows: the middle of all solids, on the ground. */
export function middleOf({ shapes = [] }: EnvironmentSnapshot): Vector {
  const mean = (i: 0 | 1) => shapes.reduce((sum, { from, to }) => sum + (from[i] + to[i]) / 2, 0) / shapes.length;
  return [mean(0), mean(1), 0];
}

/** Colours of the agents in turn, from Okabe and Ito's palette. */
export const AGENT_COLOURS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00"];
/** Colour of the parts that no agent moves. */
export const BODY_COLOUR = "#8f8f8f";

/** Settings of `bodyFigure`. */
export interface BodyFigureOptions {
  /** Default: environment, length and return. */
  readonly title?: string;
  /** How many pictures, from the first moment to the last. Default: 6. */
  readonly moments?: number;
}

/** Pixels of one picture. */
const PICTURE = { width: 300, height: 250 };

/**
 * Draws moments of an episode of a simulated body, one picture each, three in a row. A solid has the colour of the
 * agent that moves it; lines on the ground are a metre apart.
 *
 * @param recording of an environment whose snapshots have `shapes`
 * @throws {Error} when they have none
 * @example await showFigure(bodyFigure(recordEpisode(createEnvironment("humanoid"), uniformRandom(1), 1)));
 */
export function bodyFigure(recording: EpisodeRecording, options: BodyFigureOptions = {}): Figure {
  const { frames, rewards, environment } = recording;
  if (!frames[0]?.shapes?.length)
    throw new LabError(`${environment} has no bodies to draw. Use showReplay, which shows what it has.`);
  const count = Math.max(1, Math.min(options.moments ?? 6, frames.length));
  const chosen = Array.from({ length: count }, (_, i) =>
    Math.round((i * (frames.length - 1)) / Math.max(1, count - 1)),
  );
  const camera = cameraFor(frames);
  const shown = chosen.map((t) => frames[t]);
  const seen = shown.map((frame) => project(frame, camera));
  const [left, right, bottom, top] = bodyBounds(shown, camera, PICTURE.width / PICTURE.height);
  const pixels = PICTURE.width / (right - left);

  const columns = Math.min(3, count);
  const rows = Math.ceil(count / columns);
  const gap = 22;
  const [plotWidth, plotHeight] = [columns * PICTURE.width, rows * (PICTURE.height + gap)];
  const axes: Record<string, unknown> = {};
  const titles: Trace[] = [];
  const data: Trace[] = [];
  const named = new Set<number>();
  seen.forEach((moment, k) => {
    const suffix = k === 0 ? "" : String(k + 1);
    const [row, column] = [Math.floor(k / columns), k % columns];
    const high = 1 - (row * (PICTURE.height + gap) + gap) / plotHeight;
    const plain = { showgrid: false, zeroline: false, showticklabels: false, ticks: "", fixedrange: true };
    axes[`xaxis${suffix}`] = {
      ...plain,
      range: [left, right],
      domain: [(column * PICTURE.width + 4) / plotWidth, ((column + 1) * PICTURE.width - 4) / plotWidth],
      anchor: `y${suffix}`,
    };
    axes[`yaxis${suffix}`] = {
      ...plain,
      range: [bottom, top],
      domain: [high - PICTURE.height / plotHeight, high],
      anchor: `x${suffix}`,
    };
    titles.push({
      text: `step ${chosen[k]}`,
      showarrow: false,
      xref: "paper",
      yref: "paper",
      x: (column * PICTURE.width + 8) / plotWidth,
      y: high,
      xanchor: "left",
      yanchor: "bottom",
      font: { size: 13 },
    });
    const onAxes = k === 0 ? {} : { xaxis: `x${suffix}`, yaxis: `y${suffix}` };
    const ground = groundLines(middleOf(frames[chosen[k]]), camera, right - left);
    data.push({
      ...onAxes,
      type: "scatter",
      mode: "lines",
      x: ground.flatMap((line) => [round(line[0]), round(line[2]), null]),
      y: ground.flatMap((line) => [round(line[1]), round(line[3]), null]),
      line: { color: FAINT, width: 1 },
      hoverinfo: "skip",
      showlegend: false,
    });
    for (const { x1, y1, x2, y2, radius, agent } of moment) {
      const first = agent >= 0 && !named.has(agent);
      if (agent >= 0) named.add(agent);
      // The ends of a solid are round, so each gets a circle.
      for (const [colour, wider] of [
        ["#ffffff", 2],
        [agent < 0 ? BODY_COLOUR : AGENT_COLOURS[agent % AGENT_COLOURS.length], 0],
      ] as const) {
        const width = round(2 * radius * pixels + wider, 3);
        data.push({
          ...onAxes,
          type: "scatter",
          mode: "lines+markers",
          x: [round(x1), round(x2)],
          y: [round(y1), round(y2)],
          line: { color: colour, width },
          marker: { color: colour, size: width, opacity: 1 },
          hoverinfo: "skip",
          name: `agent ${agent + 1}`,
          legendrank: agent,
          showlegend: first && wider === 0,
        });
      }
    }
  });
  const total = rewards.reduce((sum, reward) => sum + reward, 0);
  const title = options.title ?? `${environment}: ${rewards.length} steps, return ${total.toFixed(1)}`;
  return {
    data,
    layout: layout(title, {
      width: plotWidth + 20,
      height: plotHeight + 100,
      margin: { l: 10, r: 10, t: 50, b: 50 },
      annotations: titles,
      legend: { orientation: "h", x: 0, y: 0, yanchor: "top", itemsizing: "constant" },
      ...axes,
    }),
    summary: title,
  };
}

/** A solid as the camera sees it, in metres from the middle of the body. */
interface Seen {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
  readonly radius: number;
  readonly agent: number;
}

const along = (direction: Vector, place: Vector, middle: Vector): number =>
  direction.reduce((sum, share, i) => sum + share * (place[i] - middle[i]), 0);

/** Returns every solid, the farthest first. */
function project(frame: EnvironmentSnapshot, { right, up, towards }: Camera): Seen[] {
  const middle = middleOf(frame);
  const depth = ({ from, to }: ShapeSnapshot) => along(towards, from, middle) + along(towards, to, middle);
  return [...frame.shapes!]
    .sort((a, b) => depth(a) - depth(b))
    .map(({ from, to, radius, agent }) => ({
      x1: along(right, from, middle),
      y1: along(up, from, middle),
      x2: along(right, to, middle),
      y2: along(up, to, middle),
      radius,
      agent,
    }));
}

/** Returns lines on the ground around a body, a metre apart, each as [x1, y1, x2, y2]. */
function groundLines(middle: Vector, { right, up }: Camera, size: number): (readonly number[])[] {
  const reach = Math.ceil(1.5 * size);
  const lines: number[][] = [];
  const at = (x: number, y: number): number[] => [along(right, [x, y, 0], middle), along(up, [x, y, 0], middle)];
  for (const i of [0, 1] as const) {
    for (let k = Math.ceil(middle[i] - reach); k <= middle[i] + reach; k++) {
      const [low, high] = [middle[1 - i] - reach, middle[1 - i] + reach];
      lines.push(i === 0 ? [...at(k, low), ...at(k, high)] : [...at(low, k), ...at(high, k)]);
    }
  }
  return lines;
}

/**
 * Returns what a camera that follows the body sees of it over all frames, with a margin, as [left, right, bottom, top]
 * in metres from the middle.
 *
 * @param shape a picture's width over its height
 */
export function bodyBounds(
  frames: readonly EnvironmentSnapshot[],
  camera: Camera,
  shape: number,
): [number, number, number, number] {
  const edges = { left: Infinity, right: -Infinity, bottom: Infinity, top: -Infinity };
  for (const { x1, y1, x2, y2, radius } of frames.flatMap((frame) => project(frame, camera))) {
    edges.left = Math.min(edges.left, x1 - radius, x2 - radius);
    edges.right = Math.max(edges.right, x1 + radius, x2 + radius);
    edges.bottom = Math.min(edges.bottom, y1 - radius, y2 - radius);
    edges.top = Math.max(edges.top, y1 + radius, y2 + radius);
  }
  const margin = 0.15;
  const [x, y] = [(edges.left + edges.right) / 2, (edges.bottom + edges.top) / 2];
  const height = Math.max(edges.top - edges.bottom, (edges.right - edges.left) / shape) + 2 * margin;
  const width = height * shape;
  return [x - width / 2, x + width / 2, y - height / 2, y + height / 2];
}
