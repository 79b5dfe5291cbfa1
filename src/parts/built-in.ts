// Every room registers the parts that it brings along when it is loaded, by `registerParts`, the door that is open to
// everyone's. Whoever looks parts up by name imports this file, so that they are there.
import "../algorithms/index.js";
import "../envs/index.js";
import "../methods.js";
import "../sparse/growth.js";
import "../targets/operators.js";
