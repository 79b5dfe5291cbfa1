// Finds the files of the project that are committed and unchanged, which lab.mjs lets JupyterLab trust.
import { spawnSync } from "node:child_process";
import { lstatSync, realpathSync } from "node:fs";
import { join } from "node:path";

/**
 * Lists the files of a folder whose content is the one that HEAD has under their path. Git compares contents, so
 * neither the index and its flags (assume-unchanged, skip-worktree) nor times of files matter. Symbolic links do not
 * count.
 *
 * @param {string} root the project's folder, which has to be a git repository of its own, not a folder inside another
 * @param {string} folder such as "notebooks"
 * @param {string} ending such as ".ipynb"
 * @returns {string[]} paths; none without git or a commit
 */
export function committedFiles(root, folder, ending) {
  // Variables such as GIT_DIR, set by git hooks, would name another repository.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_")));
  const git = (...args) =>
    spawnSync("git", ["--no-replace-objects", "-c", "core.fsmonitor=false", ...args], {
      cwd: root,
      env,
      encoding: "utf8",
      maxBuffer: 1 << 26,
    });
  const top = git("rev-parse", "--show-toplevel");
  if (top.status !== 0 || realpathSync(top.stdout.trim()) !== realpathSync(root)) return [];
  const tree = git("ls-tree", "-z", "--full-tree", "HEAD", `${folder}/`);
  if (tree.status !== 0) return [];
  const committed = tree.stdout.split("\0").flatMap((line) => {
    const [, mode, hash, path] = /^(100644|100755) blob ([0-9a-f]+)\t(.*)$/s.exec(line) ?? [];
    return mode !== undefined &&
      path.endsWith(ending) &&
      lstatSync(join(root, path), { throwIfNoEntry: false })?.isFile()
      ? [{ hash, path }]
      : [];
  });
  if (committed.length === 0 || lstatSync(join(root, folder)).isSymbolicLink()) return [];
  // Only Windows converts line endings; on other systems no filter may change the content before it is hashed.
  const filters = process.platform === "win32" ? [] : ["--no-filters"];
  const hashes = git("hash-object", ...filters, "--", ...committed.map(({ path }) => path))
    .stdout.trim()
    .split("\n");
  return committed.filter(({ hash }, i) => hashes[i] === hash).map(({ path }) => join(root, path));
}
