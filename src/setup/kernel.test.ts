import { type ChildProcess, spawn } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "./server-fixtures.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const built = existsSync(join(root, "dist/index.js"));
if (!built) console.warn("skipped: the notebooks' kernel (dist/ is missing; `npm run build` makes it)");

/** The part of zeromq that a client of a kernel needs. */
interface Socket extends AsyncIterable<Buffer[]> {
  connect(address: string): void;
  subscribe(topic: string): void;
  send(frames: readonly (string | Buffer)[]): Promise<void>;
  close(): void;
}
const zeromq = createRequire(createRequire(import.meta.url).resolve("tslab/package.json"))("zeromq") as Record<
  "Dealer" | "Subscriber",
  new () => Socket
>;

const KEY = "secret";
const folder = mkdtempSync(join(tmpdir(), "mast-lab-kernel-"));
let kernel: ChildProcess | undefined;
let shell: Socket;
let published: Socket;

/** Draws ports, and writes the file that tells them to a kernel. */
async function drawConnection(): Promise<{ file: string; connection: Record<string, string | number> }> {
  const connection = {
    transport: "tcp",
    ip: "127.0.0.1",
    key: KEY,
    signature_scheme: "hmac-sha256",
    ...Object.fromEntries(
      await Promise.all(
        ["shell", "iopub", "stdin", "control", "hb"].map(async (name) => [`${name}_port`, await freePort()]),
      ),
    ),
  } as Record<string, string | number>;
  const file = join(folder, "connection.json");
  writeFileSync(file, JSON.stringify(connection));
  return { file, connection };
}

/** Starts the kernel as Jupyter does, by its kernel.json. */
async function start(): Promise<void> {
  const { file, connection } = await drawConnection();
  const resources = join(root, ".jupyter/kernels/tslab");
  const { argv } = JSON.parse(readFileSync(join(resources, "kernel.json"), "utf8")) as { argv: string[] };
  const [command, ...args] = argv.map((arg) =>
    arg.replace("{resource_dir}", resources).replace("{connection_file}", file),
  );
  kernel = spawn(command, args, {
    cwd: join(root, "notebooks"),
    env: { ...process.env, MAST_DEBUG: "", MAST_RUNS: join(folder, "runs") },
    stdio: "ignore",
  });
  shell = new zeromq.Dealer();
  shell.connect(`tcp://127.0.0.1:${connection["shell_port"]}`);
  published = new zeromq.Subscriber();
  published.connect(`tcp://127.0.0.1:${connection["iopub_port"]}`);
  published.subscribe("");
  void listen();
  // What is published before the subscription has arrived is lost: ask until an answer is seen.
  for (let seen = false; !seen;) {
    const asked = await send("kernel_info_request", {});
    seen = await Promise.race([
      until(asked, () => undefined).then(() => true),
      new Promise<boolean>((resolve) => setTimeout(resolve, 1000, false)),
    ]);
  }
}

/** Sends a request and gives its id. */
async function send(type: string, content: object): Promise<string> {
  const id = randomUUID();
  const parts = [
    { msg_id: id, session: "test", username: "test", date: new Date().toISOString(), msg_type: type, version: "5.3" },
    {},
    {},
    content,
  ].map((part) => JSON.stringify(part));
  const signature = parts.reduce((hmac, part) => hmac.update(part), createHmac("sha256", KEY)).digest("hex");
  await shell.send(["<IDS|MSG>", signature, ...parts]);
  return id;
}

const messages: { readonly parent: string; readonly type: string; readonly content: Record<string, unknown> }[] = [];
let arrived: () => void = () => undefined;

async function listen(): Promise<void> {
  for await (const frames of published) {
    const [header, parent, , content] = frames
      .slice(frames.findIndex((frame) => frame.toString() === "<IDS|MSG>") + 2)
      .map((frame) => JSON.parse(frame.toString()) as Record<string, unknown>);
    messages.push({ parent: String(parent["msg_id"]), type: String(header["msg_type"]), content: content });
    arrived();
  }
}

/** Hands on what the kernel publishes for a request, until it is done with it. */
async function until(id: string, hear: (type: string, content: Record<string, unknown>) => void): Promise<void> {
  for (let at = 0; ; at++) {
    while (at >= messages.length) await new Promise<void>((resolve) => (arrived = resolve));
    const { parent, type, content } = messages[at];
    if (parent !== id) continue;
    hear(type, content);
    if (type === "status" && content["execution_state"] === "idle") return;
  }
}

/** Returns what a cell prints, by stream. */
async function run(
  code: string,
  hear: (text: string) => void = () => undefined,
): Promise<{ stdout: string; stderr: string }> {
  const printed = { stdout: "", stderr: "" };
  await until(
    await send("execute_request", { code, silent: false, store_history: true, allow_stdin: false }),
    (type, content) => {
      if (type !== "stream") return;
      printed[content["name"] as "stdout" | "stderr"] += String(content["text"]);
      hear(String(content["text"]));
    },
  );
  // After an error tslab refuses what is sent within a fifth of a second: Jupyter's "run all" stops there.
  if (printed.stderr !== "") await new Promise((resolve) => setTimeout(resolve, 300));
  return printed;
}

describe.skipIf(!built)("in the kernel of the notebooks", () => {
  beforeAll(async () => {
    await start();
  }, 120_000);
  afterAll(() => {
    shell?.close();
    published?.close();
    kernel?.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });

  it.each<[string, string, RegExp]>([
    [
      "an unknown field",
      'import { resolveConfig } from "mast-lab";\nresolveConfig({ lamda: 1 });',
      /^2:17 - Object literal may only specify known properties, and 'lamda' does not exist in type 'ConfigInput'\.$/,
    ],
    [
      "an unknown field of a section",
      'import { resolveConfig } from "mast-lab";\nresolveConfig({ returns: { lamda: 1 } });',
      /^2:28 - .*'lamda' does not exist in type 'Partially<ReturnsConfig>'\. Did you mean to write 'lambda'\?$/,
    ],
    [
      "a value of another type",
      'import { resolveConfig } from "mast-lab";\nresolveConfig({ steps: "many" });',
      /^2:17 - Type 'string' is not assignable to type 'number'\.$/,
    ],
    [
      "a value that is not allowed",
      'import { resolveConfig } from "mast-lab";\nresolveConfig({ sparsity: { level: 1.2 } });',
      /^config: sparsity\.level is 1\.2; allowed: a number from 0 to 0\.999$/,
    ],
    [
      "a name that there is not",
      'import { createEnvironment } from "mast-lab";\ncreateEnvironment("3mm");',
      /^Unknown environment "3mm": did you mean "3m"\? allowed are 3m, .*$/,
    ],
    [
      "a run that there is not",
      'import { findRun } from "mast-lab";\nfindRun("no-such-run");',
      /^No run "no-such-run" in .*$/,
    ],
    [
      "an argument that a function refuses",
      'import { createRandom } from "mast-lab";\ncreateRandom(1.5);',
      /^The seed is 1\.5; it must be a whole number from 0 to 4,294,967,295\.$/,
    ],
    [
      "a profile that there is not",
      'import { profileNamed } from "mast-lab";\nprofileNamed("quick");',
      /^There is no profile "quick"; allowed: .*$/,
    ],
    [
      "a rejected promise",
      'import { resolveConfig } from "mast-lab";\nawait Promise.resolve().then(() => resolveConfig({ seed: 1.5 }));',
      /^config: seed is 1\.5; allowed: a whole number .*$/,
    ],
    [
      "a mistake of one's own",
      "const nothing: any = undefined;\nnothing.field;",
      /^TypeError: Cannot read properties of undefined \(reading 'field'\)$/,
    ],
  ])("%s is one readable line", { timeout: 60_000 }, async (_, code, line) => {
    const { stderr } = await run(code);
    expect(stderr.trimEnd()).toMatch(line);
  });

  it("ends when another program has taken one of its ports, so that Jupyter starts it with others", async () => {
    const { file, connection } = await drawConnection();
    const other = createServer();
    await new Promise<void>((listening) => other.listen(Number(connection["iopub_port"]), "127.0.0.1", listening));
    const second = spawn(process.execPath, [join(root, "src/setup/kernel.mjs"), "--config-path", file], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    second.stderr.on("data", (data) => (said += String(data)));
    try {
      expect(await new Promise((exited) => second.on("exit", exited))).toBe(1);
    } finally {
      second.kill();
      other.close();
    }
    expect(said).toContain("Another program has taken a port of this kernel.");
  }, 60_000);

  it(
    "trains with the examples' parts, in the kernel itself and in its workers, and says in one line what is wrong with a part",
    { timeout: 120_000 },
    async () => {
      const code = [
        'import { resolveConfig, runAll, train } from "mast-lab";',
        'const files = ["environment", "algorithm", "growth", "operator"].map((name) => `../examples/${name}.ts`);',
        'const config = resolveConfig({ parts: files, environment: "walk", algorithm: "hysteretic-vdn", method: "rigl-hubs", operator: { kind: "max-mean" }, steps: 300, warmup: 0, network: { hidden: 8 }, evaluation: { interval: 300, episodes: 4 } });',
        "let steps: number[] = [];",
        'const own = async () => { for await (const record of train(config)) if (record.kind === "evaluation") steps.push(record.step); };',
        "await own();",
        `const [outcome] = await runAll([config], { workers: 1, runs: ${JSON.stringify(join(folder, "parts"))} });`,
        "console.log(steps[0], outcome.state, config.options.growth.strength);",
      ].join("\n");
      const { stdout, stderr } = await run(code);
      expect([stdout.trim(), stderr]).toEqual(["0 complete 0.5", ""]);
      expect(
        (
          await run('import { resolveConfig } from "mast-lab";\nresolveConfig({ parts: ["./nowhere.ts"] });')
        ).stderr.trimEnd(),
      ).toBe("config: parts: ./nowhere.ts is not there");
    },
  );

  it(
    "goes on after an error where the client asks for it, as graders do, and names the error",
    { timeout: 60_000 },
    async () => {
      const request = (code: string, more: object) =>
        send("execute_request", { code, silent: false, store_history: true, allow_stdin: false, ...more });
      const replies = async (ids: readonly string[]) => {
        const found = new Map<string, Record<string, unknown>>();
        for await (const frames of shell) {
          const [, parent, , content] = frames
            .slice(frames.findIndex((frame) => frame.toString() === "<IDS|MSG>") + 2)
            .map((frame) => JSON.parse(frame.toString()) as Record<string, unknown>);
          found.set(String(parent["msg_id"]), content);
          if (ids.every((id) => found.has(id))) break;
        }
        return ids.map((id) => found.get(id)!);
      };
      const cells = ['throw new RangeError("too far");', "console.log(2 + 3);"];
      const on = [await request(cells[0], { stop_on_error: false }), await request(cells[1], { stop_on_error: false })];
      const [failed, followed] = await replies(on);
      expect(failed).toMatchObject({ status: "error", ename: "RangeError", evalue: "too far" });
      expect(failed["traceback"]).toEqual(["RangeError: too far"]);
      expect(followed).toMatchObject({ status: "ok" });

      // Jupyter's "run all" stops there.
      const stopped = [await request(cells[0], {}), await request(cells[1], {})];
      expect((await replies(stopped)).map(({ status }) => status)).toEqual(["error", "aborted"]);
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(await run(cells[1])).toEqual({ stdout: "5\n", stderr: "" });
    },
  );

  it("prints a failed assertion in one line", { timeout: 60_000 }, async () => {
    const { stderr } = await run('import assert from "node:assert/strict";\nassert.ok(1 > 2, "1 is not above 2");');
    expect(stderr).toBe("AssertionError: 1 is not above 2\n");
  });

  it("an interrupted cell says so in one line, and the next cell runs", { timeout: 60_000 }, async () => {
    for (const code of [
      'console.log("begun"); await new Promise((resolve) => setTimeout(resolve, 60_000));',
      'console.log("begun"); while (true) {}',
    ]) {
      const { stdout, stderr } = await run(
        code,
        (text) => text.includes("begun") && setTimeout(() => kernel!.kill("SIGINT"), 100),
      );
      expect(stdout).toBe("begun\n");
      expect(stderr).toBe("Interrupted. Run the cell again to repeat it; trainings resume at their last checkpoint.\n");
    }
    expect(await run("console.log(1 + 1);")).toEqual({ stdout: "2\n", stderr: "" });
  });

  it(
    "a training that is interrupted stops with a checkpoint, and the cell says one line",
    { timeout: 120_000 },
    async () => {
      const configs =
        'import { listRuns, resolveConfig, watchRuns } from "mast-lab";\nconst configs = [resolveConfig({ environment: "3m", steps: 500_000, warmup: 200, evaluation: { interval: 100_000, episodes: 2 }, log: { interval: 50 } })];';
      await run(configs);
      const state = async () =>
        (
          await run(
            'console.log(listRuns().find((run) => run.state !== "damaged" && run.config.steps === 500_000)?.state);',
          )
        ).stdout.trim();
      const begun = setInterval(
        () =>
          existsSync(join(folder, "runs")) &&
          readdirSync(join(folder, "runs")).some((name) => existsSync(join(folder, "runs", name, "metrics.csv"))) &&
          kernel!.kill("SIGINT"),
        1000,
      );
      const { stderr } = await run("await watchRuns(configs);", () => undefined).finally(() => clearInterval(begun));
      expect(stderr).toBe("Interrupted. Run the cell again to repeat it; trainings resume at their last checkpoint.\n");
      while (!(await state()).startsWith("interrupted")) await new Promise((resolve) => setTimeout(resolve, 200));
    },
  );

  it("shows what a field means (Shift-Tab)", { timeout: 60_000 }, async () => {
    const code = 'import { resolveConfig } from "mast-lab";\nresolveConfig({ returns: { burnIn: 5 } });';
    await send("inspect_request", { code, cursor_pos: code.indexOf("burnIn") + 2, detail_level: 0 });
    for await (const frames of shell) {
      const content = JSON.parse(
        frames[frames.findIndex((frame) => frame.toString() === "<IDS|MSG>") + 5].toString(),
      ) as { found?: boolean; data?: Record<string, string> };
      if (content.found === undefined) continue;
      expect(content.data!["text/plain"]).toContain(
        "T_0, the environment steps with one-step targets before the others.",
      );
      break;
    }
  });
});
