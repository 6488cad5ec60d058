// Checks what the server sends against the JSON Schemas that it prints.

import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";

import { Ajv2020 } from "ajv/dist/2020.js";

import { BINARY } from "./binary.mjs";
import { NAMES } from "./dialects.mjs";

const known = new Map();

/** Closes all objects whose fields are listed: clients may meet other fields in later versions, but none that is forgotten. */
function close(schema) {
  if (schema === null || typeof schema !== "object") return;
  if (schema.type === "object" && schema.properties) schema.additionalProperties = false;
  Object.values(schema).forEach(close);
}

function load(dialect) {
  const document = JSON.parse(execFileSync(BINARY, ["types", dialect, "--schema"], { cwd: tmpdir(), encoding: "utf8" }));
  close(document);
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, formats: { "date-time": true } });
  ajv.addSchema(document, dialect);
  return { names: document.$defs, validator: (of, name) => ajv.getSchema(`${dialect}#/$defs/${of}/properties/${encodeURIComponent(name)}`), ajv };
}

/** The schemas of a dialect: `names` has the definitions. */
export function schemas(dialect) {
  if (!known.has(dialect)) known.set(dialect, load(dialect));
  return known.get(dialect);
}

/** What is wrong with a value; none if it is as the dialect's schema says. */
function fault(dialect, of, name, value) {
  const { ajv, validator } = schemas(dialect);
  const validate = validator(of, name);
  if (!validate) return `${dialect} has no ${name} among ${of}`;
  return validate(value) ? undefined : `${of} of ${dialect}, ${name}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(value)}`;
}

/**
 * Throws if a received event is not as a schema says. Without a dialect, which is that of a connection that has not decided,
 * the event may be one of any.
 */
export function checkEvent(dialect, name, payload) {
  const faults = (dialect ? [dialect] : NAMES).map((one) => fault(one, "ServerToClientEvents", name, payload));
  if (faults.every(Boolean)) throw new Error(`what was received is not what is described: ${faults.join("; ")}`);
}

/** Throws if the acknowledgement of an event that the dialect knows is not as the schema says. */
export function checkAcknowledgement(dialect, name, answer) {
  if (!dialect || !schemas(dialect).names.ClientToServerEvents.properties[name]) return;
  const found = fault(dialect, "Acknowledgements", name, answer);
  if (found) throw new Error(`an acknowledgement is not what is described: ${found}`);
}
