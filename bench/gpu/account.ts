import type { Engine } from "../../src/networks/engine.js";
import type { Tensorflow } from "../../src/host.js";

/**
 * What the time of a vectorised update of several seeds goes to, in milliseconds by the clock, and how much goes to the
 * device and back.
 */
export interface Account {
  readonly whole: number;
  /** No engine is working: the learning rule, in JavaScript, of one seed after the other. */
  readonly rule: number;
  /** Waiting for results: what the device has not finished by then, and bringing them over. */
  readonly results: number;
  /**
   * The rest: telling the device what to do and giving it its inputs. A backend that computes in this thread does so
   * here.
   */
  readonly passes: number;
  readonly kernels: number;
  /** Bytes. */
  readonly up: number;
  readonly down: number;
}

/**
 * Makes one update of all engines by `work` and keeps account of it.
 *
 * @param work makes one update of every engine that it is given, all at once
 */
export async function accountFor(
  tf: Tensorflow,
  engines: readonly Engine[],
  work: (engines: readonly Engine[]) => Promise<void>,
): Promise<Account> {
  const traffic = watchTraffic(tf);
  try {
    let [inside, since, engineTime] = [0, 0, 0];
    const watched = engines.map((engine) =>
      watchCalls(engine, {
        // The work of all begins when the last one has asked, and is done when the first one has its answer.
        enter: () => void (++inside === engines.length && (since = performance.now())),
        leave: () => void (inside-- === engines.length && (engineTime += performance.now() - since)),
      }),
    );
    const begin = performance.now();
    await work(watched);
    const whole = performance.now() - begin;
    const { results, up, down } = traffic;
    // In an update of its own, since keeping a list of kernels takes time. It awaits what it is given, whatever its
    // type says.
    const { kernels } = await tf.profile(() => work(engines));
    return {
      whole,
      rule: whole - engineTime,
      results,
      passes: engineTime - results,
      kernels: kernels.length,
      up,
      down,
    };
  } finally {
    traffic.stop();
  }
}

function watchCalls(engine: Engine, { enter, leave }: { enter(): void; leave(): void }): Engine {
  const watch =
    <Given extends unknown[], Result>(call: (...given: Given) => Result | Promise<Result>) =>
    async (...given: Given): Promise<Result> => {
      enter();
      try {
        return await call(...given);
      } finally {
        leave();
      }
    };
  const { agent, mixer } = engine;
  return {
    ...engine,
    agent: { forward: watch(agent.forward), forwardBoth: watch(agent.forwardBoth), backward: watch(agent.backward) },
    mixer: {
      forward: watch(mixer.forward),
      backward: watch(mixer.backward),
      counterfactuals: watch(mixer.counterfactuals),
    },
    step: watch(engine.step),
  };
}

/** Looks on where tensors are made of arrays and read; bytes of up to now. */
function watchTraffic(tf: Tensorflow): {
  readonly results: number;
  readonly up: number;
  readonly down: number;
  stop(): void;
} {
  const backend = tf.backend();
  const [read, write] = [backend.read, backend.write];
  const seen = { results: 0, up: 0, down: 0 };
  backend.write = (values, shape, dtype) => {
    seen.up += (values as Partial<Float32Array> | null)?.byteLength ?? 0;
    return write.call(backend, values, shape, dtype);
  };
  backend.read = async (id) => {
    const begin = performance.now();
    const values = await read.call(backend, id);
    seen.results += performance.now() - begin;
    seen.down += (values as Partial<Float32Array>).byteLength ?? 0;
    return values;
  };
  const own = ["read", "write"] as const;
  return {
    get results() {
      return seen.results;
    },
    get up() {
      return seen.up;
    },
    get down() {
      return seen.down;
    },
    stop: () => own.forEach((name) => delete (backend as Partial<typeof backend>)[name]),
  };
}

/** Milliseconds to take as many bytes to the device, and back, with nothing else to do. */
export async function transferTimes(
  tf: Tensorflow,
  up: number,
  down: number,
  samples: number,
): Promise<{ up: number; down: number }> {
  const best = { up: Infinity, down: Infinity };
  for (let sample = 0; sample < samples; sample++) {
    const values = new Float32Array(Math.ceil(up / 4));
    let begin = performance.now();
    const there = tf.tensor1d(values);
    const first = tf.slice(there, [0], [1]);
    await first.data();
    best.up = Math.min(best.up, performance.now() - begin);
    const made = tf.fill([Math.ceil(down / 4)], 1);
    const part = tf.slice(made, [0], [1]);
    await part.data();
    begin = performance.now();
    await made.data();
    best.down = Math.min(best.down, performance.now() - begin);
    tf.dispose([there, first, made, part]);
  }
  return best;
}
