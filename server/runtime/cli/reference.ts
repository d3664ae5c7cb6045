import { referenceMarkdown } from "../../platform/config/index.ts";
import { options } from "../options.ts";

const introduction = `# Configuration

Written by \`npm run gen:docs\` from the options' declarations; do not edit.

Options come from one YAML file (\`--config.file\`) and from flags; a flag beats the file. A dot in a
key is a level of the YAML file: \`server.http_listen_port\` stands as \`http_listen_port\` under
\`server\`. Texts may use \`\${VARIABLE}\` and \`\${VARIABLE:default}\` from the environment. An unknown
key or flag stops the start and names the nearest known one. \`urd config check\` tells what is
wrong without starting, \`urd config print\` what would be in force.

Durations are written as \`30s\`, \`2h\`, \`1h30m\`, \`7d\`; sizes as \`100MiB\`, \`2GB\` or bytes. Options are
basic (for everybody), advanced (for those who measured) or experimental (may change).

`;

/** The text of docs/configuration.md. */
export function configurationReference(): string {
  return introduction + referenceMarkdown(options);
}
