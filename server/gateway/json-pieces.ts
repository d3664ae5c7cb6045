/** Text that is joined before it becomes bytes: one turn of the event loop's worth. */
const pieceLengthMin = 64 * 1024;

/** Joins texts to pieces of bytes worth sending; the last one may be small. */
export async function* bytesOf(
  texts: Iterable<string> | AsyncIterable<string>,
): AsyncGenerator<Uint8Array> {
  let text = "";
  for await (const more of texts) {
    text += more;
    if (text.length < pieceLengthMin) continue;
    yield Buffer.from(text, "utf8");
    text = "";
  }
  yield Buffer.from(text, "utf8");
}
