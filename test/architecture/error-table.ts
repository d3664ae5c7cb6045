import { type ErrorId, errorCatalogue } from "../../server/model/index.ts";

/** The lines of docs/errors.md that hold the catalogue, one per error, in its order. */
export function errorTable(): readonly string[] {
  return (Object.keys(errorCatalogue) as ErrorId[]).map((id) => {
    const { code, http, retryable, option, doc } = errorCatalogue[id];
    const change = option === undefined || option === "" ? "" : `\`${option}\``;
    const cells = [`\`err-urd-${id}\``, http, code, retryable ? "yes" : "no", change, doc];
    return `| ${cells.join(" | ")} |`;
  });
}
