import type { Engine } from "../../src/networks/engine.js";
import type { Tensorflow } from "../../src/host.js";

/**
 * How the time of a vectorised update of several seeds is spent, in milliseconds by the clock, and how many bytes go to
 * the device and back.
 */
export interface Account {
  readonly whole: number;
  /** Time in which no engine works: the learning rule, in JavaScript, of one seed after the other. */
  readonly rule: number;
  /** Time of waiting for results: unfinished work of the device, and the transfer. */
  readonly results: number;
  /**
   * The remaining time: submitting work and inputs to the device. It includes the computation of a backend that works
   * in this thread.
   */
  readonly passes: number;
  readonly kernels: number;
  /** Bytes to the device. */
  readonly up: number;
  readonly down: number;
}

/**
 * Makes one update of all engines by `work` and accounts for its time.
 *
 * @param work makes one update of every given engine, all at once
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
        // The shared work begins when the last engine has asked, and is done when the first one has its result.
        enter: () => void (++inside === engines.length && (since = performance.now())),
        leave: () => void (inside-- === engines.length && (engineTime += performance.now() - since)),
      }),
    );
    const begin = performance.now();
    await work(watched);
    const whole = performance.now() - begin;
    const { results, up, down } = traffic;
    // This is a separate update, since keeping a list of kernels takes time. The function awaits its argument, whatever
    // its type says.
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
  const { agent, mixer } = engine.networks;
  return {
    ...engine,
    networks: {
      agent: { forward: watch(agent.forward), forwardBoth: watch(agent.forwardBoth), backward: watch(agent.backward) },
      mixer: {
        forward: watch(mixer.forward),
        backward: watch(mixer.backward),
        counterfactuals: watch(mixer.counterfactuals),
      },
    },
    step: watch(engine.step),
  };
}

/** Counts the bytes of tensors that are made from arrays and of tensors that are read. */
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

/** Measures the milliseconds to transfer as many bytes to the device, and back, without other work. */
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
