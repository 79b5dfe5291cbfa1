// Every script of this folder imports this module first. It is written for old versions of Node.js, on which the other
// modules would fail with obscure errors.
var version = process.versions.node.split(".").map(Number);

if (version[0] < 20 || (version[0] === 20 && version[1] < 19)) {
  console.error(
    "mast-lab needs Node.js 20.19 or newer, and this is " +
      process.versions.node +
      ": install a newer one from nodejs.org.",
  );
  process.exit(1);
}
