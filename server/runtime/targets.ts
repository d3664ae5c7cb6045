/** Words of `--target`. */
export const targets = ["all"] as const;
/** One of `targets`. */
export type Target = (typeof targets)[number];
