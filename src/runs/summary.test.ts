import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, it, vi } from "vitest";
import { currentCommit } from "./summary.js";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "mast-commit-")));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => vi.unstubAllEnvs());

const git = (cwd: string, ...args: string[]) =>
  execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false", ...args], {
    cwd,
    encoding: "utf8",
  }).trim();

/** A repository with a commit, and a folder in it that git passes over, as node_modules. */
function repository(name: string): { root: string; inside: string; head: string } {
  const root = join(folder, name);
  const inside = join(root, "node_modules", "mast-lab");
  mkdirSync(inside, { recursive: true });
  writeFileSync(join(root, "package.json"), name);
  writeFileSync(join(root, ".gitignore"), "node_modules\n");
  git(folder, "init", "-q", root);
  git(root, "add", ".");
  git(root, "commit", "-qm", name);
  return { root, inside, head: git(root, "rev-parse", "--short=12", "HEAD") };
}

it("is the project's own commit, with a mark where files were changed", () => {
  const { root, head } = repository("own");
  expect(currentCommit(root)).toBe(head);
  symlinkSync(root, join(folder, "link"));
  expect(currentCommit(join(folder, "link"))).toBe(head);
  // Results that are added while runs go on are no change of the code.
  mkdirSync(join(root, "data", "results"), { recursive: true });
  const results = join(root, "data", "results", "runs-paper.csv");
  writeFileSync(results, "run\n");
  git(root, "add", ".");
  git(root, "commit", "-qm", "results");
  const now = git(root, "rev-parse", "--short=12", "HEAD");
  writeFileSync(results, "run\nmine\n");
  expect(currentCommit(root)).toBe(now);
  writeFileSync(join(root, "package.json"), "changed");
  expect(currentCommit(root)).toBe(`${now}+`);
});

it("is never that of a repository around the project, nor of one that the environment names", () => {
  const { inside } = repository("around");
  expect(currentCommit(inside)).toBeUndefined();
  const [other, own] = [repository("other"), repository("mine")];
  vi.stubEnv("GIT_DIR", join(other.root, ".git"));
  vi.stubEnv("GIT_WORK_TREE", inside);
  expect(currentCommit(inside)).toBeUndefined();
  expect(currentCommit(own.root)).toBe(own.head);
  vi.stubEnv("GIT_WORK_TREE", own.root);
  vi.stubEnv("GIT_INDEX_FILE", join(other.root, ".git", "index"));
  expect(currentCommit(own.root)).toBe(own.head);
});

it("is undefined outside of git", () => {
  const bare = join(folder, "bare");
  mkdirSync(bare);
  vi.stubEnv("GIT_CEILING_DIRECTORIES", folder);
  expect(currentCommit(bare)).toBeUndefined();
});
