import type * as tfjs from "@tensorflow/tfjs";
import type { AdamStep, NetworkSide, OptimiserOptions } from "../engine.js";
import { isAdam } from "../moments.js";
import type { Parameters, ParameterSpec } from "../parameters.js";
import type { Tensorflow } from "../../host.js";
import { download } from "./download.js";
import type { Weights } from "./linear.js";

/**
 * The arrays that are kept for a parameter: its values on either side, the optimiser's mean squares and, of Adam, means
 * (0 until its first step), and its mask.
 */
type Part = NetworkSide | "squares" | "moments" | "masks";

/** One step of Adam, whose gradient is clipped to a norm. */
type AdamOptions = AdamStep & { readonly gradientClip: number };

/** The parameters of several runs of one shape, stacked into one tensor for each name, with a row for each run. */
export interface VectorisedParameters {
  /** Returns the parameters of some runs for the networks; valid inside the present tidy. */
  weights(side: NetworkSide, runs: readonly number[]): Weights;
  /** Copies one run's parameters, dense and in PyMARL's layout. */
  read(run: number, part: Exclude<Part, "masks">): Promise<Map<string, Float32Array>>;
  /** Overwrites the given parameters; pruned weights stay 0. */
  write(run: number, part: Exclude<Part, "masks">, values: Parameters): void;
  copyToTarget(run: number): void;
  /** Makes a soft update: target += tau (online - target). */
  follow(run: number, tau: number): void;
  /** Sets a mask, [out, in]. Connections in both the old and the new mask keep their values; all others become 0. */
  setMask(run: number, name: string, mask: Uint8Array): void;
  /** Adds gradients of some runs, [those runs, ...] by name, with respect to every connection, pruned or not. */
  addGradients(runs: readonly number[], gradients: Weights): void;
  /** Sets the gradients of a run to zero. */
  clearGradients(run: number): void;
  /**
   * Downloads the gradient of one run added up so far, in PyMARL's layout; without `dense` it is 0 where the connection
   * is pruned.
   */
  readGradient(run: number, name: string, dense: boolean): Promise<Float32Array>;
  /**
   * Takes one step of RMSprop or Adam of some runs, each with its own options, for all parameters or for those with
   * these names; see `Engine.step`. Returns their norms before clipping.
   */
  step(
    runs: readonly number[],
    options: readonly (OptimiserOptions | AdamOptions)[],
    names?: readonly string[],
  ): Promise<number[]>;
  /** Downloads the online parameters with these names of all runs, in one transfer. */
  readMany(runs: readonly number[], names: readonly string[]): Promise<Map<string, Float32Array>[]>;
  dispose(): void;
}

/** Makes the parameters of `runs` runs, which are all 0 and have all connections until they are written. */
export function createVectorisedParameters(
  tf: Tensorflow,
  specs: readonly ParameterSpec[],
  runs: number,
): VectorisedParameters {
  const all = [...Array(runs).keys()];
  const specOf = new Map(specs.map((spec) => [spec.name, spec]));
  const parts: Record<Part, Map<string, tfjs.Tensor3D>> = {
    online: new Map(),
    target: new Map(),
    squares: new Map(),
    moments: new Map(),
    masks: new Map(),
  };
  const gradients = new Map<string, tfjs.Tensor3D>();
  // The names whose gradients of a run are still those of its last update.
  const stale = all.map(() => new Set<string>());
  for (const spec of specs) {
    const size = stacked(spec, runs);
    for (const part of ["online", "target", "squares", "moments"] as const) parts[part].set(spec.name, tf.zeros(size));
    if (spec.maskable) parts.masks.set(spec.name, tf.ones(size));
    gradients.set(spec.name, tf.zeros(size));
  }

  /** Puts a new tensor in the place of one. */
  function replace(tensors: Map<string, tfjs.Tensor3D>, name: string, make: (now: tfjs.Tensor3D) => tfjs.Tensor): void {
    const now = tensors.get(name)!;
    tensors.set(
      name,
      tf.tidy(() => tf.keep(make(now)) as tfjs.Tensor3D),
    );
    now.dispose();
  }
  const rowOf = (from: tfjs.Tensor3D, run: number) => tf.slice(from, [run, 0, 0], [1, from.shape[1], from.shape[2]]);
  function withRow(from: tfjs.Tensor3D, run: number, row: tfjs.Tensor3D): tfjs.Tensor3D {
    if (runs === 1) return tf.clone(row);
    const [, height, width] = from.shape;
    const before = run > 0 ? [tf.slice(from, [0, 0, 0], [run, height, width])] : [];
    const after = run < runs - 1 ? [tf.slice(from, [run + 1, 0, 0], [runs - 1 - run, height, width])] : [];
    return tf.concat([...before, row, ...after], 0);
  }
  const pick = (from: tfjs.Tensor3D, chosen: readonly number[]) =>
    chosen.length === runs ? from : tf.gather(from, tf.tensor1d([...chosen], "int32"));
  /** Puts the rows of some runs at their places among all, with zeros elsewhere. */
  function spread(rows: tfjs.Tensor3D, chosen: readonly number[]): tfjs.Tensor3D {
    if (chosen.length === runs) return rows;
    const blank = tf.zerosLike(tf.slice(rows, [0, 0, 0], [1, rows.shape[1], rows.shape[2]]));
    return tf.concat(
      all.map((run) => (chosen.includes(run) ? rowOf(rows, chosen.indexOf(run)) : blank)),
      0,
    );
  }
  /** [runs, 1, 1] */
  const perRun = (value: (run: number) => number) => tf.tensor3d(all.map(value), [runs, 1, 1]);
  const which = (chosen: (run: number) => boolean) =>
    tf.equal(
      perRun((run) => (chosen(run) ? 1 : 0)),
      1,
    );
  /** Puts zeros in place of the other rows, also where those are not finite. */
  const keepRows = (of: tfjs.Tensor3D, chosen: (run: number) => boolean): tfjs.Tensor3D =>
    tf.where(which(chosen), of, tf.zerosLike(of));

  const upload = (name: string, values: ArrayLike<number>): tfjs.Tensor3D => {
    const [out, input] = specOf.get(name)!.shape;
    const given = Float32Array.from(values);
    return input === undefined
      ? tf.tensor3d(given, [1, 1, out])
      : tf.transpose(tf.tensor3d(given, [1, out, input]), [0, 2, 1]);
  };
  /** [rows, values] in PyMARL's order. */
  const flatten = (tensor: tfjs.Tensor3D) =>
    tf.reshape(tensor.shape[1] === 1 ? tensor : tf.transpose(tensor, [0, 2, 1]), [
      tensor.shape[0],
      -1,
    ]) as tfjs.Tensor2D;

  async function downloadRows(
    tensors: Weights,
    names: readonly string[],
    chosen: readonly number[],
  ): Promise<Map<string, Float32Array>[]> {
    const values = await download(
      tf.tidy(() =>
        tf.concat(
          names.map((name) => flatten(pick(tensors.get(name)!, chosen))),
          1,
        ),
      ),
    );
    const sizes = names.map((name) => specOf.get(name)!.shape.reduce((a, b) => a * b, 1));
    let offset = 0;
    return chosen.map(() => new Map(names.map((name, i) => [name, values.slice(offset, (offset += sizes[i]))])));
  }
  const masked = (name: string, tensor: tfjs.Tensor3D): tfjs.Tensor3D =>
    parts.masks.has(name) ? tf.mul(tensor, parts.masks.get(name)!) : tensor;
  /** Returns a gradient with zeros for the runs for which it belongs to their last update. */
  const current = (name: string): tfjs.Tensor3D => {
    const gradient = gradients.get(name)!;
    return stale.some((names) => names.has(name)) ? keepRows(gradient, (run) => !stale[run].has(name)) : gradient;
  };

  return {
    weights: (side, chosen) => new Map(specs.map(({ name }) => [name, pick(parts[side].get(name)!, chosen)])),
    async read(run, part) {
      return (await downloadRows(parts[part], [...specOf.keys()], [run]))[0];
    },
    readMany: (chosen, names) => downloadRows(parts.online, names, chosen),
    write(run, part, values) {
      for (const [name, value] of values) {
        replace(parts[part], name, (now) => {
          const row = upload(name, value);
          return withRow(now, run, parts.masks.has(name) ? tf.mul(row, rowOf(parts.masks.get(name)!, run)) : row);
        });
      }
    },
    copyToTarget(run) {
      for (const { name } of specs)
        replace(parts.target, name, (now) => withRow(now, run, rowOf(parts.online.get(name)!, run)));
    },
    follow(run, tau) {
      for (const { name } of specs)
        replace(parts.target, name, (now) => {
          const target = rowOf(now, run);
          return withRow(now, run, tf.add(target, tf.mul(tf.sub(rowOf(parts.online.get(name)!, run), target), tau)));
        });
    },
    setMask(run, name, mask) {
      const kept = tf.tidy(() => {
        const row = upload(name, mask);
        return { row, both: tf.mul(row, rowOf(parts.masks.get(name)!, run)) };
      });
      for (const part of ["online", "target", "squares", "moments"] as const) {
        replace(parts[part], name, (now) => withRow(now, run, tf.mul(rowOf(now, run), kept.both)));
      }
      replace(parts.masks, name, (now) => withRow(now, run, kept.row));
      tf.dispose([kept.row, kept.both]);
    },

    addGradients(chosen, added) {
      for (const [name, gradient] of added) {
        const first = all.every((run) => stale[run].has(name));
        replace(gradients, name, (now) => {
          const placed = spread(gradient, chosen);
          if (first && chosen.length === runs) return tf.clone(placed);
          return tf.add(
            keepRows(now, (run) => !(chosen.includes(run) && stale[run].has(name))),
            placed,
          );
        });
        for (const run of chosen) stale[run].delete(name);
      }
    },
    clearGradients(run) {
      for (const { name } of specs) stale[run].add(name);
    },
    readGradient: (run, name, dense) =>
      download(
        tf.tidy(() => tf.reshape(flatten(rowOf(dense ? current(name) : masked(name, current(name)), run)), [-1])),
      ),

    async step(chosen, options, names = [...specOf.keys()]) {
      const taken = new Map<string, tfjs.Tensor>();
      for (const name of names)
        taken.set(
          name,
          tf.tidy(() => tf.keep(masked(name, current(name)))),
        );
      const norms = await download(
        tf.tidy(() => tf.sqrt(tf.addN([...taken.values()].map((gradient) => tf.sum(tf.square(gradient), [1, 2]))))),
      );
      const takes = (run: number) => chosen.includes(run) && Number.isFinite(norms[run]);
      // As torch.nn.utils.clip_grad_norm_ does, whose divisor is never 0.
      const own = all.map((run) => options[Math.max(0, chosen.indexOf(run))]);
      const scale = perRun((run) => Math.min(1, own[run].gradientClip / (norms[run] + 1e-6)));
      const adam = own.map((options) => (isAdam(options) ? options : undefined));
      const decayOf = (run: number) => adam[run]?.beta2 ?? (own[run] as OptimiserOptions).alpha;
      const decay = perRun(decayOf);
      const rest = perRun((run) => 1 - decayOf(run));
      // Adam's corrections of its first means; RMSprop has none, and its direction is the gradient itself.
      const keeps = perRun((run) => adam[run]?.beta1 ?? 0);
      const takesIn = perRun((run) => 1 - (adam[run]?.beta1 ?? 0));
      const rate = perRun((run) => own[run].learningRate / (1 - (adam[run]?.beta1 ?? 0) ** (adam[run]?.step ?? 1)));
      const root = perRun((run) => (adam[run] ? Math.sqrt(1 - adam[run].beta2 ** adam[run].step) : 1));
      const epsilon = perRun((run) => own[run].epsilon);
      const moving = adam.some((options) => options !== undefined);
      const everyone = all.every(takes);
      const who = tf.tidy(() => which(takes));
      for (const name of names) {
        const gradient = tf.mul(taken.get(name)!, scale);
        // A run that takes no step keeps what it has, whatever its gradient is.
        const choose = (next: tfjs.Tensor, now: tfjs.Tensor) => (everyone ? next : tf.where(who, next, now));
        replace(parts.squares, name, (now) =>
          choose(tf.add(tf.mul(now, decay), tf.mul(tf.square(gradient), rest)), now),
        );
        if (moving)
          replace(parts.moments, name, (now) => choose(tf.add(tf.mul(now, keeps), tf.mul(gradient, takesIn)), now));
        const direction = moving ? parts.moments.get(name)! : gradient;
        const squares = parts.squares.get(name)!;
        replace(parts.online, name, (now) =>
          choose(tf.sub(now, tf.div(tf.mul(direction, rate), tf.add(tf.div(tf.sqrt(squares), root), epsilon))), now),
        );
        gradient.dispose();
      }
      tf.dispose([scale, decay, rest, keeps, takesIn, rate, root, epsilon, who]);
      for (const [name, gradient] of taken) if (gradient !== gradients.get(name)) gradient.dispose();
      return chosen.map((run) => norms[run]);
    },
    dispose() {
      for (const tensors of [...Object.values(parts), gradients]) tf.dispose([...tensors.values()]);
    },
  };
}

function stacked({ shape: [out, input] }: ParameterSpec, runs: number): [number, number, number] {
  return input === undefined ? [runs, 1, out] : [runs, input, out];
}
