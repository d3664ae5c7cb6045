/** Environment variables as a process has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

const reference = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::([^}]*))?\}/g;

/**
 * Replaces `${VAR}` and `${VAR:default}` in every text of a YAML document, after parsing, so
 * that a variable's value cannot change the document's structure. A variable that is not set
 * and has no default is a problem, never an empty text.
 */
export function expandVariables(
  document: unknown,
  environment: Environment,
  problems: string[],
): unknown {
  if (typeof document === "string") return expandText(document, environment, problems);
  if (Array.isArray(document)) {
    return document.map((item) => expandVariables(item, environment, problems));
  }
  if (typeof document !== "object" || document === null) return document;
  return Object.fromEntries(
    Object.entries(document).map(([key, value]) => [
      key,
      expandVariables(value, environment, problems),
    ]),
  );
}

function expandText(source: string, environment: Environment, problems: string[]): string {
  return source.replace(reference, (_, name: string, fallback: string | undefined) => {
    const value = environment[name] ?? fallback;
    if (value === undefined) {
      problems.push(`the environment variable ${name} is not set and has no default`);
    }
    return value ?? "";
  });
}
