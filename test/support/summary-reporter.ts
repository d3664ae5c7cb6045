import type { Reporter, TestCase, TestModule, TestRunEndReason } from "vitest/node";

/**
 * Requirements that must be met here, from `URD_REQUIRE=shared,prometheus`: a test that is
 * skipped with the reason "needs shared: …" is then a failure.
 */
function requirements(): ReadonlySet<string> {
  return new Set((process.env["URD_REQUIRE"] ?? "").split(",").filter((name) => name !== ""));
}

const reasonPattern = /^needs (\w+):/;

/**
 * Ends a run with what a reader wants to know: why tests were skipped, what failed, and as the
 * last line `N passed, N failed, N skipped`. A skipped test without a reason is a failure.
 */
export default class SummaryReporter implements Reporter {
  readonly #required = requirements();

  onTestRunEnd(
    modules: readonly TestModule[],
    errors: readonly unknown[],
    reason: TestRunEndReason,
  ): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const counts = { passed: 0, failed: errors.length, skipped: 0 };
    for (const module of modules) {
      if (module.errors().length > 0) counts.failed++;
    }
    const skips = new Map<string, number>();
    for (const test of tests) {
      const { state } = test.result();
      if (state === "skipped") {
        const why = this.#skipReason(test);
        skips.set(why.text, (skips.get(why.text) ?? 0) + 1);
        if (why.allowed) counts.skipped++;
        else counts.failed++;
      } else if (state === "passed") counts.passed++;
      else counts.failed++;
    }
    for (const [text, count] of skips) process.stdout.write(`skipped ${count}: ${text}\n`);
    if (reason === "interrupted") process.stdout.write("the run was interrupted\n");
    if (counts.failed > 0) process.exitCode = 1;
    process.stdout.write(
      `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`,
    );
  }

  #skipReason(test: TestCase): { text: string; allowed: boolean } {
    const result = test.result();
    const note = result.state === "skipped" ? result.note : undefined;
    if (note === undefined) return { text: `${test.fullName}: no reason given`, allowed: false };
    const requirement = reasonPattern.exec(note)?.[1];
    if (requirement !== undefined && this.#required.has(requirement)) {
      return { text: `${note} (URD_REQUIRE makes this a failure)`, allowed: false };
    }
    return { text: note, allowed: true };
  }
}
