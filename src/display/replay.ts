import { LabError } from "../errors.js";
import type { EnvironmentSnapshot, UnitSnapshot } from "../envs/environment.js";
import { PICTURE_HEIGHT, showPage } from "./notebook.js";
import { replayTitle, type EpisodeRecording } from "../figures/recording.js";
import { battleFigure, battleView, CLIFF } from "../figures/battle.js";
import { AGENT_COLOURS, BODY_COLOUR, bodyBounds, bodyFigure, cameraFor } from "../figures/bodies.js";
import { scriptJson } from "../figures/plain.js";
import { PLAYER_SCRIPT, PLAYER_STYLE } from "./replay-player.js";
import { replaceFile } from "../runs/disk.js";
import { escapeHtml } from "../figures/table.js";
import { SIDE_COLOURS } from "../figures/theme.js";
import { shapeCorners, unitShapes } from "../figures/unit-shapes.js";

/** Settings of `showReplay` and of the page that plays a replay. */
export interface ReplayOptions {
  /** Default: environment, length and who won. */
  readonly title?: string;
  /**
   * Environment steps a second at speed 1. Default: 4 for battles, about twice as fast as the game, so that they take
   * seconds, and 40 for simulated bodies, a little slower than life.
   */
  readonly stepsPerSecond?: number;
  /** Whether the replay starts when the page is opened. Default: false. */
  readonly autoplay?: boolean;
  /**
   * Names of actions by index. Default: those of SMAC (no-op, stop, the four moves, then one attack or heal for each
   * unit).
   */
  readonly actionNames?: readonly string[];
}

/**
 * Returns a web page that plays an episode: a battle, simulated bodies, or a table of the steps if there is nothing to
 * draw. It needs no network.
 *
 * @throws {Error} when there are no frames, or not exactly one reward and one joint action for each step
 * @example
 * writeFileSync("figures/battle.html", battleReplay(recordEpisode(env, policy, 1)));
 */
export function battleReplay(recording: EpisodeRecording, options: ReplayOptions = {}): string {
  const { frames, rewards, actions } = recording;
  if (frames.length === 0)
    throw new LabError("A replay needs at least one frame. recordEpisode returns a recording with frames.");
  if (rewards.length !== frames.length - 1 || actions.length !== frames.length - 1) {
    throw new LabError(
      `A replay of ${frames.length} frames needs ${frames.length - 1} rewards and joint actions, but there are ${rewards.length} and ${actions.length}.`,
    );
  }
  const shapes = frames[0].shapes ?? [];
  const ofType = unitShapes(frames[0].units.map(({ type }) => type));
  const data = {
    title: options.title ?? replayTitle(recording),
    speed: options.stepsPerSecond ?? (shapes.length > 0 ? 40 : 4),
    autoplay: options.autoplay ?? false,
    won: recording.won,
    colours: SIDE_COLOURS,
    view: battleView(frames),
    terrain: { width: frames[0].width, height: frames[0].height, cells: frames[0].terrain },
    cliff: CLIFF,
    units: frames[0].units.map(({ side, type, radius, maxHealth, maxShield, range, sight }) => ({
      side,
      type,
      radius,
      maxHealth,
      maxShield,
      range,
      sight,
      corners: shapeCorners(ofType.get(type) ?? "circle"),
    })),
    ...(shapes.length > 0 && { bodies: bodiesOf(frames) }),
    frames: frames.map((frame) => ({
      text: frame.units.length === 0 ? frame.text : "",
      units: frame.units.map(compact),
      shapes: frame.shapes?.flatMap(({ from, to }) => [...from, ...to].map(millimetres)),
    })),
    rewards: rewards.map((r) => Number(r.toFixed(6))),
    actions: actions.map((joint) =>
      recording.numbers === undefined
        ? joint.map((action, agent) => actionName(action, agent, recording, options.actionNames))
        : groups(joint, recording.numbers).map((numbers) => numbers.map((number) => number.toFixed(2)).join("  ")),
    ),
  };
  return replayPage(data);
}

/** Returns the page that plays an episode, from the JSON that `battleReplay` makes of it. */
export function replayPage(data: { readonly title: string }): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(data.title)}</title>
<style>:root { --high: ${PICTURE_HEIGHT}px }${PLAYER_STYLE}</style>
</head>
<body>
<script type="application/json" id="replay">${scriptJson(data)}</script>
<script>${PLAYER_SCRIPT}</script>
</body>
</html>
`;
}

/** Returns how simulated bodies are drawn: in whose colours, from where, and how large. */
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

/**
 * Shows a replay below the cell; in a terminal it prints the title. The replay appears at once. If the call is awaited,
 * a picture of one moment is kept with it, for viewers that run no scripts, such as GitHub.
 *
 * @example await showReplay(recordEpisode(createEnvironment("3m"), scripts.weakestTarget, 1));
 */
export async function showReplay(recording: EpisodeRecording, options: ReplayOptions = {}): Promise<void> {
  const [, , width, height] = battleView(recording.frames);
  // If nothing is drawn, the page has the line of text and the table of steps.
  const table = 110 + Math.min(320, 24 * (recording.actions.length + 1));
  const [units, bodies] = [recording.frames[0].units.length > 0, Boolean(recording.frames[0].shapes?.length)];
  // Heights in a cell of 600 pixels: title, legend, reward track, controls and keys in two rows each, and two agents a
  // line. An action of several numbers has a line of its own.
  const { actions, numbers } = recording;
  const named = actions[0]?.length ?? 0;
  const kinds = new Set(recording.frames[0].units.map(({ side, type }) => `${side} ${type}`)).size;
  const around = 240 + 22 * Math.ceil(kinds / 4) + 20 * Math.ceil(named / (numbers ?? 2));
  const title = options.title ?? replayTitle(recording);
  await showPage(battleReplay(recording, options), {
    height: around + (units || bodies ? 0 : table),
    ...(units ? { picture: height / width } : bodies ? { picture: 0.5 } : {}),
    summary: title,
    ...(units
      ? { still: () => battleFigure(recording, { title }) }
      : bodies
        ? { still: () => bodyFigure(recording, { title }) }
        : {}),
  });
}

/** Writes a replay as one HTML file that needs nothing else. */
export function saveReplay(recording: EpisodeRecording, path: string, options: ReplayOptions = {}): void {
  replaceFile(path, battleReplay(recording, options));
}

/**
 * Returns the changing values of a unit: x, y, health, shield and index of the target. It is rounded to 0.01 cells,
 * which is less than a pixel.
 */
function compact(unit: UnitSnapshot): number[] {
  const health = unit.alive ? Math.max(0.1, Number(unit.health.toFixed(1))) : 0;
  return [Number(unit.x.toFixed(2)), Number(unit.y.toFixed(2)), health, Number(unit.shield.toFixed(1)), unit.target];
}

/** Returns the words for one of SMAC's actions, as an agent of `recording` sees it. */
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
