import type { NetworkSide } from "../engine.js";
import type { ParameterSpec } from "../parameters.js";
import { createBiases } from "./biases.js";
import { type DenseWeights, createDenseWeights } from "./dense-weights.js";
import { type Memory, skewed } from "./memory.js";
import { type SparseValues, type SparseWeights, createSparseWeights } from "./sparse-weights.js";
import { type Part, type Placement, type Store, consecutive } from "./store.js";
import type { Products, Tiles } from "./weights.js";

/** Above this share of connections the dense kernels are faster. */
const DENSE_ABOVE = 0.6;

/** Some of the network's parameters, kept where their masks make them cheapest. */
export interface Layer {
  readonly names: readonly string[];
  /** Where a parameter of the layer is stored now. */
  store(name: string): Store;
  stores(): readonly Store[];
  mask(name: string): Uint8Array;
  setMask(name: string, mask: Uint8Array): void;
  setDenseGradients(wanted: boolean): void;
}

/** Y = W X + b */
export interface Linear extends Layer {
  forward(side: NetworkSide, relu: boolean, x: Tiles, y: Tiles, tiles: number, vectors: number): void;
  /** dX += W' dY, for the inputs from `first` on: dX begins with that one. */
  backward(dy: Tiles, dx: Tiles, tiles: number, vectors: number, first?: number): void;
  /** dX = W' dY through the ReLU whose output `gate` is. */
  backwardGated(dy: Tiles, dx: Tiles, gate: Tiles, tiles: number, vectors: number): void;
  gradient(dy: Tiles, x: Tiles, tiles: number, vectors: number): void;
}

/** `prefix`.weight and `prefix`.bias; dense until masks say otherwise. */
export function createLinear(memory: Memory, specs: readonly ParameterSpec[], prefix: string): Linear {
  const name = `${prefix}.weight`;
  const [out, columns] = specs.find((spec) => spec.name === name)!.shape;
  const rows = consecutive(out);
  const placement: Placement = { name, columns, rows, inputRow: 0 };
  const biases = createBiases(memory, [{ name: `${prefix}.bias`, rows }], out);
  const weights = createMaskedWeights(memory, [placement], out, biases.sums, ([whole]) => whole);
  return {
    ...layer(biases, weights),
    forward: (side, relu, x, y, tiles, vectors) => weights.current().forward(side, 0, out, biases.at(side), relu, x, y, tiles, vectors),
    backward: (dy, dx, tiles, vectors, first = 0) => weights.current().backward(first, columns - first, dy, dx, tiles, vectors),
    backwardGated: (dy, dx, gate, tiles, vectors) => weights.current().backwardGated(0, columns, dy, dx, gate, tiles, vectors),
    gradient: (dy, x, tiles, vectors) => weights.current().gradient(dy, x, tiles, vectors),
  };
}

/** Back through a layer and the ReLU before it: the layer's gradient, and that of what `inner` held before the ReLU, in place of it. */
export function throughRelu(layer: Linear, dy: Tiles, inner: Tiles, tiles: number, vectors: number): void {
  layer.gradient(dy, inner, tiles, vectors);
  layer.backwardGated(dy, inner, inner, tiles, vectors);
}

/**
 * The GRU's two matrices. They read one tile [x, h] of two blocks and write one tile of four blocks of gates: n from x, r, z, n from
 * h (see assembly/gru.ts). Blocks are `block` rows apart.
 */
export interface Gru extends Layer {
  readonly block: number;
  /** The sums of the four blocks of gates. */
  forward(side: NetworkSide, xh: Tiles, gates: Tiles, tiles: number, vectors: number): void;
  /** dX through the ReLU that made x, and dH += . */
  backward(dGates: Tiles, dx: Tiles, xh: Tiles, dh: Tiles, tiles: number, vectors: number): void;
  gradient(dGates: Tiles, xh: Tiles, tiles: number, vectors: number): void;
}

/** `prefix`.weight_ih, .weight_hh, .bias_ih and .bias_hh; dense until masks say otherwise. */
export function createGru(memory: Memory, prefix: string, hidden: number): Gru {
  const block = skewed(hidden);
  const tileRows = 3 * block + hidden;
  const gates = (r: number, z: number, n: number) =>
    Int32Array.from([r, z, n].flatMap((gate) => [...consecutive(hidden, gate * block)]));
  const fromInput = gates(1, 2, 0);
  const fromHidden = gates(1, 2, 3);
  const placements: Placement[] = [
    { name: `${prefix}.weight_ih`, columns: hidden, rows: fromInput, inputRow: 0 },
    { name: `${prefix}.weight_hh`, columns: hidden, rows: fromHidden, inputRow: block },
  ];
  const biases = createBiases(
    memory,
    [
      { name: `${prefix}.bias_ih`, rows: fromInput },
      { name: `${prefix}.bias_hh`, rows: fromHidden },
    ],
    tileRows,
  );
  const weights = createMaskedWeights(memory, placements, tileRows, biases.sums, ([input, recurrent]) => ({
    backwardGated: input.backwardGated,
    backward: recurrent.backward,
    forward(side, _row, _rows, bias, relu, x, y, tiles, vectors) {
      input.forward(side, 0, 2 * block + hidden, bias, relu, x, y, tiles, vectors);
      recurrent.accumulate(side, block, block + hidden, x, y, tiles, vectors);
      recurrent.forward(side, 3 * block, hidden, bias, relu, x, y, tiles, vectors);
    },
    gradient(dy, x, tiles, vectors) {
      input.gradient(dy, x, tiles, vectors);
      recurrent.gradient(dy, x, tiles, vectors);
    },
  }));
  return {
    ...layer(biases, weights),
    block,
    forward: (side, xh, y, tiles, vectors) => weights.current().forward(side, 0, tileRows, biases.at(side), false, xh, y, tiles, vectors),
    backward(dGates, dx, xh, dh, tiles, vectors) {
      weights.current().backwardGated(0, hidden, dGates, dx, xh, tiles, vectors);
      weights.current().backward(block, hidden, dGates, dh, tiles, vectors);
    },
    gradient: (dGates, xh, tiles, vectors) => weights.current().gradient(dGates, xh, tiles, vectors),
  };
}

interface MaskedWeights extends Layer {
  current(): Products;
}

/**
 * Weight matrices that share one product: stored sparsely while every one of them is pruned enough, else each densely.
 *
 * @param combine makes the product of the dense matrices
 */
function createMaskedWeights(
  memory: Memory,
  placements: readonly Placement[],
  tileRows: number,
  biasSums: number,
  combine: (dense: readonly DenseWeights[]) => Products,
): MaskedWeights {
  const masks = placements.map(({ rows, columns }) => new Uint8Array(rows.length * columns).fill(1));
  const numberOf = (name: string) => placements.findIndex((placement) => placement.name === name);

  // Each storage is made when it is first needed, and kept: memory is never given back.
  let dense: { parts: DenseWeights[]; products: Products } | undefined;
  let sparse: SparseWeights | undefined;
  const storeDensely = () => {
    if (!dense) {
      const parts = placements.map((placement) => createDenseWeights(memory, placement));
      const combined = combine(parts);
      const products: Products = {
        ...combined,
        gradient(dy, x, tiles, vectors) {
          combined.gradient(dy, x, tiles, vectors);
          memory.kernels.rowSums(biasSums, tileRows, dy.at, dy.stride, tiles, vectors);
        },
      };
      dense = { parts, products };
    }
    return dense;
  };
  let isSparse = false;
  let denseGradients = false;

  const stores = (): readonly SparseWeights[] | readonly DenseWeights[] => (isSparse ? [sparse!] : storeDensely().parts);
  const store = (name: string) => (isSparse ? sparse! : storeDensely().parts[numberOf(name)]);
  storeDensely();
  const setDenseGradients = (wanted: boolean) => {
    denseGradients = wanted;
    for (const each of stores()) each.setDenseGradients(wanted);
  };

  return {
    names: placements.map(({ name }) => name),
    stores,
    store,
    current: () => (isSparse ? sparse! : dense!.products),
    setDenseGradients,
    mask: (name) => masks[numberOf(name)].slice(),
    setMask(name, mask) {
      const values = placements.map(({ name }, p): SparseValues => {
        const read = (part: Part) => store(name).read(name, part);
        return { mask: masks[p], online: read("online"), target: read("target"), squares: read("squares"), gradient: read("gradient") };
      });
      masks[numberOf(name)].set(mask);
      const wasSparse = isSparse;
      isSparse = masks.every((each) => each.reduce((sum, bit) => sum + bit, 0) <= DENSE_ABOVE * each.length);
      if (isSparse) {
        sparse ??= createSparseWeights(memory, placements, tileRows, biasSums);
        sparse.rebuild(values);
      } else {
        const { parts } = storeDensely();
        parts.forEach((part, p) => {
          if (wasSparse) {
            for (const each of ["online", "target", "squares"] as const) part.write(placements[p].name, each, values[p][each]);
          }
          part.setMask(masks[p]);
        });
      }
      if (wasSparse !== isSparse) setDenseGradients(denseGradients);
    },
  };
}

/** Biases and weights as one layer. */
function layer(biases: Store, weights: MaskedWeights): Layer {
  const isBias = (name: string) => biases.names.includes(name);
  return {
    names: [...weights.names, ...biases.names],
    stores: () => [...weights.stores(), biases],
    store: (name) => (isBias(name) ? biases : weights.store(name)),
    mask: weights.mask,
    setMask: weights.setMask,
    setDenseGradients: weights.setDenseGradients,
  };
}
