import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

const script = fileURLToPath(new URL("./tensorflow.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "mast-programs-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the set-up in an environment where only these programs can be found. */
function setUp(programs: readonly string[], ...args: string[]): { status: number | null; said: string } {
  const path = mkdtempSync(join(folder, "bin-"));
  for (const program of programs) symlinkSync("/bin/true", join(path, program));
  const { status, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: "utf8", env: { PATH: path } });
  return { status, said: stderr.trim() };
}

describe.skipIf(process.platform !== "linux" || process.arch !== "x64" || !existsSync("/bin/true"))(
  "npm run setup:gpu, before it downloads anything",
  () => {
    it("says that there is no NVIDIA driver, and what the flags do", () => {
      expect(setUp(["g++"])).toEqual({
        status: 1,
        said: expect.stringMatching(/^no NVIDIA driver was found .*--cpu .*--webgpu .*$/),
      });
    });

    it("says that the compiler is missing", () => {
      expect(setUp([], "--cpu")).toEqual({
        status: 1,
        said: expect.stringMatching(/^a C\+\+ compiler is missing.*apt install g\+\+.*$/),
      });
      expect(setUp(["nvidia-smi"])).toEqual({
        status: 1,
        said: expect.stringMatching(/^a C\+\+ compiler is missing.*$/),
      });
    });

    it("says that Python is missing", ({ skip }) => {
      // Another test's JupyterLab has one.
      if (existsSync(fileURLToPath(new URL("../../.venv/bin/python", import.meta.url))))
        return skip("the project has a .venv");
      expect(setUp(["g++"], "--cpu")).toEqual({
        status: 1,
        said: expect.stringMatching(/^Python is missing.*apt install python3.*$/),
      });
    });

    it("refuses flags that it does not have, and two at a time", () => {
      expect(setUp([], "--cuda")).toEqual({
        status: 1,
        said: expect.stringMatching(/^setup:gpu: Unknown option '--cuda'; --cpu .*$/),
      });
      expect(setUp([], "--cpu", "--webgpu")).toEqual({
        status: 1,
        said: expect.stringMatching(/^setup:gpu: .*one at a time.*$/),
      });
    });
  },
);
