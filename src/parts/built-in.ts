// Built-in parts are registered by `registerParts`, like everybody's, when the folder that defines them is loaded. A
// module that looks parts up by name imports this file, so that they are registered.
import "../algorithms/index.js";
import "../envs/index.js";
import "../methods.js";
import "../sparse/growth.js";
import "../targets/operators.js";
