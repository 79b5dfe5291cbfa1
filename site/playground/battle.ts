import type { EnvironmentSnapshot, UnitSnapshot } from "mast-lab/core";
import { shapeCorners, unitShapes } from "../../src/figures/unit-shapes.js";
import type { Lens, View } from "./lens.js";
import type { Battle } from "./messages.js";

/** Environment steps that are shown in a second, which is about twice as fast as the game. */
const SPEED = 5;
/** Seconds for which the end of a battle stays. */
const REST = 1.4;

export interface BattleView {
  /** Shows a battle as soon as the one before has ended, or at once if there is none. */
  show(battle: Battle): void;
  /** Starts or stops playing in a loop. */
  play(on: boolean): void;
  readonly playing: boolean;
  /** Removes what it shows. */
  clear(): void;
}

/**
 * Plays a battle again and again on a canvas.
 *
 * @param lens what is seen of it
 * @param onShow is told which battle is shown
 */
export function battleIn(
  canvas: HTMLCanvasElement,
  lens: Lens,
  onShow: (battle: Battle | undefined) => void,
): BattleView {
  let shown: Battle | undefined;
  let next: Battle | undefined;
  let time = 0;
  let before: number | undefined;
  let playing = !matchMedia("(prefers-reduced-motion: reduce)").matches;

  function frame(now: number): void {
    requestAnimationFrame(frame);
    const passed = before === undefined ? 0 : Math.min(0.1, (now - before) / 1000);
    before = now;
    if (shown === undefined) return;
    const end = shown.frames.length - 1;
    if (playing) {
      time += passed * SPEED;
      if (time > end + REST * SPEED) begin(next ?? shown);
    }
    draw(canvas, lens, shown, Math.min(time, end));
  }
  function begin(battle: Battle): void {
    const changed = battle !== shown;
    shown = battle;
    next = undefined;
    time = 0;
    if (changed) onShow(battle);
  }
  requestAnimationFrame(frame);

  return {
    show(battle) {
      if (shown === undefined || shown.seed !== battle.seed || !playing) {
        begin(battle);
        // People who have asked for less motion see how the battle ended.
        if (!playing) time = battle.frames.length - 1;
      } else next = battle;
    },
    play(on) {
      playing = on;
    },
    get playing() {
      return playing;
    },
    clear() {
      shown = next = undefined;
      canvas.getContext("2d")!.clearRect(0, 0, canvas.width, canvas.height);
      onShow(undefined);
    },
  };
}

/**
 * Returns the part of the map that a battle uses, as [left, bottom, width, height] in cells, at least as wide as
 * `shape` times its height.
 */
function viewOf(frames: readonly EnvironmentSnapshot[], shape: number): View {
  const units = frames.flatMap(({ units }) => units.filter(({ alive }) => alive));
  const bounds = (low: number, high: number, least: number): [number, number] => {
    const more = Math.max(0, least - (high - low)) / 2;
    return [low - more, high + more];
  };
  const margin = 1.5;
  let [left, right] = bounds(
    Math.min(...units.map((u) => u.x - u.radius)) - margin,
    Math.max(...units.map((u) => u.x + u.radius)) + margin,
    10,
  );
  const [low, high] = bounds(
    Math.min(...units.map((u) => u.y - u.radius)) - margin,
    Math.max(...units.map((u) => u.y + u.radius)) + margin,
    (right - left) / shape,
  );
  [left, right] = bounds(left, right, (high - low) * shape);
  return [left, low, right - left, high - low];
}

const views = new WeakMap<Battle, View>();

function draw(canvas: HTMLCanvasElement, lens: Lens, battle: Battle, time: number): void {
  const ratio = devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (width === 0 || height === 0) return;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    views.delete(battle);
  }
  const pen = canvas.getContext("2d")!;
  const style = getComputedStyle(canvas);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.fillStyle = colour("--ground");
  pen.fillRect(0, 0, width, height);

  const t = Math.floor(time);
  const [now, next] = [battle.frames[t], battle.frames[Math.min(t + 1, battle.frames.length - 1)]];
  if (now.units.length === 0) return write(pen, battle, t, width, height, colour("--ink"));
  let whole = views.get(battle);
  if (whole === undefined) views.set(battle, (whole = viewOf(battle.frames, width / height)));
  const [left, bottom, cells] = lens.on(whole);
  const scale = width / cells;
  const share = time - t;
  const place = (i: number): [number, number] => {
    const [a, b] = [now.units[i], next.units[i]];
    return [(a.x + share * (b.x - a.x) - left) * scale, height - (a.y + share * (b.y - a.y) - bottom) * scale];
  };

  pen.fillStyle = colour("--cliff");
  for (let y = 0; y < now.height; y++)
    for (let x = 0; x < now.width; x++)
      if (now.terrain[y * now.width + x] === "#")
        pen.fillRect((x - left) * scale - 0.3, height - (y + 1 - bottom) * scale - 0.3, scale + 0.6, scale + 0.6);

  const sides = { ally: colour("--ally"), enemy: colour("--enemy") };
  // Shots of a step fade while it is played.
  next.units.forEach((unit, i) => {
    const target = unit.target;
    if (share === 0 || target < 0 || !now.units[i].alive || !now.units[target]) return;
    const [ax, ay] = place(i);
    const [bx, by] = place(target);
    const heals = unit.side === next.units[target].side;
    pen.globalAlpha = 1 - 0.75 * share;
    pen.strokeStyle = heals ? colour("--good") : sides[unit.side];
    pen.lineWidth = 1.6;
    pen.setLineDash(unit.side === "enemy" ? [5, 3] : []);
    pen.beginPath();
    pen.moveTo(ax, ay);
    pen.lineTo(bx, by);
    pen.stroke();
    pen.setLineDash([]);
    pen.globalAlpha = 1;
  });
  const shapes = unitShapes(now.units.map(({ type }) => type));
  now.units.forEach((unit, i) => {
    const [x, y] = place(i);
    const size = Math.max(6, unit.radius * scale * 0.85);
    pen.strokeStyle = pen.fillStyle = sides[unit.side];
    if (!unit.alive) {
      pen.globalAlpha = 0.35;
      pen.lineWidth = 1.5;
      pen.beginPath();
      for (const slope of [1, -1]) {
        pen.moveTo(x - size / 2, y - (slope * size) / 2);
        pen.lineTo(x + size / 2, y + (slope * size) / 2);
      }
      pen.stroke();
      pen.globalAlpha = 1;
      return;
    }
    outline(pen, unit, shapeCorners(shapes.get(unit.type) ?? "circle"), x, y, size);
    pen.fill();
    ring(pen, x, y, size, unit, colour("--paper"), sides[unit.side], colour("--shield"));
  });
}

/** Draws the shape of the unit's type as in replays. Enemies are upside down. */
function outline(
  pen: CanvasRenderingContext2D,
  { side }: UnitSnapshot,
  corners: readonly (readonly [x: number, y: number])[],
  x: number,
  y: number,
  size: number,
): void {
  pen.beginPath();
  if (corners.length === 0) return pen.arc(x, y, size * 0.8, 0, 2 * Math.PI);
  const [turn, radius] = [side === "ally" ? 1 : -1, 0.7 * size];
  for (const [u, v] of corners) pen.lineTo(x + turn * radius * u, y - turn * radius * v);
  pen.closePath();
}

/** Draws the health that is left as a ring around a unit, and its shield as a ring around that. */
function ring(
  pen: CanvasRenderingContext2D,
  x: number,
  y: number,
  size: number,
  { health, maxHealth, shield, maxShield }: UnitSnapshot,
  paper: string,
  ink: string,
  shieldInk: string,
): void {
  const arc = (radius: number, share: number, colour: string, width: number) => {
    if (share <= 0) return;
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.beginPath();
    pen.arc(x, y, radius, -Math.PI / 2, -Math.PI / 2 + 2 * Math.PI * share);
    pen.stroke();
  };
  arc(size + 2.5, 1, paper, 3);
  arc(size + 2.5, health / maxHealth, ink, 2.5);
  if (maxShield > 0) arc(size + 5.5, shield / maxShield, shieldInk, 2);
}

/** Writes the state of games without units in words. */
function write(
  pen: CanvasRenderingContext2D,
  { frames }: Battle,
  t: number,
  width: number,
  height: number,
  ink: string,
): void {
  pen.fillStyle = ink;
  pen.font = "15px ui-monospace, Menlo, Consolas, monospace";
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  const lines = frames.slice(0, t + 1).map(({ text }) => text);
  lines.forEach((line, i) => {
    pen.globalAlpha = i === lines.length - 1 ? 1 : 0.5;
    pen.fillText(line, width / 2, height / 2 + (i - (lines.length - 1) / 2) * 26, width - 16);
  });
  pen.globalAlpha = 1;
}
