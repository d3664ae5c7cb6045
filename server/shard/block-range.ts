/** Time that one block cut from the head spans; borders lie at its multiples. */
export const blockRangeMs = 7_200_000;

/**
 * Span of a tenant's samples in memory from which on the oldest are cut into blocks: one block's
 * range and half of one, so that most late samples still come in time (Prometheus does the same).
 */
export const headSpanMsMax: number = 1.5 * blockRangeMs;
