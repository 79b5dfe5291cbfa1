import { LabError } from "../errors.js";
import type { EnvironmentSnapshot, UnitSnapshot } from "../envs/environment.js";
import { FRAME_WIDTH, showPage } from "./notebook.js";
import type { EpisodeRecording } from "../figures/recording.js";
import { AGENT_COLOURS, BODY_COLOUR, bodyBounds, cameraFor } from "../figures/bodies.js";
import { scriptJson } from "../figures/plain.js";
import { PLAYER_SCRIPT, PLAYER_STYLE } from "./replay-player.js";
import { replaceFile } from "../runs/disk.js";
import { escapeHtml } from "../figures/table.js";
import { SIDE_COLOURS } from "../figures/theme.js";

/** Settings of `showReplay` and of the page on which a replay is played. */
export interface ReplayOptions {
  /** Default: environment, length and who won. */
  readonly title?: string;
  /**
   * Environment steps a second at speed 1. Default: 4 for battles, about twice as fast as the game, so that they take
   * seconds, and 40 for simulated bodies, a little slower than life.
   */
  readonly stepsPerSecond?: number;
  /** Starts playing when the page is opened. Default: false. */
  readonly autoplay?: boolean;
  /** Names of actions by index; default: SMAC's (no-op, stop, the four moves, then one attack or heal a unit). */
  readonly actionNames?: readonly string[];
}

/**
  // Of what is not drawn: the line of text, and the table of its steps.
  const table = 110 + Math.min(320, 24 * (recording.actions.length + 1));
  const bodies = recording.frames[0].shapes?.length ? (FRAME_WIDTH - 24) / 2 : table;
  const map = recording.frames[0].units.length === 0 ? bodies : ((FRAME_WIDTH - 24) * height) / width;
  // Title, reward track and controls, and three agents a line; an action of several numbers has a line of its own.
  const { actions, numbers } = recording;
  const named = actions[0]?.length ?? 0;
  const around = 165 + 18 * Math.ceil(named / (numbers ?? 3));
 *
 * @throws {Error} when there are no frames, or not one reward and joint action for each step.
 * @example
 * writeFileSync("figures/battle.html", battleReplay(recordEpisode(env, policy, 1)));
 */
export function battleReplay(recording: EpisodeRecording, options: ReplayOptions = {}): string {
  const { frames, rewards, actions } = recording;
  if (frames.length === 0) throw new LabError("a replay needs at least one frame; recordEpisode gives them");
  if (rewards.length !== frames.length - 1 || actions.length !== frames.length - 1) {
    throw new LabError(
      `a replay of ${frames.length} frames needs ${frames.length - 1} rewards and joint actions; given ${rewards.length} and ${actions.length}`,
    );
  }
  const shapes = frames[0].shapes ?? [];
  const data = {
    title: options.title ?? replayTitle(recording),
    speed: options.stepsPerSecond ?? (shapes.length > 0 ? 40 : 4),
    autoplay: options.autoplay ?? false,
    won: recording.won,
    colours: SIDE_COLOURS,
    view: viewBox(frames),
    terrain: { width: frames[0].width, height: frames[0].height, cells: frames[0].terrain },
    units: frames[0].units.map(({ side, type, radius, maxHealth, maxShield }) => ({
      side,
      type,
      radius,
      maxHealth,
      maxShield,
    })),
    ...(shapes.length > 0 && { bodies: bodiesOf(frames) }),
    frames: frames.map((frame) => ({
      text: frame.units.length === 0 ? frame.text : "",
      units: frame.units.map(compact),
      ...(frame.shapes && { shapes: frame.shapes.flatMap(({ from, to }) => [...from, ...to].map(millimetres)) }),
    })),
    rewards: rewards.map((r) => Number(r.toFixed(6))),
    actions: actions.map((joint) =>
      recording.numbers === undefined
        ? joint.map((action, agent) => actionName(action, agent, recording, options.actionNames))
        : groups(joint, recording.numbers).map((numbers) => numbers.map((number) => number.toFixed(2)).join("  ")),
    ),
  };
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(data.title)}</title>
<style>${PLAYER_STYLE}</style>
</head>
<body>
<script type="application/json" id="replay">${scriptJson(data)}</script>
<script>${PLAYER_SCRIPT}</script>
</body>
</html>
`;
}

/** How simulated bodies are drawn: by whom, from where, and how large. */
function bodiesOf(frames: readonly EnvironmentSnapshot[]) {
  const camera = cameraFor(frames);
  const [left, right, bottom, top] = bodyBounds(frames, camera, 2);
  return {
    camera,
    view: [left, right, bottom, top].map(millimetres),
    solids: frames[0].shapes!.map(({ radius, agent }) => ({
      radius,
      colour: agent < 0 ? BODY_COLOUR : AGENT_COLOURS[agent % AGENT_COLOURS.length],
    })),
  };
}

const millimetres = (metres: number): number => Number(metres.toFixed(3));

function groups(values: readonly number[], size: number): number[][] {
  return Array.from({ length: values.length / size }, (_, i) => values.slice(i * size, (i + 1) * size));
}

/** One line about a recorded episode: "3m, seed 7: won after 24 steps, return 20.0". */
export function replayTitle({ environment, seed, rewards, won, frames }: EpisodeRecording): string {
  const total = rewards.reduce((a, b) => a + b, 0);
  const result = won ? "won" : frames[0].units.length === 0 ? "ended" : "not won";
  return `${environment}, seed ${seed}: ${result} after ${rewards.length} steps, return ${total.toFixed(1)}`;
}

/** Shows a replay below the cell; in a terminal it prints the title. */
export function showReplay(recording: EpisodeRecording, options: ReplayOptions = {}): void {
  const [, , width, height] = viewBox(recording.frames);
  // Of what is not drawn: the line of text, and the table of its steps.
  const table = 110 + Math.min(320, 24 * (recording.actions.length + 1));
  const bodies = recording.frames[0].shapes?.length ? (FRAME_WIDTH - 24) / 2 : table;
  const map = recording.frames[0].units.length === 0 ? bodies : ((FRAME_WIDTH - 24) * height) / width;
  // Title, reward track and controls, and three agents a line; an action of several numbers has a line of its own.
  const { actions, numbers } = recording;
  const named = actions[0]?.length ?? 0;
  const around = 165 + 18 * Math.ceil(named / (numbers ?? 3));
  showPage(battleReplay(recording, options), {
    height: Math.round(map) + around,
    summary: options.title ?? replayTitle(recording),
  });
}

/** Writes a replay as one HTML file that needs nothing else. */
export function saveReplay(recording: EpisodeRecording, path: string, options: ReplayOptions = {}): void {
  replaceFile(path, battleReplay(recording, options));
}

/** x, y, health, shield, index of the target: what changes; 0.01 cells are less than a pixel. */
function compact(unit: UnitSnapshot): number[] {
  const health = unit.alive ? Math.max(0.1, Number(unit.health.toFixed(1))) : 0;
  return [Number(unit.x.toFixed(2)), Number(unit.y.toFixed(2)), health, Number(unit.shield.toFixed(1)), unit.target];
}

/**
 * The part of the map that the battle uses, with a margin, at most 2.4 times as wide as high. [left, bottom, width,
 * height] in cells
 */
function viewBox(frames: readonly EnvironmentSnapshot[]): [number, number, number, number] {
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

/** SMAC's actions in words, as an agent of `recording` sees them. */
function actionName(action: number, agent: number, { frames }: EpisodeRecording, names?: readonly string[]): string {
  if (names !== undefined) return names[action] ?? `action ${action}`;
  const units = frames[0].units;
  if (units.length === 0) return `action ${action}`;
  const moves = ["dead", "stop", "north", "south", "east", "west"];
  if (action < moves.length) return moves[action];
  const heals = units[agent]?.type.toLowerCase() === "medivac";
  const target = units.filter((unit) => unit.side === (heals ? "ally" : "enemy"))[action - moves.length];
  return `${heals ? "heal" : "attack"} ${target?.type ?? ""} ${action - moves.length + 1}`;
}
