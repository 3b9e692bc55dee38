// Prints what AsyncAPI's own parser has to say against a document; exit code 1 when that is an error or a warning.
//   node asyncapi_check.mjs PACKAGES DOCUMENT
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [packages, path] = process.argv.slice(2);
const require = createRequire(`${packages}/`);
const { Parser } = require("@asyncapi/parser");
const Ajv = require("ajv");

const { document, diagnostics } = await new Parser().parse(readFileSync(path, "utf8"));
const severities = ["error", "warning", "information", "hint"];
const bad = diagnostics.filter(({ severity }) => severity <= 1);
for (const { severity, code, message, path: at } of diagnostics) {
  console.log(`${severities[severity]} ${code}: ${message} (${at.join(".")})`);
}
if (document === undefined || document.version() !== "3.0.0" || bad.length > 0) process.exit(1);

// Examples are payloads that the schema takes.
const ajv = new Ajv({ strict: false, validateFormats: false, logger: false });
let examples = 0;
for (const message of document.components().messages().all()) {
  const fits = ajv.compile(message.payload().json());
  for (const example of message.examples().all()) {
    examples += 1;
    if (fits(example.payload())) continue;
    console.log(`error example of ${message.id()}: ${ajv.errorsText(fits.errors)}`);
    process.exitCode = 1;
  }
}
console.log(`${examples} examples, ${document.channels().length} channels, ${document.operations().length} operations`);
