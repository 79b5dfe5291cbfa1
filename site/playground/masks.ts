import type { InputGroup, Layer, Topology } from "./messages.js";

/** The masks of a run at one moment, with eight entries in a byte. */
export interface MaskMoment {
  readonly step: number;
  readonly evolution: number;
  readonly bits: ReadonlyMap<string, Uint8Array>;
}

export function compress({ step, evolution, masks }: Topology): MaskMoment {
  const bits = new Map<string, Uint8Array>();
  masks.forEach((mask, name) => {
    const packed = new Uint8Array(Math.ceil(mask.length / 8));
    mask.forEach((entry, i) => {
      if (entry !== 0) packed[i >> 3] |= 1 << (i & 7);
    });
    bits.set(name, packed);
  });
  return { step, evolution, bits };
}

const has = (bits: Uint8Array, i: number) => ((bits[i >> 3] >> (i & 7)) & 1) === 1;

export interface MaskFacts {
  readonly connections: number;
  readonly size: number;
  /** Share of the connections of the beginning that still exist, 0..1. */
  readonly kept: number;
  /** Connections that grew in the last evolution. */
  readonly grown: number;
}

/** Returns counts in one layer at one of the moments. */
export function factsOf(moments: readonly MaskMoment[], at: number, { name, outputs, inputs }: Layer): MaskFacts {
  const [first, before, now] = [moments[0], moments[Math.max(0, at - 1)], moments[at]].map(({ bits }) =>
    bits.get(name)!,
  );
  let connections = 0;
  let kept = 0;
  let grown = 0;
  const size = outputs * inputs;
  for (let i = 0; i < size; i++) {
    if (!has(now, i)) continue;
    connections++;
    if (has(first, i)) kept++;
    if (!has(before, i)) grown++;
  }
  return { connections, size, kept: connections === 0 ? 1 : kept / connections, grown };
}

/** Returns the connections of each group of inputs, as a share of those that a dense layer has. */
export function sharesOf(
  { bits }: MaskMoment,
  { name, outputs, inputs }: Layer,
  groups: readonly InputGroup[],
): number[] {
  const mask = bits.get(name)!;
  return groups.map(({ start, length }) => {
    let count = 0;
    for (let row = 0; row < outputs; row++)
      for (let column = start; column < start + length; column++) if (has(mask, row * inputs + column)) count++;
    return count / (outputs * length);
  });
}

/**
 * Draws the mask of a layer: row i is output i from the top, column j is input j, as in the paper's Figure 11. What
 * grew in the last evolution is bright, what was dropped is left as a shadow.
 */
export function drawMask(canvas: HTMLCanvasElement, moments: readonly MaskMoment[], at: number, layer: Layer): void {
  const { name, outputs, inputs } = layer;
  const style = getComputedStyle(canvas);
  const colour = (property: string) => style.getPropertyValue(property).trim();
  const ratio = devicePixelRatio || 1;
  const room = canvas.parentElement!.clientWidth * ratio;
  // Tall matrices get smaller squares. Turning them on their side would give another picture than the paper's.
  const most = outputs > 100 ? 3 : 6;
  const cell = Math.max(1, Math.min(Math.floor(room / inputs), Math.round(most * ratio)));
  canvas.width = inputs * cell;
  canvas.height = outputs * cell;
  canvas.style.width = `${canvas.width / ratio}px`;
  canvas.style.height = `${canvas.height / ratio}px`;
  const pen = canvas.getContext("2d")!;
  pen.fillStyle = colour("--no-connection");
  pen.fillRect(0, 0, canvas.width, canvas.height);
  const now = moments[at]?.bits.get(name);
  if (now === undefined) return;
  const before = moments[Math.max(0, at - 1)].bits.get(name)!;
  const inks = { kept: colour("--connection"), grown: colour("--grown"), dropped: colour("--dropped") };
  const gap = cell >= 4 ? 1 : 0;
  for (let row = 0; row < outputs; row++)
    for (let column = 0; column < inputs; column++) {
      const i = row * inputs + column;
      const [is, was] = [has(now, i), has(before, i)];
      if (!is && !was) continue;
      pen.fillStyle = is ? (was ? inks.kept : inks.grown) : inks.dropped;
      pen.fillRect(column * cell, row * cell, cell - gap, cell - gap);
    }
}
