import { LANES } from "../../replay/group.js";
import type { NetworkSide } from "../engine.js";
import type { FeedForward } from "../transition-engine.js";
import { type Layer, STRIPS } from "./layer.js";
import { type Memory, ROW, skewed } from "./memory.js";
import { CHUNK, sideNumber } from "./mixer.js";

/**
 * A feed-forward network that can be given its inputs in the kernels' own layout: tiles of 16 rows, in which input i of
 * a tile's row r is number 16 i + r.
 */
export interface TiledFeedForward extends FeedForward<true> {
  /**
   * Does what `forward` does with inputs that `lay` writes.
   *
   * @param rows number of rows
   * @param lay writes all tiles; tile k begins at number k * stride
   */
  forwardTiles(
    side: NetworkSide,
    rows: number,
    lay: (tiles: Float32Array, stride: number) => void,
    keep?: boolean,
  ): Float32Array;
  /**
   * Does what `backward` does. `read` is given dL/dinputs in tiles.
   *
   * @param gradient dL/doutputs, [rows, outputs]
   */
  backwardTiles(
    gradient: Float32Array,
    options: { readonly adds?: boolean },
    read: (tiles: Float32Array, stride: number) => void,
  ): void;
}

/** A network of two hidden layers. A tanh follows the last layer of a policy. */
export function createFeedForward(
  memory: Memory,
  [first, second, third]: readonly Layer[],
  kind: "action-value" | "policy",
): TiledFeedForward {
  const { kernels } = memory;
  const [input, hidden, output] = [first.columns, first.rows, third.rows];
  const inputStride = skewed(input) * ROW;
  const outputStride = skewed(output) * ROW;
  const secondAt = hidden * ROW;
  const stride = skewed(2 * hidden) * ROW;
  const numbers = memory.record([
    "first",
    "second",
    "third",
    "inputs",
    "inputStride",
    "kept",
    "passing",
    "stride",
    "secondAt",
    "outputs",
    "outputStride",
    "gradients",
    "inputGradients",
    "squashes",
    "vectors",
    "tiles",
  ]);
  numbers.set({
    first: first.at,
    second: second.at,
    third: third.at,
    inputStride,
    outputStride,
    secondAt,
    stride,
    squashes: kind === "policy" ? 1 : 0,
    passing: memory.allocate(STRIPS * CHUNK * stride),
  });

  /**
   * Makes room for the tiles in use. Passes that keep their values have tiles of their own, so that other passes may
   * come between a pass and its backward pass.
   */
  function createRoom() {
    let capacity = 0;
    const at = { inputs: 0, outputs: 0, vectors: 0 };
    return {
      at,
      reserve(tiles: number): void {
        if (tiles <= capacity) return;
        capacity = Math.max(tiles, Math.ceil(1.5 * capacity));
        at.inputs = memory.allocate(capacity * inputStride);
        at.outputs = memory.allocate(capacity * outputStride);
        at.vectors = memory.allocate(capacity);
      },
      capacity: () => capacity,
    };
  }
  const keeping = createRoom();
  const passing = createRoom();
  let gradients = 0;
  let inputGradients = 0;
  let kept = 0;
  let keptTiles = 0;
  let keptRows = 0;
  let results = new Float32Array(0);

  const tilesOf = (rows: number) => Math.ceil(rows / LANES);
  /**
   * Copies [rows, width] into tiles, of which each begins `stride` numbers after the one before. Lanes without a row
   * are zero.
   */
  function toTiles(values: Float32Array, width: number, to: Float32Array, stride: number): void {
    const rows = values.length / width;
    for (let row = 0; row < rows; row++) {
      let at = (row >> 4) * stride + (row & 15);
      for (let i = row * width; i < (row + 1) * width; i++, at += LANES) to[at] = values[i];
    }
    for (let row = rows; row < tilesOf(rows) * LANES; row++) {
      let at = (row >> 4) * stride + (row & 15);
      for (let i = 0; i < width; i++, at += LANES) to[at] = 0;
    }
  }
  function fromTiles(address: number, tileStride: number, width: number, rows: number): Float32Array {
    if (results.length < rows * width) results = new Float32Array(rows * width);
    const from = memory.floats(address, (tilesOf(rows) * tileStride) / 4);
    for (let row = 0; row < rows; row++) {
      let at = (row >> 4) * (tileStride / 4) + (row & 15);
      for (let i = row * width; i < (row + 1) * width; i++, at += LANES) results[i] = from[at];
    }
    return results.subarray(0, rows * width);
  }
  function choose({ at }: ReturnType<typeof createRoom>, tiles: number, keeps: boolean): void {
    numbers.set({ inputs: at.inputs, outputs: at.outputs, vectors: at.vectors, tiles });
    if (keeps) numbers.set({ kept, gradients, inputGradients });
  }

  const tiled = (address: number, tileStride: number, tiles: number) =>
    memory.floats(address, (tiles * tileStride) / 4);

  function forwardTiles(
    side: NetworkSide,
    rows: number,
    lay: (tiles: Float32Array, stride: number) => void,
    keep = false,
  ): Float32Array {
    const tiles = tilesOf(rows);
    const room = keep ? keeping : passing;
    const before = room.capacity();
    room.reserve(tiles);
    if (keep && room.capacity() > before) {
      gradients = memory.allocate(room.capacity() * outputStride);
      inputGradients = memory.allocate(room.capacity() * inputStride);
      kept = memory.allocate(room.capacity() * stride);
    }
    lay(tiled(room.at.inputs, inputStride, tiles), inputStride / 4);
    memory
      .bytes(room.at.vectors, tiles)
      .set(Uint8Array.from({ length: tiles }, (_, t) => (Math.min(LANES, rows - t * LANES) + 3) >> 2));
    choose(room, tiles, keep);
    kernels.feedForward(numbers.at, sideNumber(side), keep ? 1 : 0);
    if (keep) [keptTiles, keptRows] = [tiles, rows];
    return fromTiles(room.at.outputs, outputStride, output, rows);
  }
  function runBack(gradient: Float32Array, adds: boolean, through: boolean): void {
    toTiles(gradient, output, tiled(gradients, outputStride, keptTiles), outputStride / 4);
    choose(keeping, keptTiles, true);
    kernels.feedBackward(numbers.at, adds ? 1 : 0, through ? 1 : 0);
  }

  return {
    forwardTiles,
    forward: (side, inputs, keep) =>
      forwardTiles(side, inputs.length / input, (tiles, stride) => toTiles(inputs, input, tiles, stride), keep),
    backward(gradient, { adds = true, through = false } = {}) {
      runBack(gradient, adds, through);
      return through ? fromTiles(inputGradients, inputStride, input, keptRows) : undefined;
    },
    backwardTiles(gradient, { adds = true }, read) {
      runBack(gradient, adds, true);
      read(tiled(inputGradients, inputStride, keptTiles), inputStride / 4);
    },
  };
}
