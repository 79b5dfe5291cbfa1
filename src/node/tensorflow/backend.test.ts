import { existsSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BACKENDS } from "../../config.js";
import {
  BackendError,
  backendMissing,
  openBackend,
  setTensorflowEnvironment,
  type OpenBackend,
  type Tensorflow,
} from "./backend.js";

const ALWAYS = ["wasm", "cpu"];

for (const name of BACKENDS.filter((name) => name !== "auto")) {
  describe(`backend ${name}`, () => {
    let opened: OpenBackend | undefined;
    let missing: Error | undefined;
    beforeAll(async () => {
      try {
        opened = await openBackend(name);
      } catch (error) {
        missing = error as Error;
      }
    });
    afterAll(() => opened?.close());
    const test = (title: string, body: (tf: Tensorflow, opened: OpenBackend) => Promise<void>): void => {
      it(title, async ({ skip }) => {
        if (opened === undefined) return skip(missing?.message);
        await body(opened.tf, opened);
      });
    };

    it("is there, or says why not and what to do in one line that names it", () => {
      if (ALWAYS.includes(name)) expect(missing).toBeUndefined();
      if (missing === undefined) return;
      expect(missing).toBeInstanceOf(BackendError);
      expect(missing.message).toMatch(
        new RegExp(`^backend ${name}: .*(npm run setup:gpu|nvidia-smi|process of its own|adapter)`),
      );
      expect(missing.message).not.toContain("\n");
    });

    test("is what computes, and names its device", async (tf, opened) => {
      expect(opened.backend).toBe(name);
      expect(tf.getBackend()).toBe(name.startsWith("tfjs-node") ? "tensorflow" : name);
      expect(opened.device).toMatch(/\(.*\d+\.\d+\.\d+.*\)$/);
      expect(opened.passedOver).toEqual([]);
    });

    test("multiplies a matrix for each of several runs, with its gradients", async (tf) => {
      const x = tf.tensor3d([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]);
      const weight = tf.tensor3d([1, -1, 0, 2, 0.5, 1, -2, 3], [2, 2, 2]);
      expectNear(await tf.matMul(x, weight).data(), [1, 3, 3, 5, -9.5, 23, -12.5, 31]);
      const [dx, dWeight] = tf.grads((a, b) => tf.sum(tf.square(tf.matMul(a as typeof x, b as typeof x))))([x, weight]);
      // Worked out by hand: dy = 2 y, dx = dy w', dw = x' dy.
      expectNear(await dx.data(), [-4, 12, -4, 20, 36.5, 176, 49.5, 236]);
      expectNear(await dWeight.data(), [20, 36, 28, 52, -270, 664, -314, 772]);
    });

    test("splits, stacks, takes apart and turns", async (tf) => {
      const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
      const [left, right] = tf.split(x, [1, 2], 1);
      expect([...(await left.data())]).toEqual([1, 4]);
      expect([...(await right.data())]).toEqual([2, 3, 5, 6]);
      const stacked = tf.stack([x, tf.neg(x)], 1);
      expect(stacked.shape).toEqual([2, 2, 3]);
      expect([...(await stacked.data())]).toEqual([1, 2, 3, -1, -2, -3, 4, 5, 6, -4, -5, -6]);
      expect([...(await tf.unstack(stacked, 2)[1].data())]).toEqual([2, -2, 5, -5]);
      const turned = tf.transpose(tf.reshape(tf.range(0, 24), [1, 2, 3, 2, 2]), [4, 2, 0, 1, 3]);
      expect(turned.shape).toEqual([2, 3, 1, 2, 2]);
      expect([...(await turned.data())].slice(0, 8)).toEqual([0, 2, 12, 14, 4, 6, 16, 18]);
    });

    test("adds many tensors", async (tf) => {
      const many = Array.from({ length: 40 }, (_, i) => tf.fill([3], i + 1));
      expectNear(await tf.addN(many).data(), [820, 820, 820]);
    });

    test("knows tanh and actions that nobody takes", async (tf) => {
      expectNear(await tf.tanh(tf.tensor1d([-1, 0, 0.5])).data(), [Math.tanh(-1), 0, Math.tanh(0.5)]);
      expect([...(await tf.oneHot(tf.tensor1d([2, -1, 0], "int32"), 3).data())]).toEqual([0, 0, 1, 0, 0, 0, 1, 0, 0]);
    });

    test("takes a gradient that the engine writes itself", async (tf) => {
      const doubled = tf.customGrad((x) => ({
        value: tf.square(x as ReturnType<Tensorflow["scalar"]>),
        gradFunc: (dy) => tf.mul(dy, 7),
      }));
      const { value, grad } = tf.valueAndGrad((x) => tf.sum(doubled(x)))(tf.tensor1d([1, 2, 3]));
      expectNear(await value.data(), [14]);
      expectNear(await grad.data(), [7, 7, 7]);
    });
  });
}

describe("backend webgpu", () => {
  it("refuses to be read after a kernel that the GPU does not take", async ({ skip }) => {
    const opened = await openBackend("webgpu").catch((error: Error) => error);
    if (opened instanceof Error) return skip(opened.message);
    const { tf, close } = opened;
    const most =
      (tf.backend() as unknown as { device: { limits: { maxStorageBufferBindingSize: number } } }).device.limits
        .maxStorageBufferBindingSize / 4;
    try {
      if (most > 1e8) return skip(`this GPU takes tensors of ${most} numbers: too many for a test`);
      await expect(tf.sum(tf.fill([most + 4], 1)).data()).rejects.toThrow(/^webgpu: .*Binding/i);
    } finally {
      close();
    }
  });
});

describe("the backend auto", () => {
  it("is the best that is there, and says why not a better one", async () => {
    const { backend, passedOver, close } = await openBackend("auto");
    const order = ["tfjs-node-gpu", "webgpu", "tfjs-node", "wasm", "cpu"];
    expect(passedOver.map((line) => line.match(/^backend ([\w-]+): /)?.[1])).toEqual(
      order.slice(0, order.indexOf(backend)),
    );
    expect(order.indexOf(backend)).toBeLessThanOrEqual(order.indexOf("wasm"));
    close();
  });
});

describe("several backends in one process", () => {
  it("take turns, and the one opened last computes", async () => {
    const { tf } = await openBackend("wasm");
    const kept = tf.tensor1d([1, 2, 3]);
    expect((await openBackend("cpu")).tf.getBackend()).toBe("cpu");
    expectNear(await tf.mul(kept, 2).data(), [2, 4, 6]);
    expect((await openBackend("wasm")).tf.getBackend()).toBe("wasm");
    expectNear(await tf.mul(kept, 3).data(), [3, 6, 9]);
  });
});

const built = new URL("../../../dist/node/tensorflow/backend.js", import.meta.url);

describe.skipIf(!existsSync(built))("a worker thread", () => {
  /** Opens tfjs-node in a worker thread and computes a sum: the sum, or the error's message. */
  const work = (env?: Record<string, string>) =>
    new Promise<unknown>((resolve, reject) => {
      const program = `import(${JSON.stringify(built.href)}).then(async ({ openBackend }) => {
        const { tf } = await openBackend("tfjs-node");
        return (await tf.sum(tf.tensor1d([1, 2, 3])).data())[0];
      }).catch(({ message }) => message).then((said) => require("node:worker_threads").parentPort.postMessage(said));`;
      new Worker(program, { eval: true, env }).once("message", resolve).once("error", reject);
    });

  it("opens TensorFlow's library, one after the other and together, once its main thread has set the environment", async ({
    skip,
  }) => {
    if (backendMissing("tfjs-node") !== undefined) return skip(backendMissing("tfjs-node"));
    expect(await work({})).toMatch(/^backend tfjs-node: a worker thread cannot .*setTensorflowEnvironment\(\)/);
    setTensorflowEnvironment();
    expect(await work()).toBe(6);
    expect(await Promise.all([work(), work()])).toEqual([6, 6]);
  });
});

/** Requires numbers to agree within 1e-5, relative where they are large. */
function expectNear(actual: ArrayLike<number>, expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach((value, i) =>
    expect(
      Math.abs(actual[i] - value) / Math.max(1, Math.abs(value)),
      `${i}: ${actual[i]} instead of ${value}`,
    ).toBeLessThan(1e-5),
  );
}
