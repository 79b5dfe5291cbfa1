import type { NetworkSide } from "../engine.js";
import type { Layer as LayerShape } from "../kinds.js";
import { type Memory, ROW, skewed } from "./memory.js";

/** Above this share of connections the dense kernels are faster. */
const DENSE_ABOVE = 0.6;

/** Number of strips of an update's work, each of which has its own sum of gradients: STRIPS in kernels/layer.h. */
export const STRIPS = 4;

/** Bytes of the partial sums of a gradient: SUMS in kernels/gradients.h. */
const SUMS = 32;

/** Bytes of an entry: its weight and the offset of its column's row in the input tile. */
const ENTRY = 8;

/**
 * The numbers that are kept for each value of a parameter: its value on either side, the optimiser's mean square,
 * Adam's mean, and the gradient added up so far.
 */
export type Kept = NetworkSide | "squares" | "moments" | "gradient";

/**
 * Weight matrices that read parts of one tile of input rows and add to rows of one tile of output rows (two matrices in
 * a GRU, one in other layers), and their biases. While every matrix is pruned enough, they are stored together as one
 * matrix of compressed rows of the remaining connections, in both orientations. Otherwise each is stored whole.
 */
export interface Layer {
  /** The address of the layer's record, for the kernels. */
  readonly at: number;
  readonly names: readonly string[];
  /** Rows of the output tile and of the input tile, and the most connections that are stored as entries. */
  readonly rows: number;
  readonly columns: number;
  readonly mostEntries: number;
  /** Returns a dense copy in the parameter's own shape. */
  read(name: string, kept: Kept): Float32Array;
  write(name: string, kept: Exclude<Kept, "gradient">, values: Float32Array): void;
  mask(name: string): Uint8Array;
  setMask(name: string, mask: Uint8Array): void;
  /** Sets whether gradients of pruned connections are wanted too, until it is called again. */
  setDenseGradients(wanted: boolean): void;
  /**
   * Takes the connections' gradients out of the dense ones if those were wanted, after the kernels' `collect`. Returns
   * the sum of their squares.
   */
  pick(): number;
  copyToTarget(): void;
}

/** The place of one weight matrix inside the layer. */
interface Placement {
  readonly name: string;
  /** Inputs of the parameter. */
  readonly columns: number;
  /** Row of the output tile for each row of the parameter, [out]. */
  readonly rows: Int32Array;
  /** Row of the input tile that holds column 0. The other columns follow. */
  readonly inputRow: number;
}

/** A bias, and the row of the output tile that each of its values is added to, [out]. */
interface BiasPlacement {
  readonly name: string;
  readonly rows: Int32Array;
}

/** Makes the storage of a layer of a network, which is dense until it gets masks; a product has nothing to store. */
export function createLayers(memory: Memory, layers: readonly LayerShape[]): Layer[] {
  return layers.flatMap(({ name, kind, input, output }) =>
    kind === "product"
      ? []
      : kind === "gru"
        ? createGru(memory, name, output)
        : createLinear(memory, name, output, input),
  );
}

/** Makes a layer of `prefix`.weight and `prefix`.bias: Y = W X + b. */
function createLinear(memory: Memory, prefix: string, out: number, columns: number): Layer {
  const rows = consecutive(out);
  const weight = { name: `${prefix}.weight`, columns, rows, inputRow: 0 };
  return createLayer(memory, [weight], [{ name: `${prefix}.bias`, rows }], out, columns);
}

/** Returns the number of rows from one block of a GRU's tiles to the next. */
export function blockOf(hidden: number): number {
  return skewed(hidden);
}

/**
 * Makes a layer of `prefix`.weight_ih, .weight_hh, .bias_ih and .bias_hh. It reads one tile [x, h] of two blocks and
 * writes one tile of four blocks of gates: n from x, r, z, n from h (kernels/gates.h).
 */
function createGru(memory: Memory, prefix: string, hidden: number): Layer {
  const block = blockOf(hidden);
  const gates = (r: number, z: number, n: number) =>
    Int32Array.from([r, z, n].flatMap((gate) => [...consecutive(hidden, gate * block)]));
  const fromInput = gates(1, 2, 0);
  const fromHidden = gates(1, 2, 3);
  return createLayer(
    memory,
    [
      { name: `${prefix}.weight_ih`, columns: hidden, rows: fromInput, inputRow: 0 },
      { name: `${prefix}.weight_hh`, columns: hidden, rows: fromHidden, inputRow: block },
    ],
    [
      { name: `${prefix}.bias_ih`, rows: fromInput },
      { name: `${prefix}.bias_hh`, rows: fromHidden },
    ],
    3 * block + hidden,
    block + hidden,
  );
}

const PART = [
  "columns",
  "span",
  "first",
  "inputRow",
  "online",
  "target",
  "transposed",
  "squares",
  "moments",
  "sums",
  "mask",
  "masked",
  "collected",
] as const;
const BIAS = ["count", "rows", "online", "target", "squares", "moments", "gradient"] as const;
const LAYER = [
  "dense",
  "wanted",
  "rows",
  "columns",
  "startsOnline",
  "startsTarget",
  "transposedStarts",
  "entriesOnline",
  "entriesTarget",
  "transposed",
  "places",
  "count",
  "squares",
  "moments",
  "sums",
  "collected",
  "addedOnline",
  "addedTarget",
  "biasSums",
  "version",
  "partCount",
  "biasCount",
  ...([0, 1] as const).flatMap((p) => PART.map((name) => `part${p}.${name}` as const)),
  ...([0, 1] as const).flatMap((b) => BIAS.map((name) => `bias${b}.${name}` as const)),
] as const;

function createLayer(
  memory: Memory,
  placements: readonly Placement[],
  biasPlacements: readonly BiasPlacement[],
  rows: number,
  columns: number,
): Layer {
  const { kernels } = memory;
  const record = memory.record(LAYER);
  const added = { online: memory.allocate(rows * 4), target: memory.allocate(rows * 4) };
  record.set({
    dense: 1,
    rows,
    columns,
    addedOnline: added.online,
    addedTarget: added.target,
    biasSums: memory.allocate(STRIPS * rows * SUMS),
    partCount: placements.length,
    biasCount: biasPlacements.length,
  });
  const parts = placements.map((placement, p) =>
    createPart(memory, placement, (numbers) => record.set(prefixed(`part${p as 0 | 1}`, numbers))),
  );
  const biases = biasPlacements.map((placement, b) => {
    const count = placement.rows.length;
    const block = () => memory.allocate(count * 4);
    const own = {
      count,
      rows: block(),
      online: block(),
      target: block(),
      squares: block(),
      moments: block(),
      gradient: block(),
    };
    memory.words(own.rows, count).set(placement.rows);
    record.set(prefixed(`bias${b as 0 | 1}`, own));
    return { ...placement, ...own };
  });
  const sparse = createSparse(memory, placements, rows, columns, (numbers) => record.set(numbers));
  const masks = placements.map(({ rows, columns }) => new Uint8Array(rows.length * columns).fill(1));
  // A list that holds only this layer, for `collect`.
  const alone = memory.allocate(4);
  memory.words(alone, 1)[0] = record.at;

  let isSparse = false;
  let wanted = false;
  const numberOf = (name: string) => placements.findIndex((placement) => placement.name === name);
  const biasOf = (name: string) => biases.find((bias) => bias.name === name)!;
  const refresh = (side: NetworkSide) => kernels.refresh(record.at, side === "online" ? 0 : 1);

  function pick(): number {
    if (!isSparse || !wanted) return 0;
    return sparse.pick(parts.map((part) => part.read("gradient", true)));
  }

  return {
    at: record.at,
    names: [...placements, ...biases].map(({ name }) => name),
    rows,
    columns,
    mostEntries: placements.reduce(
      (sum, { rows, columns }) => sum + Math.floor(DENSE_ABOVE * rows.length * columns),
      0,
    ),
    read(name, kept) {
      if (kept === "gradient") kernels.collect(alone, 1);
      const p = numberOf(name);
      if (p < 0) {
        const { count, ...at } = biasOf(name);
        return memory.floats(at[kept], count).slice();
      }
      if (kept === "gradient" && wanted) return parts[p].read(kept, true);
      return isSparse ? sparse.read(p, kept) : parts[p].read(kept, false);
    },
    write(name, kept, values) {
      const p = numberOf(name);
      if (p < 0) {
        const { count, ...at } = biasOf(name);
        memory.floats(at[kept], count).set(values);
      } else if (isSparse) {
        sparse.write(p, kept, values);
      } else {
        parts[p].write(kept, values);
      }
      if (kept === "online" || kept === "target") refresh(kept);
    },
    mask: (name) => masks[numberOf(name)].slice(),
    setMask(name, mask) {
      const values = placements.map(({ name }, p): SparseValues => {
        const read = (kept: Kept) => this.read(name, kept);
        return {
          mask: masks[p],
          online: read("online"),
          target: read("target"),
          squares: read("squares"),
          moments: read("moments"),
          gradient: read("gradient"),
        };
      });
      masks[numberOf(name)].set(mask);
      const wasSparse = isSparse;
      isSparse = masks.every((each) => each.reduce((sum, bit) => sum + bit, 0) <= DENSE_ABOVE * each.length);
      if (isSparse) {
        sparse.rebuild(values);
      } else {
        parts.forEach((part, p) => {
          if (wasSparse)
            for (const each of ["online", "target", "squares", "moments"] as const) part.write(each, values[p][each]);
          part.setMask(masks[p]);
        });
      }
      record.set({ dense: isSparse ? 0 : 1 });
      refresh("online");
      if (wasSparse !== isSparse) this.setDenseGradients(wanted);
    },
    setDenseGradients(asked) {
      wanted = asked;
      record.set({ wanted: asked ? 1 : 0 });
      if (asked) for (const part of parts) part.clear();
    },
    pick,
    copyToTarget() {
      if (isSparse) sparse.copyToTarget();
      else for (const part of parts) part.copyToTarget();
      for (const bias of biases) memory.copy(bias.online, bias.target, bias.count * 4);
      refresh("target");
    },
  };
}

function prefixed<Prefix extends string, Name extends string>(
  prefix: Prefix,
  numbers: Readonly<Partial<Record<Name, number>>>,
): Partial<Record<`${Prefix}.${Name}`, number>> {
  return Object.fromEntries(Object.entries(numbers).map(([name, value]) => [`${prefix}.${name}`, value])) as Partial<
    Record<`${Prefix}.${Name}`, number>
  >;
}

/** Returns the rows `first`, `first` + 1 and so on. */
function consecutive(count: number, first = 0): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => first + i);
}

/**
 * Stores one weight matrix whole, as [rows of the output tile, columns]. Rows that belong to no output are zero and
 * stay so. Computing it takes as long for pruned connections as for others, so it is meant for matrices that keep most
 * of them. It adds up dense gradients.
 */
function createPart(
  memory: Memory,
  { columns, rows, inputRow }: Placement,
  set: (numbers: Partial<Record<(typeof PART)[number], number>>) => void,
) {
  // The rows of the output tile among which the parameter's rows lie.
  const first = rows.reduce((a, b) => Math.min(a, b));
  const span = rows.reduce((a, b) => Math.max(a, b)) + 1 - first;
  const count = span * columns;
  const matrix = () => memory.allocate(count * 4);
  const at = {
    online: matrix(),
    target: matrix(),
    transposed: matrix(),
    squares: matrix(),
    moments: matrix(),
    sums: memory.allocate(STRIPS * count * 4),
    masked: matrix(),
    collected: matrix(),
  };
  const maskAt = matrix();
  let pruned = false;
  set({ columns, span, first, inputRow, ...at });

  function spread<Values extends Float32Array | Uint32Array>(values: Values, to: Values): void {
    for (let row = 0; row < rows.length; row++)
      to.set(values.subarray(row * columns, (row + 1) * columns), (rows[row] - first) * columns);
  }
  function applyMask(address: number): void {
    const bits = memory.words(maskAt, count);
    memory.words(address, count).forEach((value, i, all) => (all[i] = value & bits[i]));
  }
  return {
    /** @param whole whether to include the gradients of pruned connections */
    read(kept: Kept, whole: boolean): Float32Array {
      const from = memory.floats(kept !== "gradient" ? at[kept] : pruned && !whole ? at.masked : at.collected, count);
      const values = new Float32Array(rows.length * columns);
      for (let row = 0; row < rows.length; row++) {
        const start = (rows[row] - first) * columns;
        values.set(from.subarray(start, start + columns), row * columns);
      }
      return values;
    },
    write(kept: Exclude<Kept, "gradient">, values: Float32Array): void {
      spread(values, memory.floats(at[kept], count));
      if (pruned) applyMask(at[kept]);
    },
    setMask(mask: Uint8Array): void {
      pruned = mask.includes(0);
      set({ mask: pruned ? maskAt : 0 });
      spread(
        Uint32Array.from(mask, (bit) => -bit),
        memory.words(maskAt, count),
      );
      for (const kept of [at.online, at.target, at.squares, at.moments]) applyMask(kept);
    },
    clear: () => void memory.floats(at.sums, STRIPS * count).fill(0),
    copyToTarget: () => memory.copy(at.online, at.target, count * 4),
  };
}

/** The dense values that a rebuild keeps of a parameter. */
interface SparseValues extends Readonly<Record<Kept, Float32Array>> {
  readonly mask: Uint8Array;
}

/** Stores the remaining connections of a layer's matrices as compressed rows in both orientations. */
function createSparse(
  memory: Memory,
  placements: readonly Placement[],
  rows: number,
  columns: number,
  set: (numbers: Partial<Record<(typeof LAYER)[number], number>>) => void,
) {
  const most = placements.reduce((sum, { rows, columns }) => sum + rows.length * columns, 0);
  let starts: { online: number; target: number; transposed: number } | undefined;
  let capacity = 0;
  let at = { online: 0, target: 0, transposed: 0, places: 0, squares: 0, moments: 0, sums: 0, collected: 0 };
  let count = 0;
  // The parameter of each entry, and its place in that parameter.
  let owner = new Uint8Array(0);
  let index = new Int32Array(0);

  /** Makes room for this many entries and some more, because memory is never given back. */
  function reserve(wanted: number): void {
    starts ??= {
      online: memory.allocate((rows + 1) * 4),
      target: memory.allocate((rows + 1) * 4),
      transposed: memory.allocate((columns + 1) * 4),
    };
    if (wanted <= capacity) return;
    capacity = Math.min(most, Math.ceil(wanted * 1.25));
    const room = (bytes: number) => memory.allocate(capacity * bytes);
    at = {
      online: room(ENTRY),
      target: room(ENTRY),
      transposed: room(ENTRY),
      places: room(4),
      squares: room(4),
      moments: room(4),
      sums: room(STRIPS * SUMS),
      collected: room(4),
    };
    set({
      startsOnline: starts.online,
      startsTarget: starts.target,
      transposedStarts: starts.transposed,
      entriesOnline: at.online,
      entriesTarget: at.target,
      transposed: at.transposed,
      places: at.places,
      squares: at.squares,
      moments: at.moments,
      sums: at.sums,
      collected: at.collected,
    });
  }
  const valuesOf = (kept: Kept): { values: Float32Array; step: number } =>
    kept === "online" || kept === "target"
      ? { values: memory.floats(at[kept], count * 2), step: 2 }
      : { values: memory.floats(kept === "gradient" ? at.collected : at[kept], count), step: 1 };

  return {
    read(p: number, kept: Kept): Float32Array {
      const { values, step } = valuesOf(kept);
      const whole = new Float32Array(placements[p].rows.length * placements[p].columns);
      for (let k = 0; k < count; k++) if (owner[k] === p) whole[index[k]] = values[k * step];
      return whole;
    },
    write(p: number, kept: Exclude<Kept, "gradient">, from: Float32Array): void {
      const { values, step } = valuesOf(kept);
      for (let k = 0; k < count; k++) if (owner[k] === p) values[k * step] = from[index[k]];
    },
    /** Takes the entries' gradients out of those of whole matrices and returns the sum of their squares. */
    pick(gradients: readonly Float32Array[]): number {
      const gradient = memory.floats(at.collected, count);
      let squared = 0;
      for (let k = 0; k < count; k++) {
        gradient[k] = gradients[owner[k]][index[k]];
        squared += gradient[k] * gradient[k];
      }
      return squared;
    },
    copyToTarget: () => memory.copy(at.online, at.target, count * ENTRY),

    /** Lays out the connections of new masks, with one of `values` for each placement. Pruned values are dropped. */
    rebuild(values: readonly SparseValues[]): void {
      count = 0;
      for (const { mask } of values) for (let i = 0; i < mask.length; i++) count += mask[i];
      reserve(count);
      set({ count });
      owner = new Uint8Array(count);
      index = new Int32Array(count);

      // The rows of the output tile, each with its parameters' rows in the order of the placements.
      const sources: { p: number; row: number }[][] = Array.from({ length: rows }, () => []);
      placements.forEach(({ rows }, p) => rows.forEach((tileRow, row) => sources[tileRow].push({ p, row })));

      const inputOf = new Int32Array(count);
      const outputOf = new Int32Array(count);
      const perInput = new Int32Array(columns + 1);
      const rowStarts = new Int32Array(rows + 1);
      let entry = 0;
      for (let tileRow = 0; tileRow < rows; tileRow++) {
        rowStarts[tileRow] = entry;
        for (const { p, row } of sources[tileRow]) {
          const { columns, inputRow } = placements[p];
          const { mask } = values[p];
          for (let column = 0, i = row * columns; column < columns; column++, i++) {
            if (!mask[i]) continue;
            owner[entry] = p;
            index[entry] = i;
            inputOf[entry] = inputRow + column;
            outputOf[entry] = tileRow;
            perInput[inputRow + column + 1]++;
            entry++;
          }
        }
      }
      rowStarts[rows] = entry;

      for (const side of ["online", "target"] as const) {
        const from = memory.floats(at[side], count * 2);
        const offsets = memory.words(at[side], count * 2);
        for (let k = 0; k < count; k++) {
          from[2 * k] = values[owner[k]][side][index[k]];
          offsets[2 * k + 1] = inputOf[k] * ROW;
        }
        memory.words(starts![side], rows + 1).set(rowStarts.map((k) => at[side] + k * ENTRY));
      }

      for (let row = 0; row < columns; row++) perInput[row + 1] += perInput[row];
      memory.words(starts!.transposed, columns + 1).set(perInput.map((k) => at.transposed + k * ENTRY));
      const next = perInput.slice();
      const offsets = memory.words(at.transposed, count * 2);
      const places = memory.words(at.places, count);
      const squares = memory.floats(at.squares, count);
      const moments = memory.floats(at.moments, count);
      const sums = memory.floats(at.sums, STRIPS * count * 4).fill(0);
      for (let k = 0; k < count; k++) {
        const place = next[inputOf[k]]++;
        offsets[2 * place + 1] = outputOf[k] * ROW;
        places[k] = at.transposed + place * ENTRY;
        squares[k] = values[owner[k]].squares[index[k]];
        moments[k] = values[owner[k]].moments[index[k]];
        sums[4 * k] = values[owner[k]].gradient[index[k]];
      }
    },
  };
}
