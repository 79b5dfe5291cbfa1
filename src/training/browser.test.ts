import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, type Rollup } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ConfigInput } from "../config.js";
import { closeBrowser, findBrowser, withPage } from "../display/browser.js";
import { packageRoot } from "../node/project.js";
import { shortRun } from "../short-run.js";
import { collect, recordText, withoutCheckpoints } from "./fixtures.js";

const source = join(packageRoot(), "src");
const folder = mkdtempSync(join(tmpdir(), "mast-browser-"));
afterAll(async () => {
  await closeBrowser();
  rmSync(folder, { recursive: true, force: true });
});

/** The program of a worker: it gives the core its host, trains what it is told to, and answers with all records. */
const WORKER = `
import { collect, recordText, withoutCheckpoints } from ${JSON.stringify(join(source, "training/fixtures.js"))};
import { setHost } from ${JSON.stringify(join(source, "host.js"))};

self.onmessage = async ({ data }: MessageEvent) => {
  try {
    const kernels = new Uint8Array(await (await fetch("/kernels.wasm")).arrayBuffer());
    setHost({ kernels: () => kernels, nextTurn: () => new Promise((resolve) => setTimeout(resolve)) });
    self.postMessage({ lines: withoutCheckpoints(await collect(data)).map(recordText), globals: [typeof process, typeof Buffer, typeof setImmediate] });
  } catch (error) {
    self.postMessage({ error: String((error as Error).stack) });
  }
};
`;

const PAGE = `<!doctype html><script type="module">
window.train = (config) => new Promise((resolve) => {
  const worker = new Worker("/worker.js", { type: "module" });
  worker.onmessage = ({ data }) => (worker.terminate(), resolve(data));
  worker.onerror = ({ message }) => resolve({ error: message });
  worker.postMessage(config);
});
</script>`;

if (findBrowser() === undefined)
  console.log("No Chrome, Chromium or Edge is found: the core is not tested in a browser.");

describe.skipIf(findBrowser() === undefined)("the core in a browser's worker", () => {
  let bundle: Rollup.OutputChunk;
  beforeAll(async () => {
    const entry = join(folder, "worker.ts");
    writeFileSync(entry, WORKER);
    const built = (await build({
      configFile: false,
      root: folder,
      logLevel: "error",
      build: {
        write: false,
        target: "es2022",
        minify: false,
        rollupOptions: { input: entry, output: { inlineDynamicImports: true }, preserveEntrySignatures: false },
      },
    })) as Rollup.RollupOutput;
    bundle = built.output[0];
  });

  /** The answer of the worker. */
  const trainInBrowser = (config: ConfigInput) =>
    withPage(async (page) => {
      const files = {
        "/": ["text/html", PAGE],
        "/worker.js": ["text/javascript", bundle.code],
        "/kernels.wasm": ["application/wasm", readFileSync(join(source, "networks/kernels/built/kernels.wasm"))],
      } as const;
      await page.route("**/*", (route) => {
        const file = files[new URL(route.request().url()).pathname as keyof typeof files];
        return file === undefined
          ? route.fulfill({ status: 404 })
          : route.fulfill({ contentType: file[0], body: file[1] });
      });
      await page.goto("https://core.test/");
      return page.evaluate(
        (given) =>
          (
            globalThis as unknown as {
              train(config: unknown): Promise<{ lines?: string[]; globals?: string[]; error?: string }>;
            }
          ).train(given),
        config as object,
      );
    });

  it("is bundled without a module of Node.js or TensorFlow.js", () => {
    expect([...bundle.imports, ...bundle.dynamicImports]).toEqual([]);
    const packages = new Set(
      bundle.moduleIds.flatMap((id) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(id)?.[1] ?? []),
    );
    expect([...packages]).toEqual(expect.arrayContaining(["pure-rand", "zod"]));
    expect([...packages].filter((name) => name.startsWith("@tensorflow/"))).toEqual([]);
    expect(bundle.moduleIds.filter((id) => id.includes("__vite-browser-external"))).toEqual([]);
  });

  it.each<[string, ConfigInput]>([
    [
      "the two-step game with MAST",
      {
        environment: "two-step",
        method: "mast",
        steps: 1000,
        seed: 3,
        warmup: 0,
        targetInterval: 20,
        sparsity: { level: 0.5 },
        topology: { interval: 10 },
        replay: { offlineCapacity: 60, onlineCapacity: 24, offlineBatch: 10, onlineBatch: 6 },
        exploration: { anneal: 300 },
        network: { hidden: 16, embed: 8, hypernetEmbed: 12 },
        evaluation: { interval: 100, episodes: 4, window: 3 },
        log: { interval: 50 },
      },
    ],
    [
      "5,000 steps of 3m with MAST",
      shortRun({
        environment: "3m",
        method: "mast",
        sparsity: { level: 0.9 },
        steps: 5000,
        seed: 2,
        topology: { interval: 20 },
        returns: { burnIn: 2000 },
        evaluation: { interval: 1000, episodes: 8, window: 2 },
        log: { interval: 500 },
      }),
    ],
    [
      "the two-step game with RES",
      {
        environment: "two-step",
        algorithm: "res",
        method: "set",
        sparsity: { level: 0.5 },
        topology: { interval: 10 },
        steps: 400,
        warmup: 0,
        seed: 1,
        evaluation: { interval: 200, episodes: 4 },
        log: { interval: 50 },
      },
    ],
  ])("trains %s to the bits of Node.js: metrics, masks and weights", async (_, config) => {
    const answer = await trainInBrowser(config);
    expect(answer?.error).toBeUndefined();
    expect(answer.globals).toEqual(["undefined", "undefined", "undefined"]);
    const here = withoutCheckpoints(await collect(config, { checkpointEvery: Infinity })).map(recordText);
    expect(answer.lines!.length).toBe(here.length);
    const kinds = (lines: readonly string[]) =>
      [...new Set(lines.map((line) => (JSON.parse(line) as { kind: string }).kind))].sort();
    expect(kinds(here)).toEqual(["end", "evaluation", "topology", "train"]);
    // The records are compared one by one, so that a difference is shown as one record.
    for (const [i, line] of here.entries())
      if (answer.lines![i] !== line) expect(answer.lines![i].slice(0, 400)).toBe(line.slice(0, 400));
    expect(answer.lines).toEqual(here);
  });
});
