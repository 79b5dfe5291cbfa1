// Imported first by every script here, and written for old versions of Node.js: the rest would only fail in riddles
// there.
var version = process.versions.node.split(".").map(Number);

if (version[0] < 20 || (version[0] === 20 && version[1] < 19)) {
  console.error(
    "mast-lab needs Node.js 20.19 or newer, and this is " +
      process.versions.node +
      ": install a newer one from nodejs.org.",
  );
  process.exit(1);
}
